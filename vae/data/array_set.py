"""Data sets from arrays of images in files: values, colours and labels of any kind."""

from dataclasses import replace
from functools import reduce

import numpy as np
from PIL import Image

from ..config import Preparation
from ..formats.sources import ArraySplits
from ..formats.untrusted import DataError
from ..layouts import labels
from ..preparation import choices, values
from ..preparation import picture as prepare
from ..preparation.choices import Choices
from .dataset import Dataset, Metadata, Split
from .report import Report
from .splits import holdout_split


def from_arrays(
    name: str,
    found: ArraySplits,
    size: tuple[int, int],
    wanted: Choices,
    preparation: Preparation | None = None,
) -> Dataset:
    """The data set of arrays [N, C, H, W]; validation images join those to test on. Raises
    `DataError`."""
    order = [key for key in ("train", "", "val", "test") if key in found.splits]
    arrays = [found.splits[key] for key in order]
    arrays = [(key, part) for key, part in zip(order, arrays, strict=True) if len(part.images)]
    if not arrays:
        raise DataError(f"{name} holds no images")
    channels = sorted({part.images.shape[1] for _, part in arrays})
    if len(channels) > 1:
        raise DataError(f"{name} has images of {channels} channels; expected the same in all")
    notes = [*found.notes]
    arrays = _with_labels(arrays, notes)
    shapes = {part.images.shape for _, part in arrays}
    if not all(np.prod(shape) for shape in shapes):
        raise DataError(f"{name} has images of shape {min(shapes)}, which hold no pixels")
    ranges = [values.value_range(part.images) for _, part in arrays]
    scale = _recorded_scale(preparation, ranges) or values.levels(name, *ranges)
    if scale != (0, 255):
        notes.append(f"values from {scale[0]:g} to {scale[1]:g} scaled to 0 to 255")
    images = [values.to_bytes(part.images, scale) for _, part in arrays]
    how = preparation or _choose(images, size, wanted, notes, scale)
    # Images of a data set of items are its own: only resized.
    used = replace(how, invert="no", centre=False) if how.exact else how
    images = [_prepared(part, used) for part in images]
    numbered, class_names = labels.number(
        name, [_labels(name, part) for _, part in arrays], found.class_names
    )
    numbered = [
        np.zeros(len(part), np.int64) if given is None else given
        for part, given in zip(images, numbered, strict=True)
    ]
    known = [Metadata(part.names, dict(part.columns)) for _, part in arrays]
    train = [row for row, (key, _) in enumerate(arrays) if key == "train"]
    test = [row for row, (key, _) in enumerate(arrays) if key in ("val", "test")]
    if train and test:
        parts = [_join(images, numbered, known, rows) for rows in (train, test)]
    else:
        every = _join(images, numbered, known, range(len(arrays)))
        rows = holdout_split(name, every[1], wanted.held_out)
        parts = [(every[0][r], every[1][r], every[2].take(r)) for r in rows]
    splits, metadata = [Split(*part[:2]) for part in parts], [part[2] for part in parts]
    count = sum(len(split.labels) for split in splits)
    report = Report(count, notes=tuple(notes))
    return Dataset(name, *splits, class_names, how, *metadata, report)


def _with_labels(arrays: list, notes: list[str]) -> list:
    """The splits with labels, if there are any: to the others, as Kaggle's test images, no class
    can be given. Where the training images have none, all are taken as without."""
    known = [(key, part) for key, part in arrays if part.labels is not None]
    if not known or len(known) == len(arrays):
        return arrays
    if arrays[0][1].labels is None:
        notes += [
            f"left out the labels of {key}; the training images have none" for key, _ in known
        ]
        return [(key, part._replace(labels=None)) for key, part in arrays]
    for key, part in arrays:
        if part.labels is None:
            notes.append(f"left out {len(part.images):,} images of {key}, which have no labels")
    return known


def _recorded_scale(how: Preparation | None, ranges: list[values.Range]) -> values.Range | None:
    """The values that become 0 and 255 for a model, if those of the images are on that scale."""
    if how is None or (how.white == 255 and how.levels == (0, 65535)):
        return None
    bottom, top = (0.0, how.white) if how.white != 255 else how.levels
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    fits = bottom <= low and high <= top and high - low > (top - bottom) / 10
    return (bottom, top) if fits else None


def _labels(name: str, part) -> np.ndarray | None:
    if part.labels is not None and len(part.labels) != len(part.images):
        raise DataError(
            f"{name} has {len(part.labels):,} labels for {len(part.images):,} images; "
            "expected one each"
        )
    return part.labels


def _choose(images, size, wanted: Choices, notes: list[str], scale: values.Range) -> Preparation:
    height, width = size
    channels, *sides = images[0].shape[1:]
    fit, note = choices.choose_fit(np.array([sides[::-1]], float), height, width)
    if wanted.fit != "auto":
        fit, note = wanted.fit, ""
    notes += [note] * bool(note)
    coloured = wanted.colour == "colour"
    if wanted.colour == "auto" and channels > 2:
        coloured = not all((part[:, 1:3] == part[:, :1]).all() for part in images)
    ground = wanted.ground
    if ground == "auto":
        ground = choices.choose_ground([_picture(image) for image in images[0][:60]])
        clear = channels in (2, 4) and any((part[:, -1] < 255).any() for part in images)
        notes += [f"transparent parts on {choices.colour_name(ground)}"] * clear
    how = Preparation(height, width, 3 if coloured else 1, fit, ground)
    how = replace(how, invert=wanted.invert, centre=wanted.centre)
    # So that a picture file of the same values is read alike.
    if scale[0] == 0 and scale[1] < 25.5 and float(scale[1]).is_integer():
        return replace(how, white=float(scale[1]))
    return how if scale == (0, 255) else replace(how, levels=scale)


def _prepared(images: np.ndarray, how: Preparation) -> np.ndarray:
    """uint8 [N, C, H, W]."""
    plain = how.invert == "no" and not how.centre
    if plain and images.shape[2:] == (how.height, how.width):
        if images.shape[1] == how.channels:
            return np.ascontiguousarray(images)
        if images.shape[1] == 3 and how.channels == 1 and (images[:, 1:] == images[:, :1]).all():
            return np.ascontiguousarray(images[:, :1])
        if images.shape[1] in (2, 4):  # only the ground, of all at once as one tall picture
            tall = images.swapaxes(0, 1).reshape(images.shape[1], -1, how.width)
            parts = prepare.flatten(_picture(tall), how).reshape(how.channels, -1, *how.shape[1:])
            return np.ascontiguousarray(parts.swapaxes(0, 1))
    found = np.empty((len(images), *how.shape), np.uint8)
    for row, image in enumerate(images):
        found[row] = prepare.prepare(_picture(image), how)
    return found


def _picture(image: np.ndarray) -> Image.Image:
    """L, LA, RGB or RGBA, by the number of channels."""
    pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    return Image.fromarray(np.ascontiguousarray(pixels))


def _join(images, numbered, known, rows) -> tuple[np.ndarray, np.ndarray, Metadata]:
    rows = list(rows)
    if len(rows) == 1:
        row = rows[0]
        return images[row], numbered[row], known[row]
    parts = [np.concatenate([arrays[row] for row in rows]) for arrays in (images, numbered)]
    return *parts, reduce(Metadata.join, [known[row] for row in rows])
