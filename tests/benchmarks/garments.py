"""The error of the factors that are read from pictures of garments: from real test pictures, and
from those that the checkpoints named as arguments generate from their codes (of an exemplar model
from both codes). First the time to draw.

    python tests/benchmarks/garments.py [--pictures 40] [CHECKPOINT ...]

Prints JSON: of categories the share that is wrong, of numbers the mean absolute error in their
unit, of pictures whose kind is right.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import vae  # noqa: E402
from vae import garments, latent  # noqa: E402
from vae.garments.dataset import garment  # noqa: E402
from vae.garments.estimate import estimate, factor_errors  # noqa: E402
from vae.models.exemplar import Exemplar  # noqa: E402


def errors(pictures: np.ndarray, truth: list[garments.Garment]) -> dict:
    """Of pictures uint8 [N, 3, H, W]."""
    start = time.process_time()
    found = [estimate(picture) for picture in pictures]
    seconds = (time.process_time() - start) / len(found)
    by_factor = factor_errors(garments.table(truth), [one.garment for one in found])
    numbers = {name: round(value, 4) for name, value in by_factor.items()}
    difference = round(float(np.mean([one.error for one in found])), 2)
    return numbers | {"difference of 255": difference, "seconds": round(seconds, 2)}


@torch.inference_mode()
def generated(path: str, data: vae.Dataset, rows: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N, 3, H, W] from the codes of test pictures."""
    model, images = vae.load(path).model, data.test.images[rows]
    if isinstance(model, Exemplar):
        codes = model.detail_posterior(torch.tensor(images).float() / 255).mean
        pictures = model.likelihood.mean(model.decode_detail(codes))
        return pictures.mul(255).round().byte().numpy()
    codec = latent.TorchCodec(model)
    codes = codec.encode(images, data.test.labels[rows])
    return codec.decode(codes.mean).transpose(0, 3, 1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("checkpoints", nargs="*")
    options = parser.parse_args()
    start = time.process_time()
    garments.render(garments.sample(1000, 9))
    print(json.dumps({"drawing 1,000, seconds": round(time.process_time() - start, 2)}))
    data = vae.load_dataset("garments")
    known, names = data.test_metadata.columns, data.class_names
    rows = np.arange(options.pictures)
    truth = [garment(names[data.test.labels[row]], known, row) for row in rows]
    print(json.dumps({"real": errors(data.test.images[rows], truth)}), flush=True)
    for path in options.checkpoints:
        print(json.dumps({path: errors(generated(path, data, rows), truth)}), flush=True)


if __name__ == "__main__":
    main()
