"""What labelled images are to be made, and its form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..runtime.query import (
    MAX_SEED,
    QueryField,
    model_query,
    number,
    read_query,
    whole,
    write_query,
)

MOST_PER_CLASS = 1000  # of a file that a browser's session holds; the command line makes more
WIDEST = 2.0  # the spread beyond which pictures show hardly a class
SURE = 0.99  # the highest least confidence that the page offers


@dataclass(frozen=True)
class AugmentRequest:
    """`per_class` images of every class, `spread` around its centres, kept from the judge's
    confidence `least` on."""

    per_class: int = 100
    spread: float = 1.0
    least: float = 0.5
    seed: int = 0

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this request; those at their default are left out."""
        return model_query(model, digest) | write_query(self, _FIELDS)


_FIELDS = (
    QueryField("per_class", "n", whole(1, MOST_PER_CLASS)),
    QueryField("spread", "sp", number(0, WIDEST)),
    QueryField("least", "min", number(0, SURE)),
    QueryField("seed", "seed", whole(0, MAX_SEED)),
)


def request_from_query(query: Mapping[str, str]) -> tuple[AugmentRequest, list[str]]:
    """The request of a link, and the keys of what in it could not be read."""
    return read_query(query, _FIELDS, AugmentRequest())
