"""`classifier`, `refiner`, `starter` and `emoji`: build the files that the repository bundles."""

import json
from pathlib import Path

import click
import numpy as np
from PIL import Image

from ..checkpoint.tensor_file import save_half
from ..data.load import load_dataset, write_emoji, write_starter
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
@click.option("--colour", is_flag=True, help="train the network of colour images")
def train_refiner(steps: int, colour: bool) -> None:
    """Train a bundled super-resolution network, which enlarges images with clean edges."""
    from ..pictures import super_resolution, super_resolution_training

    train = super_resolution_training.train_colour if colour else super_resolution_training.train
    dataset = load_dataset("emoji" if colour else "fashion-mnist")
    for step, loss, network in train(dataset, steps=steps):
        click.echo(f"step {step}/{steps}  loss {loss:.4f}")
        if step == steps:
            path = super_resolution.WEIGHTS[3 if colour else 1]
            save_half(path, network, {"steps": str(steps), "seed": "0"})


@main.command()
def starter() -> None:
    """Build the bundled subset from the full Fashion-MNIST."""
    write_starter(load_dataset("fashion-mnist"))
    click.echo("vae/starter: the first 10,000 training images and all 10,000 test images")


@main.command()
@click.argument("package", type=click.Path(path_type=Path, exists=True, file_okay=False))
def emoji(package: Path) -> None:
    """Build the bundled emoji from PACKAGE, the unpacked npm package emoji-datasource-google.

    Left out are skin tones and the five swatches of these; clothing is a category of its own.
    """
    records = json.loads((package / "emoji.json").read_text(encoding="utf-8"))
    kept = [r for r in records if r["has_img_google"] and r["category"] != "Component"]
    kept.sort(key=lambda record: record["sort_order"])
    images, rows = [], []
    for record in kept:
        folder = package / "img/google/64"
        image = np.array(Image.open(folder / record["image"]).convert("RGBA"))
        image[image[..., 3] == 0] = 0  # colours that nobody sees
        images.append(image)
        clothing = record["subcategory"] == "clothing"
        name = record["name"].lower() if record["name"].isupper() else record["name"]
        rows.append(
            {
                "name": f"{name} ({record['short_name']})" if name in _names(rows) else name,
                "category": "Clothing" if clothing else record["category"],
                "subcategory": record["subcategory"].replace("-", " "),
                "code": record["unified"],
            }
        )
    write_emoji(np.stack(images), rows)
    click.echo(f"vae/data/starter: {len(rows):,} emoji")


def _names(rows: list[dict]) -> set[str]:
    return {row["name"] for row in rows}
