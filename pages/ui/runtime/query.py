"""Reading what an address bar holds: every part is checked, and what cannot be read is named."""

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


class Reading:
    """Reads parameters of a link one by one; `broken` names those that could not be read."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.query = query
        self.broken: list[str] = []

    def __call__(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """What `parse` makes of a parameter; `default` where it is absent or `parse` raises
        ValueError."""
        if name not in self.query:
            return default
        try:
            return parse(self.query[name])
        except ValueError:
            self.broken.append(name)
            return default
