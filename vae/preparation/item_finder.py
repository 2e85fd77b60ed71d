"""Finds the one item in a photograph or drawing, on a ground that need not be even.

A ground that light falls on from one side, or that gets darker to the corners, is a smooth
surface: a polynomial of the place, fitted robustly to the border and then to all that it
explains. What departs from it by more than its grain belongs to the item; what is darker, of the
ground's own colour and reached from the ground without an edge is a shadow.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy import ndimage

_SIDE = 256  # pixels, of the longer side of the picture in which the item is sought
_SMALLEST = 8  # pixels, of its shorter side
_EDGE = 0.06  # of a side, the border of the picture
_RIM = 0.15  # of a side, within which something is less likely the item
_LEAST = 6.0  # grey levels from the ground, below which nothing belongs to an item
_SURE = 14.0  # grey levels that some part of an item is away from the ground
_FAR = 40.0  # grey levels from the ground, above which it does not matter how far
_SPREADS = 4.5  # of the ground's grain, below which nothing belongs to an item
_FAINT = 0.2  # of what certainly is the item, to which its fainter parts reach
_SOFT = 0.25  # of the steepness of the item's edges, that a shadow's are below
_AREA = 0.002  # of the picture, that an item has at least
_BRIGHT = 0.9  # contrast of the bright parts of nearly all of Fashion-MNIST
_PURE = 10  # grey levels from black or white up to which a ground is one of these
_ALL = np.ones((3, 3), bool)  # neighbours also across corners
Box = tuple[int, int, int, int]


class Item(NamedTuple):
    """The pixels of an item, bool [H, W], its `box` (left, top, right, bottom) in pixels, the
    `ground` behind it, float32 [H, W, C], and whether it is `darker` than that."""

    mask: np.ndarray
    box: Box
    ground: np.ndarray
    darker: bool


def find_item(picture: np.ndarray) -> Item | None:
    """The item of a picture uint8 [H, W, C] or [H, W]; None where nothing stands out."""
    picture = np.atleast_3d(picture)
    height, width = picture.shape[:2]
    small = _reduced(picture)
    if min(small.shape[:2]) < _SMALLEST:
        return None
    ground, grain = _ground(small)
    mask = _item(small, ground, grain)
    if mask is None:
        return None
    darker = bool((small - ground)[mask].sum() < 0)
    size = width, height
    full = np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).resize(size)) > 127
    rows, columns = np.flatnonzero(full.any(1)), np.flatnonzero(full.any(0))
    if not len(rows):
        return None
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    behind = [Image.fromarray(g).resize(size) for g in ground.transpose(2, 0, 1)]
    return Item(full, box, np.stack([np.asarray(g) for g in behind], 2).clip(1, 255), darker)


def _reduced(picture: np.ndarray) -> np.ndarray:
    """float32 [h, w, C], of at most `_SIDE` pixels, without the finest grain."""
    height, width = picture.shape[:2]
    scale = min(1, _SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    bands = [
        Image.fromarray(np.ascontiguousarray(picture[..., c])) for c in range(picture.shape[2])
    ]
    small = np.stack([np.asarray(b.resize(size, Image.Resampling.BOX)) for b in bands], 2)
    return ndimage.gaussian_filter(small.astype(np.float32), (0.8, 0.8, 0))


def _basis(height: int, width: int, degree: int) -> np.ndarray:
    """Products of powers of the place [h * w, terms], up to a total degree."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]
    return np.stack([(x**i * y**j).ravel() for i, j in powers], 1)


def _fit(basis: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients [terms, C] by iteratively reweighted least squares, in which what lies far
    from the fit counts less and less (Geman and McClure), and the median distance."""
    weights = np.ones(len(values), np.float32)
    for _ in range(10):
        weighted = basis * weights[:, None]
        normal = basis.T @ weighted + 1e-3 * np.eye(basis.shape[1], dtype=np.float32)
        coefficients = np.linalg.solve(normal, weighted.T @ values)
        away = _away(values, basis, coefficients)
        spread = max(1.0, float(np.median(away)))
        weights = 1 / np.square(1 + np.square(away / (2 * spread)))
    return coefficients, spread


def _ground(small: np.ndarray) -> tuple[np.ndarray, float]:
    """The ground everywhere, float32 [h, w, C], and its grain in grey levels.

    Of the border, one or two sides may show something else: the sides that explain the most of
    the picture are taken."""
    height, width, channels = small.shape
    values = small.reshape(-1, channels)
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    sides = np.stack([y, 1 - y, x, 1 - x]).reshape(4, -1) < _EDGE
    basis, best = _basis(height, width, 2), np.inf
    for taken in (range(4), *combinations(range(4), 3), *combinations(range(4), 2)):
        some = np.flatnonzero(sides[list(taken)].any(0))
        some = some[:: max(1, len(some) // 1000)]
        coefficients, spread = _fit(basis[some], values[some])
        away = _away(values, basis, coefficients)
        misses = np.minimum(away, _FAR).mean()
        if misses < 0.9 * best:
            best, explained = misses, away < max(4 * spread, _LEAST)
        if explained[sides.any(0)].mean() > 0.9:
            break
    basis = _basis(height, width, 4)
    some = np.flatnonzero(explained)
    some = some[:: max(1, len(some) // 8000)]
    coefficients, spread = _fit(basis[some], values[some])
    return (basis @ coefficients).reshape(small.shape).clip(1, 255).astype(np.float32), spread


def _away(values: np.ndarray, basis: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(values - basis @ coefficients).mean(1))


def _changes(small: np.ndarray, ground: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How far each pixel is from the ground in grey levels, colour counting twice, how much
    lighter it is as a part of the ground, and how far it is in colour alone: [h, w] each."""
    change = small - ground
    light = (change * ground).sum(2) / np.square(ground).sum(2)
    colour = np.square(change - light[..., None] * ground).mean(2)
    return np.sqrt(np.square(change).mean(2) + 3 * colour), light, np.sqrt(colour)


def _otsu(values: np.ndarray) -> float:
    """The threshold between two groups of values of the largest variance between them."""
    count, edges = np.histogram(values, 128)
    middle = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(count)
    above = below[-1] - below
    sums = np.cumsum(count * middle)
    total = sums[-1]
    parted = (below > 0) & (above > 0)
    if not parted.any():  # all values are alike
        return float(values.max())
    below, above, sums, middle = (part[parted] for part in (below, above, sums, middle))
    between = below * above * np.square(sums / below - (total - sums) / above)
    return float(middle[between.argmax()])


def _item(small: np.ndarray, ground: np.ndarray, grain: float) -> np.ndarray | None:
    """The pixels of the item [h, w], from those that certainly are to fainter ones beside them."""
    distance, light, colour = _changes(small, ground)
    low = max(_LEAST, _SPREADS * grain)
    high = max(_SURE, low, _otsu(distance))
    low = max(low, _FAINT * high)
    plain = distance <= low
    mask = ndimage.binary_propagation(distance > high, mask=~plain, structure=_ALL)
    if not mask.any():
        return None
    bands = small.transpose(2, 0, 1)
    steep = np.max([ndimage.gaussian_gradient_magnitude(band, 1) for band in bands], 0)
    soft = steep < max(2.0, _SOFT * float(np.percentile(steep[mask], 90)))
    shadow = mask & soft & (light < 0) & (colour < low)
    left = mask & ~ndimage.binary_propagation(plain, mask=plain | shadow)
    # If little were left, the edges of the item itself are soft.
    return _largest(left if distance[left].sum() > 0.5 * distance[mask].sum() else mask, distance)


def _largest(mask: np.ndarray, distance: np.ndarray) -> np.ndarray | None:
    """The part that stands out most, and those near it, such as the other shoe of a pair."""
    side = max(mask.shape)
    closed = ndimage.binary_closing(np.pad(mask, 8), iterations=max(1, side // 100))[8:-8, 8:-8]
    number, count = ndimage.label(closed | mask, structure=_ALL)
    index = np.arange(1, count + 1)
    # What lies along the border is more likely something beside the item.
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) / n for n in mask.shape)
    inner = (np.minimum.outer(rows, columns).clip(0.002, _RIM) / _RIM) ** 2
    whole, weight = (ndimage.sum_labels(mask * distance * w, number, index) for w in (1, inner))
    best = int(weight.argmax())
    if mask[number == best + 1].sum() < _AREA * mask.size:
        return None
    away = ndimage.distance_transform_edt(number != best + 1)
    away = ndimage.minimum(away, number, index) / side
    kept = (weight > 0.15 * weight[best]) & (away < 0.15)
    kept |= (weight > 0.01 * weight[best]) & (away < 0.05)
    kept &= weight > 0.25 * whole
    kept[best] = True
    return mask & np.isin(number, index[kept])


def on_black(picture: np.ndarray, item: Item) -> np.ndarray:
    """The item as bright as its contrast on a black ground, uint8 [H, W].

    In each channel contrast is how far a value is on its way from the ground to black or to white,
    so light that falls unevenly does not count. An item of little contrast on a ground that is
    neither is made brighter."""
    values, ground = np.atleast_3d(picture).astype(np.float32), item.ground
    down, up = (ground - values) / ground, (values - ground) / (256 - ground)
    contrast = np.sqrt(np.square(np.maximum(down, up)).mean(2))
    top = max(0.05, float(np.percentile(contrast[item.mask], 95)))
    if _PURE < np.median(ground) < 255 - _PURE:  # on white or black the contrast is exact
        contrast *= max(1, _BRIGHT / top)
    # The edge of the item is half ground: one more pixel is kept.
    wider = max(1, max(item.mask.shape) // _SIDE)
    contrast[~ndimage.binary_dilation(item.mask, iterations=wider)] = 0
    return (contrast * 255).clip(0, 255).round().astype(np.uint8)
