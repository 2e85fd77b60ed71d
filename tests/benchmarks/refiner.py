"""Four methods of enlargement: their error, their consistency after averaging back, their time.
Real images are downsampled first; the synthetic shapes have a seed that no training used.

    python tests/benchmarks/refiner.py
"""

import time

import numpy as np
import torch
from torch.nn import functional as F

import vae
from vae.pictures.super_resolution_training import synthetic_shapes
from vae.pictures.upscale import enlarge


def bicubic(small: np.ndarray, size: int) -> np.ndarray:
    return F.interpolate(torch.tensor(small), (size, size), mode="bicubic").clamp(0, 1).numpy()


METHODS = {
    "squares": lambda x, size: enlarge(x, size, "nearest"),
    "bicubic": bicubic,
    "smooth": lambda x, size: enlarge(x, size, "smooth"),
    "refined": lambda x, size: enlarge(x, size, "refined"),
}


def downsample(images: np.ndarray, scale: int) -> np.ndarray:
    return F.avg_pool2d(torch.tensor(images), scale).numpy()


def psnr(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean over images, dB."""
    error = np.square(made - truth).mean((1, 2, 3)).clip(1e-9)
    return float((-10 * np.log10(error)).mean())


def main() -> None:
    images = vae.load_dataset("fashion-mnist").test.images.astype(np.float32) / 255
    real, shapes = images[:2000], synthetic_shapes(300, seed=12345).numpy()
    tiny, small = downsample(real, 2), downsample(shapes, 4)
    print("| | images, 14 to 28 | shapes, 28 to 112 | inconsistency | 400 to 224 pixels |")
    print("|---|---|---|---|---|")
    for name, method in METHODS.items():
        images_db, shapes_db = psnr(method(tiny, 28), real), psnr(method(small, 112), shapes)
        error = abs(downsample(method(real[:100], 224), 8) - real[:100]).max()
        start = time.perf_counter()
        method(real[:400], 224)
        seconds = time.perf_counter() - start
        print(
            f"| {name} | {images_db:.2f} dB | {shapes_db:.2f} dB | {error:.1e} | {seconds:.1f} s |"
        )


if __name__ == "__main__":
    main()
