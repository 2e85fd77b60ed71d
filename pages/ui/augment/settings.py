"""The settings of the Augment page, and their form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..runtime import query
from ..runtime.query import QueryField, number, whole

MAX_PER_CLASS = 1000  # of a file held by a browser session; the command line has a higher limit
MAX_SPREAD = 2.0  # a larger spread hardly gives recognisable images
MAX_CONFIDENCE = 0.99


@dataclass(frozen=True)
class AugmentSettings:
    """`per_class` images of every class, with a `spread` around its centres, of at least
    `min_confidence` by the classifier."""

    per_class: int = 100
    spread: float = 1.0
    min_confidence: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        query.check_state(self, _FIELDS)

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore these settings; those at their default are left out."""
        return query.write_query(self, _FIELDS, model, digest)


_FIELDS = (
    QueryField("per_class", "n", whole(1, MAX_PER_CLASS)),
    QueryField("spread", "sp", number(0, MAX_SPREAD)),
    QueryField("min_confidence", "min", number(0, MAX_CONFIDENCE)),
    QueryField("seed", "seed", whole(0, query.MAX_SEED)),
)


def settings_from_query(link: Mapping[str, str]) -> tuple[AugmentSettings, list[str]]:
    """The settings of a link, and its keys that could not be read."""
    return query.read_query(link, _FIELDS, AugmentSettings())
