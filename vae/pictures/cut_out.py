"""Items cut out of their ground: the alpha of an edge carries its softness, its colour is that of
the item beside it. So no ground shines through on another one.

An image C over a ground B is C = alpha F + (1 - alpha) B (Porter and Duff 1984,
https://doi.org/10.1145/800031.808606). Along the edge F is the colour of the nearest pixel inside,
and alpha the projection of C - B on F - B; inside, alpha is 1 and F = C.
"""

import numpy as np

_THRESHOLD = 0.12  # of the largest difference from the ground, from which a pixel is of the item
_ONE_COLOUR = 24  # of 255: how far pixels of a ground may be from its colour
_EDGE = 1.5  # pixels of the model's image: how far an edge reaches to both sides
_SMALL_HOLE = 0.01  # of the item


def silhouette(image: np.ndarray) -> np.ndarray:
    """Which pixels `[H, W]` of a uint8 image [H, W, C] belong to the item: with all its holes if
    it is grey, as dark parts of clothes on black are not seen through, else with small ones."""
    from scipy.ndimage import binary_fill_holes, label

    difference = np.abs(image.astype(np.float32) - _ground(image)).max(2)
    item = difference > _THRESHOLD * max(1.0, difference.max())
    filled = binary_fill_holes(item)
    if image.shape[2] == 1:
        return filled
    holes, _ = label(filled & ~item)
    small = np.bincount(holes.ravel()) <= _SMALL_HOLE * filled.sum()
    return item | (small[holes] & filled)


def has_ground(image: np.ndarray) -> bool:
    """Whether the border of a uint8 image [H, W, C] is of one colour, as a photograph's is not."""
    apart = np.abs(_border(image).astype(np.float32) - _ground(image)).max(1)
    return bool((apart < _ONE_COLOUR).mean() > 0.8)


def cut_out(image: np.ndarray, *, scale: float = 1.0, choke: float = 0.0) -> np.ndarray:
    """A uint8 image [H, W, C] as [H, W, 4] without its ground, the colour of its border.

    `scale` is how often the image was enlarged; `choke`, from 0 to below 1, the share of an edge's
    softness that is cut off.
    """
    from scipy.ndimage import (
        binary_dilation,
        binary_erosion,
        distance_transform_edt,
        gaussian_filter,
    )

    item, ground = silhouette(image), _ground(image)
    pixels = image.astype(np.float32)
    steps = max(1, round(_EDGE * scale))
    inside = binary_erosion(item, iterations=steps, border_value=1)
    inside = inside if inside.any() else item
    edge = binary_dilation(item, iterations=steps) & ~inside
    alpha = inside.astype(np.float32)
    if edge.any() and inside.any():
        row, column = distance_transform_edt(~inside, return_distances=False, return_indices=True)
        nearest = pixels[row, column]
        # Smooth, as neighbours along the edge may have far apart pixels inside: no streaks.
        near = gaussian_filter(nearest, (0.2 * steps, 0.2 * steps, 0))[edge]
        towards = near - ground
        length = np.maximum(np.square(towards).sum(1), 1e-3)
        share = np.clip(((pixels[edge] - ground) * towards).sum(1) / length, 0, 1)
        alpha[edge] = np.clip((share - choke) / (1 - choke), 0, 1)
        pixels[edge] = np.where(share[:, None] < 1, near, pixels[edge])
    colour = np.broadcast_to(pixels, (*item.shape, 3))
    return np.dstack([colour, 255 * alpha]).round().astype(np.uint8)


def over(cut: np.ndarray, ground: tuple[int, int, int]) -> np.ndarray:
    """A cut-out uint8 [H, W, 4] on a ground, uint8 [H, W, 3]."""
    alpha = cut[..., 3:].astype(np.float32) / 255
    return (alpha * cut[..., :3] + (1 - alpha) * np.array(ground)).round().astype(np.uint8)


def _ground(image: np.ndarray) -> np.ndarray:
    """The colour `[C]` of the ground: that of the most usual pixel of the border."""
    return np.median(_border(image), axis=0).astype(np.float32)


def _border(image: np.ndarray) -> np.ndarray:
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
