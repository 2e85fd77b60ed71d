"""`classifier` and `starter`: the files that this repository ships."""

from __future__ import annotations

import click

from ..data import load_dataset, write_starter
from . import main


@main.command("classifier")
@click.option("--epochs", default=12, type=click.IntRange(1, 1000), help="passes over the images")
def train_classifier(epochs: int) -> None:
    """Train the classifier that judges samples, and bundle it."""
    from .. import classifier

    dataset = load_dataset("fashion-mnist")
    for epoch, accuracy, model in classifier.train(dataset, epochs=epochs):
        click.echo(f"epoch {epoch}/{epochs}  test accuracy {accuracy:.4f}")
        if epoch == epochs:
            facts = {"accuracy": f"{accuracy:.4f}", "epochs": str(epochs), "seed": "0"}
            classifier.save(model, facts)


@main.command()
def starter() -> None:
    """Build the bundled starter set from the full Fashion-MNIST."""
    source = load_dataset("fashion-mnist")
    write_starter(source)
    click.echo("vae/starter: the first 10,000 training images and all 10,000 test images")
