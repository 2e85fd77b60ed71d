"""How items are grouped, and the form of it in the address bar. Pure: no Streamlit here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vae.analysis.clustering import METHODS, range_of

from ..runtime.query import (
    MAX_SEED,
    QueryField,
    model_query,
    one_of,
    read_query,
    whole,
    write_query,
)

COLOURS = ("clusters", "classes")
FIRST_NUMBER = {"k-means": 10, "mixture": 10, "mixture-diagonal": 10, "hdbscan": 100}
LONGEST_NAME = 40


@dataclass(frozen=True)
class Grouping:
    """Method, number of clusters (HDBSCAN: items of the smallest), seed; the chosen cluster, what
    colours mean, and the names (cluster, name) that the visitor gave."""

    method: str = "k-means"
    number: int = 10
    seed: int = 0
    chosen: int = 0
    colour: str = "clusters"
    names: tuple[tuple[int, str], ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        """What decides about the clusters."""
        return self.method, self.number, self.seed

    def name(self, k: int) -> str:
        return dict(self.names).get(k, f"Cluster {k + 1}")

    def named(self, k: int, name: str) -> "Grouping":
        """With another name for cluster k; an empty one takes the name away."""
        names = dict(self.names) | {k: cleaned(name)}
        return replace(self, names=tuple(sorted((k, n) for k, n in names.items() if n)))

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this grouping; those at their default are left out."""
        return model_query(model, digest) | write_query(self, (_METHOD, *_fields(self.method)))


_METHOD = QueryField("method", "by", one_of(METHODS))


def _fields(method: str) -> tuple[QueryField, ...]:
    first = FIRST_NUMBER[method]
    return (
        QueryField("number", "k", whole(*range_of(method)), when=lambda g: g.number != first),
        QueryField("seed", "seed", whole(0, MAX_SEED)),
        QueryField("chosen", "c", _cluster, format=lambda k: str(k + 1)),
        QueryField("colour", "colour", one_of(COLOURS)),
        QueryField("names", "names", _names, json.loads, _names_text),
    )


def _cluster(value: str) -> int:
    """The index of a cluster, which links count from 1."""
    return whole(1, 1000)(value) - 1


def _names(names: dict) -> tuple[tuple[int, str], ...]:
    if not all(isinstance(name, str) for name in names.values()):
        raise ValueError("a name is not text")
    cleaned_names = ((_cluster(k), cleaned(name)) for k, name in names.items())
    return tuple(sorted((k, name) for k, name in cleaned_names if name))


def _names_text(names: tuple[tuple[int, str], ...]) -> str:
    shown = {str(k + 1): name for k, name in names}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def grouping_from_query(query: Mapping[str, str], first: Grouping) -> tuple[Grouping, list[str]]:
    """The grouping of a link, and the keys of what in it could not be read."""
    found, unreadable = read_query(query, (_METHOD,), first)
    found = replace(found, number=FIRST_NUMBER[found.method])
    found, others = read_query(query, _fields(found.method), found)
    return found, unreadable + others


@dataclass(frozen=True)
class ClusterAsk:
    """What the map asks for: to `choose` a cluster, to `rename` it, to `draw` samples like it, or
    to `colour` by clusters or by classes."""

    turn: int
    do: str
    cluster: int
    name: str = ""


def ask_from_map(value: Mapping) -> ClusterAsk:
    """The message of the map. Raises ValueError for one that cannot be, whatever the clusters."""
    turn, do, k, name = (value.get(part) for part in ("turn", "do", "cluster", "name"))
    if do not in ("choose", "rename", "draw", "colour"):
        raise ValueError(f"{do!r} is nothing to do")
    whole = all(isinstance(v, int) and not isinstance(v, bool) for v in (turn, k))
    if not whole or k < 0:
        raise ValueError(f"{k!r} is no number of a cluster")
    if not isinstance(name, str) or (do == "colour" and name not in COLOURS):
        raise ValueError("the name is no text that is known")
    return ClusterAsk(turn, do, k, name)


def cleaned(name: str) -> str:
    """One line of at most 40 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:LONGEST_NAME]
