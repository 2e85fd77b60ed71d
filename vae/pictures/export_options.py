"""The options that all exports of images have, and their checks."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import AtelierError

MIN_SIZE = 28  # pixels of an image's height


class ExportError(AtelierError):
    """A file that cannot be written."""


@dataclass(frozen=True)
class ImageOptions:
    """The format of a file, the height of an image in pixels, and the method of enlargement."""

    format: str
    size: int = 224
    method: str = "refined"


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise ExportError(f"the {name} is {value!r}; expected one of {', '.join(known)}")


def check_height(size: int, largest: int) -> None:
    if not MIN_SIZE <= size <= largest:
        raise ExportError(f"the size is {size} pixels; expected {MIN_SIZE} to {largest}")
