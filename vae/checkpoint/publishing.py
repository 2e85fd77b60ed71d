"""A new model among the checkpoints that all pages show: under a free name, within what its owner
may keep, and whole or not there."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AtelierError, reported
from ..files import atomic, owners, quota
from ..files.owners import Visitor

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@contextmanager
def publishing(
    target: Path,
    size: int,
    kept: Iterable[tuple[str, Path]],
    by: Visitor | None,
    error: type[AtelierError],
) -> Iterator[Path]:
    """Yields the path of a folder that does not exist yet. What is written there, about `size`
    bytes, becomes the model `target` of `by`, who already keeps what `kept` names. Raises `error`
    for a name that cannot be used, and `QuotaError`."""
    if not _NAME.fullmatch(target.name):
        raise error(
            f"the name is {target.name[:70]!r}; expected a-z, 0-9 and -, at most 60 characters"
        )
    if target.exists():
        raise error(f"{target.name} exists already; choose another name")
    quota.check(by, kept, size)
    with (
        reported(error, f"{target.name} could not be written"),
        atomic.replacing(target) as temporary,
    ):
        yield temporary
        owners.record(temporary, by)
