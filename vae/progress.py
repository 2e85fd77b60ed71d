"""How long work says how far it is."""

from collections.abc import Callable

# Called with (steps done, steps in all); may raise to end the work.
Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """The default: nothing is reported."""
