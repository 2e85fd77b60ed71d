"""Images that people submit to be judged: each is read or refused on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np

from .dataset import DataError
from .image_zip import entries_of_zip
from .uploads import AS_IT_IS, needed, open_image, prepare

MOST_FILES = 20_000
Watch = Callable[[int, int], None]
Entry = tuple[str, Callable[[], bytes]]


class Submitted(NamedTuple):
    """The `paths` of files, for each the reason why it was `refused` or None, and in the same
    order the `images` uint8 [N, C, H, W] of those that were not."""

    paths: tuple[str, ...]
    refused: tuple[str | None, ...]
    images: np.ndarray

    @property
    def accepted(self) -> tuple[str, ...]:
        """The paths of the images."""
        return tuple(p for p, why in zip(self.paths, self.refused, strict=True) if why is None)


def entries(files: Sequence[tuple[str, bytes]]) -> list[Entry]:
    """Of named files, the images: those in a .zip by their path in it, any other as it is.

    Raises `DataError` for a .zip that holds no image or cannot be opened, and for too many files.
    """
    found: list[Entry] = []
    for name, content in files:
        if not name.lower().endswith(".zip"):
            found.append((name, lambda content=content: content))
            continue
        inside = entries_of_zip(content, name)
        if not inside:
            raise DataError(f"{name} holds no image; expected PNG, JPEG or WebP files")
        found += [(str(PurePosixPath(*parts)), read) for parts, read in inside]
    if len(found) > MOST_FILES:
        raise DataError(f"{len(found):,} files came; at most {MOST_FILES:,} at once")
    return found


def read(
    files: Iterable[Entry],
    shape: tuple[int, int, int],
    *,
    as_is: bool = False,
    watch: Watch = lambda done, of: None,
) -> Submitted:
    """Reads files one by one as images of a model's shape [C, H, W].

    A picture of the model's own size is taken as it is. Any other is prepared: inverted where its
    ground is light, cut to its item, resized; with `as_is` only resized. `watch` may raise.
    """
    files, images, refused = list(files), [], []
    for done, (path, content) in enumerate(files):
        if done % 50 == 0:
            watch(done, len(files))
        try:
            images.append(_prepared(content(), path, shape, as_is))
            refused.append(None)
        except (OSError, ValueError) as error:
            refused.append(str(error))
    watch(len(files), len(files))
    stack = np.stack(images) if images else np.zeros((0, *shape), np.uint8)
    return Submitted(tuple(path for path, _ in files), tuple(refused), stack)


def _prepared(content: bytes, name: str, shape: tuple, as_is: bool) -> np.ndarray:
    image = open_image(content, PurePosixPath(name).name)
    return prepare(image, shape, AS_IT_IS if as_is else needed(image, shape))
