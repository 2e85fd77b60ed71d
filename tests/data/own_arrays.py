"""Arrays of numbered squares, and how they are saved, for the sets of arrays and tables."""

import numpy as np
import pandas as pd
from own_sets import coloured, item

TEN = tuple("0123456789")


def greys(count: int, side: int = 28, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, side, side], and labels [N]."""
    labels = np.arange(count) % classes
    images = [item(k, side=side, turn=i) for i, k in enumerate(labels)]
    return np.stack(images), labels


def reds(count: int, side: int = 32, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [N, side, side, 3], and labels [N]."""
    labels = np.arange(count) % classes
    return np.stack([coloured(k, side=side, turn=i) for i, k in enumerate(labels)]), labels


def npz(at, **arrays):
    np.savez(at / "data.npz", **arrays)
    return at / "data.npz"


def csv(path, images, labels=None, *, name="label", pixel="pixel{}", first=1, **options):
    rows = images.reshape(len(images), -1)
    frame = pd.DataFrame(rows, columns=[pixel.format(n + first) for n in range(rows.shape[1])])
    if labels is not None:
        frame.insert(0, name, labels)
    frame.to_csv(path, index=False, **options)
    return path
