"""`list`, `evaluate`, `table`: what is here, how good it is, and saying so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from ..data.dataset import DataError
from ..models import MODELS
from ..validation import ConfigError
from . import dataset_or_starter, main


@main.command("list")
@click.argument("folder", default="checkpoints")
def list_(folder: str) -> None:
    """List the checkpoints in FOLDER, damaged ones with their reason."""
    from ..checkpoint.folder import list_checkpoints

    if not Path(folder).is_dir():
        raise ConfigError(f"the folder is {folder!r}, which does not exist; name one that does")
    for entry in list_checkpoints(folder):
        if entry.error:
            click.echo(f"{entry.name:24} damaged: {entry.error}")
            continue
        model, numbers = entry.config.model, entry.metrics.get("evaluation") or {}
        words = f"{model.name}, D = {model.latent}, {model.network}, {entry.config.train.data}"
        name = "-ELBO" if MODELS[model.name].cls.has_prior else "reconstruction"
        known = "neg_elbo" in numbers
        elbo = f"{name} {numbers['neg_elbo']:.2f} nats" if known else "not measured"
        click.echo(f"{entry.name:24} {words:40} {elbo:24} {entry.digest[:12]}")


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--data", help="data set; the one it was trained on by default")
@click.option("--iwae-k", default=1000, type=click.IntRange(1, 100_000), help="importance samples")
@click.option(
    "--binarize/--grey",
    default=None,
    help="black and white draws, or grey images; as trained",
)
@click.option("--save", is_flag=True, help="keep the numbers with the checkpoint")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def evaluate(
    checkpoint: Path,
    data: str | None,
    iwae_k: int,
    binarize: bool | None,
    save: bool,
    as_json: bool,
) -> None:
    """Measure CHECKPOINT on the test split: likelihoods, codes, samples."""
    from ..checkpoint.folder import load

    loaded = load(checkpoint)
    shape = loaded.config.model.image_shape
    dataset = dataset_or_starter(data or loaded.config.train.data, shape[1])
    if dataset.test.images.shape[1:] != shape:
        raise DataError(
            f"{dataset.name} has images of {dataset.test.images.shape[1:]}, the model expects "
            f"{shape}; choose data of that shape"
        )
    numbers = measure(loaded, dataset, save=save, iwae_k=iwae_k, binarize=binarize)
    if as_json:
        click.echo(json.dumps(numbers))
    else:
        print_numbers(numbers)


def measure(loaded, dataset, *, save: bool, iwae_k: int = 1000, binarize: bool | None = None):
    """All numbers; with `save` also written to the checkpoint, beside the codes of the test split
    and the aggregate posterior."""
    from .. import checkpoint, evaluation, latent
    from ..checkpoint.artifacts import save_aggregate, save_codes
    from ..latent import aggregate_posterior

    def say(step: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"measuring: {step}", err=True)

    say("codes of all images")
    codes = latent.encode_images(loaded.model, *dataset.test)
    train_codes = latent.encode_images(loaded.model, *dataset.train)
    mixture = aggregate_posterior.fit_aggregate_posterior(
        loaded.model, train_codes, dataset.train.labels
    )
    numbers = evaluation.evaluate(
        loaded.model,
        dataset,
        iwae_k=iwae_k,
        binarize=loaded.config.train.binarize if binarize is None else binarize,
        codes=codes,
        train_codes=train_codes,
        aggregate=mixture,
        log=say,
    )
    if save:
        checkpoint.save_metrics(loaded.path, loaded.metrics | {"evaluation": numbers})
        kept = {name: array for name, array in codes._asdict().items() if array is not None}
        save_codes(loaded.path, dataset.test.digest, kept)
        save_aggregate(loaded.path, mixture)
    return numbers


def print_numbers(numbers: dict) -> None:
    kind = "black and white draws of " if numbers["binarized"] else ""
    click.echo(f"{kind}{numbers['n']:,} {numbers['split']} images, nats per image")
    reconstruction = f"reconstruction {numbers['reconstruction']:.3f}"
    if numbers["kl"]:
        click.echo(f"-ELBO {numbers['neg_elbo']:.3f} = {reconstruction} + KL {numbers['kl']:.3f}")
    else:
        click.echo(f"{reconstruction}; no ELBO, for the model has no prior")
    if len(numbers["kl_levels"]) > 1:
        levels = ", ".join(f"{kl:.2f}" for kl in numbers["kl_levels"])
        click.echo(f"KL of the levels, top first: {levels}")
    if numbers["nll_iwae"] is not None:
        click.echo(f"importance-weighted, K = {numbers['iwae_k']:,}: {numbers['nll_iwae']:.3f}")
    if numbers["nll_exact"] is not None:
        click.echo(
            f"exact -log p(x) {numbers['nll_exact']:.3f}, last change "
            f"{numbers['nll_exact_error']:.4f}"
        )
    if numbers["nll_exact_aggregate"] is not None:
        click.echo(f"the same with the aggregate posterior {numbers['nll_exact_aggregate']:.3f}")
    click.echo(f"squared error a pixel {numbers['mse']:.5f}")
    click.echo(
        f"nearest neighbours in the code: 1-NN {numbers['knn1']:.4f}, 5-NN {numbers['knn5']:.4f}"
    )
    click.echo(
        f"trustworthiness {numbers['trustworthiness']:.4f}, silhouette "
        f"{numbers['silhouette']:.4f}, V-measure {numbers['v_measure']:.4f}, "
        f"{numbers['active_units']} active units"
    )
    if numbers["frechet"] is not None:
        click.echo(
            f"samples: Frechet distance {numbers['frechet']:.2f} (aggregate posterior "
            f"{numbers['frechet_aggregate']:.2f}, real images {numbers['frechet_floor']:.2f}), "
            f"precision {numbers['precision']:.3f}, recall {numbers['recall']:.3f}"
        )
    if numbers["label_accuracy"] is not None:
        click.echo(
            f"samples of a label that show it: {numbers['label_accuracy']:.4f}, from its "
            f"aggregate posterior {numbers['label_accuracy_aggregate']:.4f}"
        )


@main.command()
@click.argument("folder", default="checkpoints", type=click.Path(path_type=Path))
@click.option("--readme", type=click.Path(path_type=Path), help="to write  [FOLDER/README.md]")
def table(folder: Path, readme: Path | None) -> None:
    """Write the numbers of the checkpoints in FOLDER into its README."""
    from ..checkpoint.folder import list_checkpoints
    from ..evaluation import markdown_report

    entries, readme = list_checkpoints(folder), readme or folder / "README.md"
    markdown_report.put(readme, markdown_report.report(entries))
    click.echo(f"{len(markdown_report.measured(entries))} checkpoints: {readme}")
