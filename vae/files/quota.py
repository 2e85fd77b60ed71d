"""How much of the disk a visitor may fill with what is kept for them: their runs and models."""

from collections.abc import Iterable
from pathlib import Path

from .. import limits
from ..errors import AtelierError
from . import owners
from .owners import Visitor


class QuotaError(AtelierError):
    """A visitor who keeps as much as they may."""


def check(by: Visitor | None, kept: Iterable[tuple[str, Path]], adding: int = 0) -> None:
    """Raises `QuotaError` where a visitor may not add so many bytes to the folders that are kept,
    given with their titles. The person at this machine and the command line are not limited."""
    if by is None or by.local:
        return
    most, total, own = limits.current(), adding, {}
    for title, folder in kept:
        owner = owners.owner_of(folder)
        if owner is None:
            continue
        size = size_of(folder)
        total += size
        if owner == by.id:
            own[title] = own.get(title, 0) + size
    taken, advice = adding + sum(own.values()), "wait until others have deleted some"
    if own:
        largest = max(own, key=own.get)
        advice = f"delete some, the largest is {largest} ({_mb(own[largest])} MB)"
    limit_of = {"your": (taken, most.kept_per_visitor_mb), "all": (total, most.kept_mb)}
    for whose, (size, mb) in limit_of.items():
        if size >= mb * 2**20:
            would = "would take" if adding else "take"
            raise QuotaError(
                f"{whose} runs and models {would} {_mb(size)} MB; at most {mb:,} MB: {advice}"
            )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, without those that vanish meanwhile."""
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:
            continue
    return total


def _mb(size: int) -> str:
    return f"{size / 2**20:,.0f}"
