"""Arrays of numbers as images [N, C, H, W], whatever the order of their axes."""

import math

import numpy as np

from ..formats.untrusted import DataError

MIN_PIXELS = 16  # of an image in a flat row
_SIZES = {  # of known sets of faces
    **{560: (28, 20), 644: (28, 23), 1850: (50, 37), 2914: (62, 47), 10304: (112, 92)},
    **{11750: (125, 94), 32256: (192, 168)},
}
_EXPECTED = "expected images [N, H, W], [N, H, W, C], [N, C, H, W] or [N, pixels]"
_SAMPLE = 100  # images by which an order is chosen


def as_images(
    name: str,
    array: np.ndarray,
    *,
    count: int | None = None,
    matlab: bool = False,
    by_columns: bool = False,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """A view [N, C, H, W] of numbers of two to four dimensions, C from 1 to 4.

    `count` is the number of images, if it is known, as from labels. Files of Matlab may have it as
    their last dimension, and keep flat images `by_columns`. `size` is the height and width of flat
    images that are no squares. Raises `DataError`.
    """
    shape = array.shape
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name} has {array.dtype!s:.60} values; expected numbers")
    if array.ndim == 5 and shape[-1] == 1:
        array, shape = array[..., 0], shape[:-1]
    if array.ndim not in (2, 3, 4) or not array.size:
        raise DataError(f"{name} has shape {_text(shape)}; {_EXPECTED}, none of 0")
    if array.ndim == 4:
        return _with_channels(name, array, count, matlab)
    if array.ndim == 3:
        return _stack(name, array, count, matlab)
    return _rows(name, array, count, matlab, by_columns, size)


def is_flat(shape: tuple[int, ...]) -> bool:
    """Whether rows of a table of this shape can be images."""
    return len(shape) == 2 and shape[1] >= MIN_PIXELS and side(shape[1]) is not None


def side(pixels: int) -> tuple[int, int, int] | None:
    """Channels, height and width of a flat image of so many values, None where none is usual."""
    for channels in (1, 3):
        root = math.isqrt(pixels // channels)
        if root * root * channels == pixels and root * root >= MIN_PIXELS:
            return channels, root, root
    for channels in (1, 3):
        if pixels % channels == 0 and pixels // channels in _SIZES:
            return channels, *_SIZES[pixels // channels]
    return None


def _text(shape: tuple[int, ...]) -> str:
    return str(list(shape))[:60]


def _with_channels(name: str, array: np.ndarray, count: int | None, matlab: bool) -> np.ndarray:
    """Of all orders that are possible the one with the squarest images."""
    shape, orders = array.shape, []
    if shape[3] in (1, 2, 3, 4):
        orders.append((0, 3, 1, 2))
    if shape[1] in (1, 3, 4):
        orders.append((0, 1, 2, 3))
    if shape[2] in (1, 3, 4) and (matlab or not orders):
        orders.append((3, 2, 0, 1))
    if shape[0] in (1, 3, 4) and matlab:
        orders.append((3, 0, 1, 2))
    known = [order for order in orders if shape[order[0]] == count]
    if not orders:
        raise DataError(f"{name} has shape {_text(shape)}; {_EXPECTED} with 1 to 4 channels")

    def oblong(order: tuple[int, ...]) -> float:
        return abs(math.log(shape[order[2]] / shape[order[3]]))

    return array.transpose(min(known or orders, key=oblong))


def _stack(name: str, array: np.ndarray, count: int | None, matlab: bool) -> np.ndarray:
    first, second, third = array.shape
    if third in (3, 4) and min(first, second) > 4 and count != first:
        raise DataError(f"{name} has shape {_text(array.shape)}, a single picture; {_EXPECTED}")
    last = matlab
    if count is not None and first != third and count in (first, third):
        last = count == third
    elif second == third:
        last = False
    elif first == second:
        # Neighbours within an image are alike, one image and the next are not.
        rough = _difference(array, 2) > 1.5 * _difference(array, 0)
        last = matlab or third > 2 * first or rough
    return (array.transpose(2, 0, 1) if last else array)[:, None]


def _rows(name, array, count, matlab, by_columns, size) -> np.ndarray:
    count_last = count == array.shape[1] != array.shape[0]
    fits = [_fits(length, size) for length in array.shape]
    if (count_last and fits[0]) or (not fits[1] and fits[0] and (matlab or count is None)):
        array = array.T
    elif not fits[1]:
        raise DataError(
            f"{name} has shape {_text(array.shape)}, and {array.shape[1]} values are no square "
            f"image; {_EXPECTED}"
        )
    elif array.shape[0] == array.shape[1] and count is None and _is_picture(array):
        raise DataError(f"{name} has shape {_text(array.shape)}, a single picture; {_EXPECTED}")
    return unflatten(array, by_columns=by_columns, size=size)


def _fits(pixels: int, size: tuple[int, int] | None) -> bool:
    return side(pixels) is not None or (size is not None and pixels == math.prod(size))


def _is_picture(array: np.ndarray) -> bool:
    """Whether rows are like those beside them."""
    step = max(1, len(array) // 2)
    far = np.abs(array.astype(np.float32) - np.roll(array, step, 0).astype(np.float32)).mean()
    return _difference(array, 0) < 0.5 * float(far)


def unflatten(
    rows: np.ndarray,
    *,
    by_columns: bool = False,
    beside: bool = False,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Rows [N, pixels] as images [N, C, H, W]. Colours are one plane after the other, as in
    CIFAR-10, or `beside` each other, whichever makes clearly smoother images."""
    pixels = rows.shape[1]
    if size is not None and pixels % math.prod(size) == 0:
        channels, (height, width) = pixels // math.prod(size), size
    else:
        channels, height, width = side(pixels)
    sides = (width, height) if by_columns else (height, width)
    images = rows.reshape(-1, channels, *sides)
    if channels > 1:
        mixed = rows.reshape(-1, *sides, channels).transpose(0, 3, 1, 2)
        rough = [_difference(i, 2) + _difference(i, 3) for i in (images, mixed)]
        if rough[1] < 0.9 * rough[0] or (beside and rough[1] < 1.1 * rough[0]):
            images = mixed
    return images.transpose(0, 1, 3, 2) if by_columns else images


def _difference(array: np.ndarray, axis: int) -> float:
    """The mean difference between neighbours along an axis, of some of the images."""
    few = np.moveaxis(array[:_SAMPLE] if axis else array, axis, 0)
    few = few[:1000].astype(np.float32)
    return float(np.abs(np.diff(few, axis=0)).mean()) if len(few) > 1 else 0.0
