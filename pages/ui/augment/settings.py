"""What labelled images are to be made, and its form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

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
        query = {"m": model, "d": digest[:12]}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                query[_KEYS[field.name]] = str(value)
        return query


_KEYS = {"per_class": "n", "spread": "sp", "least": "min", "seed": "seed"}
_RANGES = {
    "per_class": (1, MOST_PER_CLASS),
    "spread": (0.0, WIDEST),
    "least": (0.0, SURE),
    "seed": (0, 2**31 - 1),
}


def request_from_query(query: Mapping[str, str]) -> tuple[AugmentRequest, list[str]]:
    """The request of a link, and the names of what in it could not be read."""
    request, broken = AugmentRequest(), []
    for name, key in _KEYS.items():
        if key not in query:
            continue
        low, high = _RANGES[name]
        try:
            value = type(low)(query[key])
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            broken.append(key)
        else:
            request = replace(request, **{name: value})
    return request, broken
