"""How pixel values of any type and range become bytes: one scale for the whole data set."""

from collections.abc import Iterator

import numpy as np

from ..formats.untrusted import DataError

_OVER = 0.05  # of a range, by which resampled floats may overshoot it
Range = tuple[float, float]


def value_range(images: np.ndarray) -> Range:
    """The least and the largest finite value; (inf, -inf) without any."""
    low, high = np.inf, -np.inf
    for rows in parts(images):
        part = images[rows]
        finite = part[np.isfinite(part)] if part.dtype.kind == "f" else part
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    return low, high


def levels(name: str, *ranges: Range) -> Range:
    """The values that become 0 and 255, from the least and the largest value of each split.

    That is 0 and 1, -1 and 1, or 0 and 255 for values that fill more than a tenth of one of these
    ranges; else the largest value for those from 0, as masks of 0 and 1 in bytes or digits of 0 to
    16; and the least and the largest for all others, such as those of 12 or 16 bits. Raises
    `DataError` for splits on different scales, and for images that are all of one value.
    """
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if not low < high:
        what = "no number" if low > high else f"{low:g}"
        raise DataError(f"all pixels of {name} are {what}; a model has nothing to learn there")
    least = min((top for bottom, top in ranges if top > bottom), default=high)
    if high > 10 * abs(least):
        raise DataError(
            f"{name} has values up to {high:g} in one split and up to {least:g} in the other; "
            "bring them to one scale"
        )
    for bottom, top in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        over = _OVER * min(top - bottom, high - low)
        if bottom - over <= low and high <= top + over:
            return (bottom, top if high > top / 10 else high)
    return low, high


def to_bytes(images: np.ndarray, levels: Range) -> np.ndarray:
    """uint8: values from `levels` to 0 and 255; what is no number becomes 0. Bytes from 0 to 255
    are returned as they are."""
    if images.dtype == np.uint8 and levels == (0.0, 255.0):
        return images
    low, high = levels
    found = np.empty(images.shape, np.uint8)
    for rows in parts(images):
        scaled = (images[rows].astype(np.float64) - low) * (255 / (high - low))
        scaled = np.nan_to_num(scaled, nan=0, posinf=255, neginf=0)
        found[rows] = scaled.clip(0, 255).round()
    return found


def parts(images: np.ndarray) -> Iterator[slice]:
    """Slices of rows with some millions of values each, for arithmetic in little memory."""
    step = max(1, 4_000_000 // max(1, images[:1].size))
    return (slice(start, start + step) for start in range(0, len(images), step))
