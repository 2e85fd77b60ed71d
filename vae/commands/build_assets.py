"""`classifier`, `refiner` and `starter`: build the files that the repository bundles."""

import click

from ..checkpoint.tensor_file import save_half
from ..data.load import load_dataset, write_starter
from . import main


@main.command("classifier")
@click.option("--epochs", default=12, type=click.IntRange(1, 1000), help="passes over the images")
def train_classifier(epochs: int) -> None:
    """Train the bundled classifier, which evaluates generated images."""
    from ..evaluation import classifier

    dataset = load_dataset("fashion-mnist")
    for epoch, accuracy, model in classifier.train(dataset, epochs=epochs):
        click.echo(f"epoch {epoch}/{epochs}  test accuracy {accuracy:.4f}")
        if epoch == epochs:
            facts = {"accuracy": f"{accuracy:.4f}", "epochs": str(epochs), "seed": "0"}
            save_half(classifier.WEIGHTS, model, facts)


@main.command("refiner")
@click.option("--steps", default=2400, type=click.IntRange(3, 100_000), help="batches")
def train_refiner(steps: int) -> None:
    """Train the bundled super-resolution network, which enlarges images with clean edges."""
    from ..pictures import super_resolution, super_resolution_training

    dataset = load_dataset("fashion-mnist")
    for step, loss, network in super_resolution_training.train(dataset, steps=steps):
        click.echo(f"step {step}/{steps}  loss {loss:.4f}")
        if step == steps:
            save_half(super_resolution.WEIGHTS, network, {"steps": str(steps), "seed": "0"})


@main.command()
def starter() -> None:
    """Build the bundled subset from the full Fashion-MNIST."""
    write_starter(load_dataset("fashion-mnist"))
    click.echo("vae/starter: the first 10,000 training images and all 10,000 test images")
