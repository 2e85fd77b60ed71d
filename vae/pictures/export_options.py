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
    (fps), the `playback` and the `ground` of a film (a colour as #rrggbb, or empty: as it is
    decoded); the background of a board, a key of `contact_sheet.BACKGROUNDS`; the `choke` of what
    is cut out for either (`cut_out`); and the paper of a contact sheet."""

    format: str
    size: int = 224
    method: str = "refined"
    fps: float = 12.0
    playback: str = "loop"
    background: str = "white"
    choke: float = 0.0
    ground: str = ""
    paper: str = "A4"


def check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise ExportError(f"the {name} is {value!r}; expected one of {', '.join(known)}")


def check_height(size: int, largest: int) -> None:
    if not MIN_SIZE <= size <= largest:
        raise ExportError(f"the size is {size} pixels; expected {MIN_SIZE} to {largest}")
