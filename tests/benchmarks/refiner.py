"""Four ways to enlarge, side by side: how near the truth they come, how true they stay, how long
they take. Real pictures are made smaller first; drawn shapes are of a seed that no training saw.

    python tests/benchmarks/refiner.py
"""

import time

import numpy as np
import torch
from torch.nn import functional as F

import vae
from vae.pictures.super_resolution_training import shapes
from vae.pictures.upscale import enlarge, shrink


def bicubic(small: np.ndarray, size: int) -> np.ndarray:
    return F.interpolate(torch.tensor(small), (size, size), mode="bicubic").clamp(0, 1).numpy()


WAYS = {
    "squares": lambda x, size: enlarge(x, size, "nearest"),
    "bicubic": bicubic,
    "smooth": lambda x, size: enlarge(x, size, "smooth"),
    "refined": lambda x, size: enlarge(x, size, "refined"),
}


def psnr(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean over pictures, dB."""
    off = np.square(made - truth).mean((1, 2, 3)).clip(1e-9)
    return float((-10 * np.log10(off)).mean())


def main() -> None:
    images = vae.load_dataset("fashion-mnist").test.images.astype(np.float32) / 255
    real, drawn = images[:2000], shapes(300, seed=12345).numpy()
    tiny, small = shrink(real, 2), shrink(drawn, 4)
    print("| | real, 14 to 28 | drawn, 28 to 112 | off after averaging back | 400 to 224 pixels |")
    print("|---|---|---|---|---|")
    for name, way in WAYS.items():
        near, far = psnr(way(tiny, 28), real), psnr(way(small, 112), drawn)
        off = abs(shrink(way(real[:100], 224), 8) - real[:100]).max()
        start = time.perf_counter()
        way(real[:400], 224)
        took = time.perf_counter() - start
        print(f"| {name} | {near:.2f} dB | {far:.2f} dB | {off:.1e} | {took:.1f} s |")


if __name__ == "__main__":
    main()
