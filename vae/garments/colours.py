"""The colours of a garment: its cloth, the accent of patterns and trims, its lines."""

from typing import NamedTuple

import numpy as np

from .factors import COLOURS, Table

GROUND = "#f6f4ef"  # of all pictures
_INK = (34, 37, 46)
# Pairs that go together: the accent of each colour.
_ACCENTS = {
    "ecru": "rust",
    "ochre": "navy",
    "rust": "ecru",
    "red": "ecru",
    "rose": "plum",
    "plum": "rose",
    "navy": "ecru",
    "sky": "navy",
    "teal": "ecru",
    "sage": "forest",
    "forest": "ecru",
    "charcoal": "sky",
}
_MIX = 0.3  # of white or black at a shade of 1 or -1


class Inks(NamedTuple):
    """sRGB colours [N, 3] from 0 to 255 of the fills and lines of N garments."""

    cloth: np.ndarray
    accent: np.ndarray
    inside: np.ndarray
    outline: np.ndarray
    seam: np.ndarray

    def of(self, name: str) -> np.ndarray:
        """By the name of a fill or of a line."""
        return getattr(self, {"plain": "cloth", "stitch": "seam"}.get(name, name))


def rgb(colour: str) -> tuple[int, int, int]:
    """From "#rrggbb"."""
    return tuple(bytes.fromhex(colour[1:]))


def inks(factors: Table) -> Inks:
    """The colours of a table of garments."""
    names = factors["colour"].tolist()
    base = np.array([rgb(COLOURS[name]) for name in names], float)
    accent = np.array([rgb(COLOURS[_ACCENTS[name]]) for name in names], float)
    shade = np.asarray(factors["shade"], float)[:, None]
    towards = np.where(shade > 0, 255.0, 0.0)
    cloth = np.round(base + (towards - base) * _MIX * np.abs(shade))
    dark = (cloth * (0.299, 0.587, 0.114)).sum(1, keepdims=True) < 92
    ink = np.broadcast_to(np.array(_INK, float), cloth.shape)
    seam = np.where(dark, cloth + (255 - cloth) * 0.45, ink + (cloth - ink) * 0.2)
    return Inks(cloth, accent, np.round(cloth * 0.62), ink, np.round(seam))
