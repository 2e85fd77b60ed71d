"""Attributes measured on images: size, brightness and colour of the item, parts of garments.

An attribute is one number per image. Directions in latent space are found from them, so they need
an order, no unit. Lengths are in widths or heights of the item.
"""

from collections.abc import Callable, Mapping

import numpy as np

_GROUND = 24  # of 255: what differs less from the border of its image is ground
_MAX_COLUMN_KINDS = 12  # numbers of so few different values are names of kinds


class _Items:
    """The items on uint8 images [N, C, H, W] and the boxes around them."""

    def __init__(self, images: np.ndarray) -> None:
        self.values = images.astype(np.float32)
        count, channels, height, width = images.shape
        frame = np.concatenate(
            [self.values[:, :, [0, -1]].reshape(count, channels, -1),
             self.values[:, :, :, [0, -1]].reshape(count, channels, -1)], 2
        )  # fmt: skip
        ground = np.median(frame, 2)
        if channels == 1:  # an item may touch most of the border, but is never darker than black
            ground = np.minimum(ground, 0) if (frame < _GROUND).any(2).mean() > 0.9 else ground
        self.mask = np.abs(self.values - ground[:, :, None, None]).max(1) > _GROUND
        rows, columns = self.mask.any(2), self.mask.any(1)
        self.top, self.bottom = rows.argmax(1), height - rows[:, ::-1].argmax(1)
        self.left, self.right = columns.argmax(1), width - columns[:, ::-1].argmax(1)
        self.found = self.mask.any((1, 2))
        self.height = np.maximum(self.bottom - self.top, 1) / height
        self.width = np.maximum(self.right - self.left, 1) / width
        self.grey = self.values.mean(1)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean of values [N, H, W] over each item."""
        area = np.maximum(self.mask.sum((1, 2)), 1)
        return (values * self.mask).sum((1, 2)) / area

    def share(self, low: float, high: float) -> np.ndarray:
        """The columns [N, W] between two shares of each item's width."""
        x = np.arange(self.mask.shape[2]) + 0.5
        at = (x - self.left[:, None]) / np.maximum(self.right - self.left, 1)[:, None]
        return (at >= low) & (at <= high)

    def first(self, columns: np.ndarray) -> np.ndarray:
        """The mean distance from the top of an item to its first pixel in columns [N, W]."""
        return self._depth(self.mask.argmax(1) - self.top[:, None], columns)

    def last(self, columns: np.ndarray) -> np.ndarray:
        """The mean distance from its last pixel in columns [N, W] to the bottom of an item."""
        below = self.bottom[:, None] - (self.mask.shape[1] - self.mask[:, ::-1].argmax(1))
        return self._depth(below, columns)

    def _depth(self, distance: np.ndarray, columns: np.ndarray) -> np.ndarray:
        used = columns & self.mask.any(1)
        total = (distance * used).sum(1) / np.maximum(used.sum(1), 1)
        return total / np.maximum(self.bottom - self.top, 1)


def _sleeve(items: _Items) -> np.ndarray:
    """How far the outer fifths of the item reach down."""
    return 1 - (items.last(items.share(0, 0.2)) + items.last(items.share(0.8, 1))) / 2


def _neckline(items: _Items) -> np.ndarray:
    """How much lower the middle of the upper edge is than the shoulders."""
    shoulders = (items.first(items.share(0.28, 0.38)) + items.first(items.share(0.62, 0.72))) / 2
    return items.first(items.share(0.44, 0.56)) - shoulders


def _shaft(items: _Items) -> np.ndarray:
    """The height of the rear half of a shoe, in widths; shoes point to the left."""
    rear = 1 - items.first(items.share(0.55, 0.95))
    return rear * items.height / items.width


def _heel(items: _Items) -> np.ndarray:
    """How high the sole is above the ground before the heel."""
    return items.last(items.share(0.45, 0.7))


def _slit(items: _Items) -> np.ndarray:
    """The share of the lower half of the middle that is empty: the gap between two legs."""
    middle = items.share(0.42, 0.58)[:, None, :] & np.ones_like(items.mask)
    y = np.arange(items.mask.shape[1]) + 0.5
    low = y[None, :] > ((items.top + items.bottom) / 2)[:, None]
    low &= y[None, :] < items.bottom[:, None]
    where = middle & low[:, :, None]
    return (where & ~items.mask).sum((1, 2)) / np.maximum(where.sum((1, 2)), 1)


_BRIGHTNESS = {"brightness": lambda items: items.mean(items.grey)}
_LENGTH = {"length": lambda items: items.height / items.width}
_TOP = {**_LENGTH, "sleeve length": _sleeve, "neckline depth": _neckline}
_SHOE = {"shaft height": _shaft, "heel height": _heel}
# Of the classes of Fashion-MNIST, in small letters.
_OF_CLASS: dict[str, Mapping[str, Callable[[_Items], np.ndarray]]] = {
    **{name: _TOP for name in ("t-shirt/top", "pullover", "dress", "coat", "shirt")},
    **{name: _SHOE for name in ("sandal", "sneaker", "ankle boot")},
    "trouser": {**_LENGTH, "gap between the legs": _slit},
    "bag": {"height": lambda items: items.height / items.width},
}
_OF_ALL = {"height": lambda items: items.height, "width": lambda items: items.width}


def attributes(images: np.ndarray, class_name: str) -> dict[str, np.ndarray]:
    """Attributes [N] by name, measured on images uint8 [N, C, H, W] of items of one class: of
    garments of Fashion-MNIST their parts, of all others the size; brightness and, of colour
    images, how colourful, warm and green the item is."""
    items = _Items(images)
    measured = _OF_CLASS.get(class_name.lower(), _OF_ALL) | _BRIGHTNESS
    found = {name: np.asarray(measure(items), float) for name, measure in measured.items()}
    if images.shape[1] == 3:
        red, green, blue = items.values.transpose(1, 0, 2, 3)
        span = items.values.max(1) - items.values.min(1)
        found |= {
            "colourfulness": items.mean(span).astype(float),
            "warmth": items.mean(red - blue).astype(float),
            "green": items.mean(green - (red + blue) / 2).astype(float),
        }
    return {name: np.where(items.found, values, np.nan) for name, values in found.items()}


def factors(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The columns [N] of a data set that are numbers on a scale, not the names of kinds."""
    scales = {}
    for name, values in columns.items():
        if values.ndim == 1 and values.dtype.kind in "iuf":
            known = values[np.isfinite(values)]
            if len(np.unique(known[:5000])) > _MAX_COLUMN_KINDS:
                scales[name] = values.astype(float)
    return scales
