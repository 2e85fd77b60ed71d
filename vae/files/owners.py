"""Whose a folder is: a run or a model that a visitor of the pages made is changed by them alone.

The file `owner` in it holds a hash of the visitor's secret key, which gives no rights. Folders
that are listed in `bundled.txt` beside them belong to nobody.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from ..errors import AtelierError
from . import atomic

FILE, BUNDLED = "owner", "bundled.txt"


class OwnerError(AtelierError):
    """A change of something that belongs to somebody else."""


class Visitor(NamedTuple):
    """Who asks for a change: the hash of their key, and whether they are the person at this
    machine, to whom belongs what has no owner."""

    id: str
    local: bool = False


def visitor_of(key: str, *, local: bool = False) -> Visitor:
    """The visitor with a secret key."""
    return Visitor(hashlib.sha256(f"latent-atelier {key}".encode()).hexdigest()[:32], local)


def owner_of(folder: Path) -> str | None:
    """The id of the owner; None without one, "" where it cannot be read."""
    try:
        return (folder / FILE).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return ""


def may_change(folder: Path, by: Visitor | None) -> bool:
    """Whether somebody may change a folder. None is who does not ask over the network, such as
    the command line, and may change all."""
    owner = owner_of(folder)
    if by is None or owner is not None:
        return by is None or owner == by.id
    return by.local and folder.name not in bundled(folder.parent)


def bundled(folder: Path) -> frozenset[str]:
    """The names of the folders in `folder` that came with the program."""
    listed = folder / BUNDLED
    return frozenset(listed.read_text("utf-8").split() if listed.is_file() else ())


def check(folder: Path, by: Visitor | None, name: str) -> None:
    """Raises `OwnerError` unless `by` may change the folder."""
    if not may_change(folder, by):
        raise OwnerError(f"{name} belongs to someone else, who alone can change it; make your own")


def record(folder: Path, by: Visitor | None) -> None:
    """Makes a folder that of `by`. Raises OSError."""
    if by is not None:
        atomic.write(folder / FILE, by.id)
