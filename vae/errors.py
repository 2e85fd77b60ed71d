"""The one base of every error that is a user's to mend."""

from collections.abc import Iterator
from contextlib import contextmanager


class AtelierError(ValueError):
    """A sentence for the user: what came, what was expected, what to do.

    The command line prints it and exits with 2; the pages show it. Anything else that is raised
    is a fault of the program.
    """


@contextmanager
def reported(
    kind: type[AtelierError], what: str, advice: str = "", *, of: tuple = (OSError,)
) -> Iterator[None]:
    """Raises `{what} (reason); {advice}` for an error `of` these classes in the block."""
    try:
        yield
    except of as error:
        raise kind(f"{what} ({error}){'; ' if advice else ''}{advice}") from error
