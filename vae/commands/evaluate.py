"""`list`, `evaluate` and `table`: checkpoints, their metrics, and a table of both."""

import json
import sys
from pathlib import Path

import click

from ..checkpoint.folder import Checkpoint, list_checkpoints, save_metrics
from ..data.dataset import Dataset
from ..models import MODELS
from ..validation import ConfigError
from . import checkpoint_argument, data_for, device_option, load, main


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
        name = "-ELBO" if MODELS[model.name].cls.has_prior else "reconstruction"
        evaluated = "neg_elbo" in metrics
        loss = f"{name} {metrics['neg_elbo']:.2f} nats" if evaluated else "not evaluated"
        click.echo(f"{entry.name:24} {facts:40} {loss:24} {entry.digest[:12]}")


@main.command()
@checkpoint_argument
@click.option("--data", help="data set; by default the training data")
@click.option("--iwae-k", default=1000, type=click.IntRange(1, 100_000), help="importance samples")
@click.option(
    "--binarize/--grey",
    default=None,
    help="black and white samples of the images, or grey images; by default as in training",
)
@device_option
@click.option("--save", is_flag=True, help="save the metrics to the checkpoint")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def evaluate(
    checkpoint: Path,
    data: str | None,
    iwae_k: int,
    binarize: bool | None,
    save: bool,
    as_json: bool,
) -> None:
    """Evaluate CHECKPOINT on the test split: likelihoods, codes, samples."""
    loaded = load(checkpoint)
    dataset = data_for(loaded, data)
    metrics = evaluate_model(loaded, dataset, save=save, iwae_k=iwae_k, binarize=binarize)
    if as_json:
        click.echo(json.dumps(metrics))
    else:
        print_metrics(metrics)


def evaluate_model(
    loaded: Checkpoint,
    dataset: Dataset,
    *,
    save: bool,
    iwae_k: int = 1000,
    binarize: bool | None = None,
) -> dict:
    """All metrics of a model on the test split.

    With `save` they are written to the checkpoint, with the codes of the test split and the
    aggregate posterior.
    """
    from .. import evaluation, latent
    from ..checkpoint.artifacts import save_aggregate, save_codes
    from ..latent import aggregate_posterior

    def log(step: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"evaluating: {step}", err=True)

    log("codes of all images")
    codes = latent.encode_images(loaded.model, *dataset.test)
    train_codes = latent.encode_images(loaded.model, *dataset.train)
    mixture = aggregate_posterior.fit_aggregate_posterior(
        loaded.model, train_codes, dataset.train.labels
    )
    metrics = evaluation.evaluate(
        loaded.model,
        dataset,
        iwae_k=iwae_k,
        binarize=loaded.config.train.binarize if binarize is None else binarize,
        codes=codes,
        train_codes=train_codes,
        aggregate=mixture,
        log=log,
    )
    if save:
        save_metrics(loaded.path, loaded.metrics | {"evaluation": metrics})
        arrays = {name: array for name, array in codes._asdict().items() if array is not None}
        save_codes(loaded.path, dataset.test.digest, arrays)
        save_aggregate(loaded.path, mixture)
    return metrics


def print_metrics(metrics: dict) -> None:
    """Prints the metrics in sentences."""
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
    if metrics["nll_iwae"] is not None:
        click.echo(f"importance-weighted, K = {metrics['iwae_k']:,}: {metrics['nll_iwae']:.3f}")
    if metrics["nll_exact"] is not None:
        click.echo(
            f"exact -log p(x) {metrics['nll_exact']:.3f}, last change "
            f"{metrics['nll_exact_error']:.4f}"
        )
    if metrics["nll_exact_aggregate"] is not None:
        click.echo(f"the same with the aggregate posterior {metrics['nll_exact_aggregate']:.3f}")
    click.echo(f"MSE per pixel {metrics['mse']:.5f}")
    click.echo(
        f"nearest neighbours in the code: 1-NN {metrics['knn1']:.4f}, 5-NN {metrics['knn5']:.4f}"
    )
    click.echo(
        f"trustworthiness {metrics['trustworthiness']:.4f}, silhouette "
        f"{metrics['silhouette']:.4f}, V-measure {metrics['v_measure']:.4f}, "
        f"{metrics['active_units']} active units"
    )
    if metrics["frechet"] is not None:
        click.echo(
            f"samples: Frechet distance {metrics['frechet']:.2f} (aggregate posterior "
            f"{metrics['frechet_aggregate']:.2f}, real images {metrics['frechet_floor']:.2f}), "
            f"precision {metrics['precision']:.3f}, recall {metrics['recall']:.3f}"
        )
    if metrics["label_accuracy"] is not None:
        click.echo(
            f"accuracy of conditional samples: {metrics['label_accuracy']:.4f}, from the "
            f"aggregate posterior {metrics['label_accuracy_aggregate']:.4f}"
        )


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
