"""Methods of enlargement: their error, their consistency after averaging back, their time. Real
images are downsampled first; the synthetic shapes have a seed that no training used. The colour
images are held out of training too: emoji of the test split, garments with other factors, and two
photographs of scikit-learn (china.jpg and flower.jpg, CC BY).

    python tests/benchmarks/refiner.py [colour]
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from sklearn.datasets import load_sample_images
from torch.nn import functional as F

import vae
from vae.garments import render, sample
from vae.pictures.super_resolution_training import synthetic_shapes
from vae.pictures.upscale import enlarge

Method = Callable[[np.ndarray, int], np.ndarray]


def bicubic(small: np.ndarray, size: int) -> np.ndarray:
    return F.interpolate(torch.tensor(small), size, mode="bicubic").clamp(0, 1).numpy()


def channel_by_channel(small: np.ndarray, size: int) -> np.ndarray:
    """As the network of grey images refines colour images."""
    channels = np.split(small, small.shape[1], 1)
    return np.concatenate([enlarge(channel, size, "refined") for channel in channels], 1)


METHODS: dict[str, Method] = {
    "squares": lambda x, size: enlarge(x, size, "nearest"),
    "bicubic": bicubic,
    "smooth": lambda x, size: enlarge(x, size, "smooth"),
    "refined": lambda x, size: enlarge(x, size, "refined"),
}
IN_COLOUR = {
    **{name: METHODS[name] for name in ("bicubic", "smooth")},
    "refined, each channel": channel_by_channel,
    "refined in colour": METHODS["refined"],
}


def downsample(images: np.ndarray, scale: int) -> np.ndarray:
    return F.avg_pool2d(torch.tensor(images), scale).numpy()


def psnr(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean over images, dB."""
    error = np.square(made - truth).mean((1, 2, 3)).clip(1e-9)
    return float((-10 * np.log10(error)).mean())


def edge_error(made: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute error of the differences between neighbours, in steps of 1/255."""
    return 255 * float(np.mean([abs(np.diff(made - truth, axis=axis)).mean() for axis in (2, 3)]))


def timed(method: Method, images: np.ndarray, size: int) -> float:
    start = time.perf_counter()
    method(images, size)
    return time.perf_counter() - start


def grey() -> None:
    images = vae.load_dataset("fashion-mnist").test.images.astype(np.float32) / 255
    real, shapes = images[:2000], synthetic_shapes(300, seed=12345).numpy()
    tiny, small = downsample(real, 2), downsample(shapes, 4)
    print("| | images, 14 to 28 | shapes, 28 to 112 | inconsistency | 400 to 224 pixels |")
    print("|---|---|---|---|---|")
    for name, method in METHODS.items():
        images_db, shapes_db = psnr(method(tiny, 28), real), psnr(method(small, 112), shapes)
        error = abs(downsample(method(real[:100], 224), 8) - real[:100]).max()
        seconds = timed(method, real[:400], 224)
        print(
            f"| {name} | {images_db:.2f} dB | {shapes_db:.2f} dB | {error:.1e} | {seconds:.1f} s |"
        )


def colour() -> None:
    garments = render(sample(200, seed=1), 256).astype(np.float32) / 255
    emoji = vae.load_dataset("emoji").test.images.astype(np.float32) / 255
    truths = {
        "emoji, 32 to 64": (emoji, 2),
        "emoji, 16 to 64": (emoji, 4),
        "garments, 64 to 128": (render(sample(200, seed=1), 128).astype(np.float32) / 255, 2),
        "garments, 64 to 256": (garments[:60], 4),
        "photographs, 64 to 128": (photographs(), 2),
        "coloured shapes, 28 to 112": (coloured_shapes(), 4),
    }
    frames = downsample(garments[:72], 4)
    print(f"| | {' | '.join(truths)} | inconsistency | 72 of 64 to 448 pixels |")
    print("|---" * (len(truths) + 3) + "|")
    for name, method in IN_COLOUR.items():
        cells, worst = [], 0.0
        for truth, scale in truths.values():
            small = downsample(truth, scale)
            made = method(small, truth.shape[2])
            worst = max(worst, abs(downsample(made, scale) - small).max())
            cells.append(f"{psnr(made, truth):.2f} dB, {edge_error(made, truth):.2f}")
        seconds = timed(method, frames, 448)
        print(f"| {name} | {' | '.join(cells)} | {worst:.1e} | {seconds:.1f} s |", flush=True)


def coloured_shapes() -> np.ndarray:
    shapes = synthetic_shapes(80, seed=12345)
    colours = torch.rand(3, 40, 3, 1, 1, generator=torch.Generator().manual_seed(0))
    return colours[0].lerp(colours[1], shapes[:40]).lerp(colours[2], shapes[40:]).numpy()


def photographs() -> np.ndarray:
    """Parts [36, 3, 128, 128] of the two photographs, scaled to a height of 128 and of 256."""
    parts = []
    for photograph in load_sample_images().images:
        image = torch.tensor(photograph).permute(2, 0, 1)[None].float() / 255
        for height in (128, 256):
            scaled = F.interpolate(image, (height, height * 3 // 2), mode="area")
            tiles = scaled.unfold(2, 128, 128).unfold(3, 128, 64)
            parts.append(tiles[0].permute(1, 2, 0, 3, 4).reshape(-1, 3, 128, 128))
    return torch.cat(parts).numpy()


if __name__ == "__main__":
    colour() if "colour" in sys.argv[1:] else grey()
