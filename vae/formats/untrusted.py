"""Files from outside: whatever a library raises over their bytes becomes one sentence."""

import math
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AtelierError


class DataError(AtelierError):
    """A data set that cannot be read."""


@contextmanager
def untrusted(
    name: str, failed: str, advice: str = "copy it again", kind: type[DataError] = DataError
) -> Iterator[None]:
    """Raises `{name} {failed} (reason); {advice}` for any error in the block, which holds calls of
    libraries on foreign bytes: what these raise is of all kinds, and undocumented."""
    try:
        yield
    except AtelierError:
        raise
    except MemoryError as error:
        raise kind(f"{name:.99} takes more memory than there is; make it smaller") from error
    except Exception as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise kind(f"{name:.99} {failed} ({reason}); {advice}") from error


def read_regular(path: Path, most: float = math.inf, *, count: int = -1) -> bytes:
    """The first `count` bytes of a file, by default all. Raises `DataError` for one of more than
    `most` bytes, and for a pipe or a device, which would be read for ever."""
    with untrusted(path.name, "cannot be read"):
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise DataError(f"{path.name:.99} is no regular file; copy the file itself there")
        if found.st_size > most:
            raise DataError(f"{path.name:.99} has {found.st_size:,} bytes; at most {most:,.0f}")
        with path.open("rb") as file:
            return file.read(count)
