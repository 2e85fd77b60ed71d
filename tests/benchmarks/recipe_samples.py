"""Fréchet distance of samples of the common recipe, the bundled models and real images.

The recipe of `train.py` is trained first; the features are those of the bundled classifier.
"""

import torch
from bench import table
from train import common

import vae
from vae.evaluation import classifier, sample_quality


@torch.inference_mode()
def main() -> None:
    full = vae.load_dataset("fashion-mnist")
    with torch.inference_mode(False):
        _seconds, elbo, recipe = common(full)
    n = len(full.test.images)
    real, _ = classifier.classify(torch.tensor(full.test.images))
    z = torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    pictures = recipe.pixels(recipe.outside(z).relu()).sigmoid().view(-1, 1, 28, 28)
    rows = []

    def add(name: str, features: torch.Tensor) -> None:
        precision, recall = sample_quality.precision_recall(real, features)
        distance = sample_quality.frechet(real, features)
        rows.append([name, f"{distance:.2f}", f"{precision:.3f}", f"{recall:.3f}"])

    add(f"common recipe (-ELBO {elbo:.1f})", classifier.classify(pictures)[0])
    for entry in vae.list_checkpoints("checkpoints"):
        numbers = entry.metrics["evaluation"]
        keys = ("frechet", "precision", "recall")
        rows.append([entry.name, *(f"{numbers[key]:.3f}" for key in keys)])
    add("10,000 training images", classifier.classify(torch.tensor(full.train.images[:n]))[0])
    table("Samples against the test images", ["samples", "Fréchet", "precision", "recall"], rows)


if __name__ == "__main__":
    main()
