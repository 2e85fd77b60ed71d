"""The options that all exports of images have, and their checks."""

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import AtelierError

MIN_SIZE = 28  # pixels of an image's height


class ExportError(AtelierError):
    """A file that cannot be written."""


@dataclass(frozen=True)
class ExportOptions:
    """The format of a file, the height of an image in pixels, the method of enlargement; the speed
    and the `playback` of an animation; the background, a key of `contact_sheet.BACKGROUNDS`, and
    the `choke` of what is cut out for it (`cut_out`)."""

    format: str
    size: int = 224
    method: str = "refined"
    fps: float = 12.0
    playback: str = "loop"
    background: str = "white"
    choke: float = 0.0


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise ExportError(f"the {name} is {value!r}; expected one of {', '.join(known)}")


def check_height(size: int, largest: int) -> None:
    if not MIN_SIZE <= size <= largest:
        raise ExportError(f"the size is {size} pixels; expected {MIN_SIZE} to {largest}")
