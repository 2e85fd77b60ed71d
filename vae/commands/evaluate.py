"""`list`, `evaluate` and `table`: checkpoints, their metrics, and a table of both."""

import json
import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import click
import torch

from ..checkpoint.folder import Checkpoint, list_checkpoints
from ..data.dataset import Dataset, Split
from ..latent.encoding import Codes
from ..models import KINDS
from ..models.base import Autoencoder
from ..progress import Progress, no_progress
from ..training import distributed
from ..validation import ConfigError
from . import checkpoint_argument, chosen_device, data_for, load, main, on_device, progress_bar
from .encode import shared_codes

_SENTENCES = {  # and the number of images that each was measured on
    "importance-weighted, K = {iwae_k:,}: {nll_iwae:.3f}": "nll_iwae_n",
    "integral over the top level, a bound: {nll_integral:.3f}, the lesser of both bounds "
    "{nll_bound:.3f}": "nll_iwae_n",
    "exact -log p(x) {nll_exact:.3f}, last change {nll_exact_error:.4f}": "nll_exact_n",
    "the same with the aggregate posterior {nll_exact_aggregate:.3f}": "nll_exact_n",
    "MSE per pixel {mse:.5f}": "n",
    "nearest neighbours in the code, of {n_train:,} training images: 1-NN {knn1:.4f}, 5-NN "
    "{knn5:.4f}": "n",
    "trustworthiness {trustworthiness:.4f}, silhouette {silhouette:.4f}, V-measure "
    "{v_measure:.4f}, {active_units} active units": "n_embedding",
    "samples: Frechet distance {frechet:.2f} (aggregate posterior {frechet_aggregate:.2f}, real "
    "images {frechet_floor:.2f}), precision {precision:.3f}, recall {recall:.3f}": "n_samples",
    "accuracy of conditional samples: {label_accuracy:.4f}, from the aggregate posterior "
    "{label_accuracy_aggregate:.4f}": "n_samples",
}


@main.command("list")
@click.argument("folder", default="checkpoints")
def list_(folder: str) -> None:
    """List the checkpoints in FOLDER, and why some are damaged."""
    if not Path(folder).is_dir():
        raise ConfigError(f"the folder is {folder!r}, which does not exist; name one that does")
    for entry in list_checkpoints(folder):
        if entry.error:
            click.echo(f"{entry.name:24} damaged: {entry.error}")
            continue
        model, metrics = entry.config.model, entry.metrics.get("evaluation") or {}
        facts = f"{model.name}, D = {model.latent}, {model.network}, {entry.config.train.data}"
        name = "-ELBO" if KINDS[model.name].cls.has_prior else "reconstruction"
        evaluated = "neg_elbo" in metrics
        loss = f"{name} {metrics['neg_elbo']:.2f} nats" if evaluated else "not evaluated"
        click.echo(f"{entry.name:24} {facts:40} {loss:24} {entry.digest[:12]}")


@main.command()
@checkpoint_argument
@click.option("--data", help="data set; by default the training data")
@click.option(
    "--iwae-k",
    type=click.IntRange(1, 100_000),
    help="importance samples; by default 1,000, or 5,000 for a hierarchy",
)
@click.option(
    "--binarize/--grey",
    default=None,
    help="black and white samples of the images, or grey images; by default as in training",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    help="about how long to measure, on fewer images if need be; by default everything",
)
@on_device
@click.option("--save", is_flag=True, help="save the metrics to the checkpoint")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def evaluate(checkpoint: Path, data: str | None, as_json: bool, **options) -> None:
    """Evaluate CHECKPOINT on the test split: likelihoods, codes, samples.

    Under torchrun all processes encode the images.
    """
    group = click.get_current_context().with_resource(distributed.process_group(chosen_device()))
    loaded = load(checkpoint)
    metrics = evaluate_model(loaded, data_for(loaded, data), group=group, **options)
    if group.rank:
        return
    if as_json:
        click.echo(json.dumps(metrics))
    else:
        print_metrics(metrics)


def evaluate_model(
    loaded: Checkpoint,
    dataset: Dataset,
    *,
    group: distributed.Group | None = None,
    **options: object,
) -> dict:
    """`evaluation.measure` with its steps on stderr; the processes of a group share the encoding,
    and the result is empty on all but the first."""
    from ..evaluation.measure import measure

    group = group or distributed.Group()
    with ExitStack() as stack:

        def log(step: str) -> Progress:
            stack.close()
            if group.rank:
                return no_progress
            click.echo(f"Measuring: {step}", err=True)
            stack.callback(_tell_seconds, time.perf_counter())
            return stack.enter_context(progress_bar("image"))

        def encode(
            model: Autoencoder, splits: dict[str, Split], log: Callable[[str], Progress]
        ) -> list[Codes] | None:
            found = [
                shared_codes(group, model, split, progress=log(name))
                for name, split in splits.items()
            ]
            if group.rank:
                return None
            if group.size > 1:  # the others have ended, and torchrun gave each of them one thread
                torch.set_num_threads(os.cpu_count() or 1)
            return found

        return measure(loaded, dataset, encode=encode, log=log, **options)


def _tell_seconds(started: float) -> None:
    click.echo(f"  {time.perf_counter() - started:.1f} s", err=True)


def print_metrics(metrics: dict) -> None:
    """Prints the metrics in sentences, each with the number of images that it was measured on."""
    kind = "black and white samples of " if metrics["binarized"] else ""
    click.echo(f"{kind}{metrics['n']:,} {metrics['split']} images, nats per image")
    reconstruction = f"reconstruction {metrics['reconstruction']:.3f}"
    if metrics["kl"]:
        click.echo(f"-ELBO {metrics['neg_elbo']:.3f} = {reconstruction} + KL {metrics['kl']:.3f}")
    else:
        click.echo(f"{reconstruction}; no ELBO, since the model has no prior")
    if len(metrics["kl_levels"]) > 1:
        levels = ", ".join(f"{kl:.2f}" for kl in metrics["kl_levels"])
        click.echo(f"KL of the levels, top first: {levels}")

    if metrics["knn1"] is None:
        click.echo(
            "no numbers of codes: they are made without labels, and in training this model saw "
            "the label of every image; train it with --unlabelled 0.1"
        )
    for text, counted in _SENTENCES.items():
        with suppress(TypeError):  # a number that this model does not have is None
            click.echo(f"{text.format(**metrics)} ({metrics[counted]:,} images)")
    if factors := metrics.get("factors"):
        click.echo(
            f"{len(factors)} factors: MIG {metrics['mig']:.4f}, disentanglement "
            f"{metrics['disentanglement']:.4f}, completeness {metrics['completeness']:.4f}"
        )
        told = (f"{name} {values['informativeness']:.2f}" for name, values in factors.items())
        click.echo(f"predicted from the code, accuracy or R squared: {', '.join(told)}")


@main.command()
@click.argument("folder", default="checkpoints", type=click.Path(path_type=Path))
@click.option(
    "--readme", type=click.Path(path_type=Path), help="file to write; by default FOLDER/README.md"
)
def table(folder: Path, readme: Path | None) -> None:
    """Write a table of the checkpoints in FOLDER to its README."""
    from ..evaluation import markdown_report

    entries, readme = list_checkpoints(folder), readme or folder / "README.md"
    markdown_report.put(readme, markdown_report.report(entries))
    click.echo(f"{len(markdown_report.measured(entries))} checkpoints: {readme}")
