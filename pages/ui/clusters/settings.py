"""How items are grouped, and the form of it in the address bar. Pure: no Streamlit here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vae.analysis.clustering import METHODS, range_of

COLOURS = ("clusters", "classes")
FIRST_NUMBER = {"k-means": 10, "mixture": 10, "mixture-diagonal": 10, "hdbscan": 100}
LONGEST_NAME = 40
MOST_SEED = 2**31 - 1


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
        query = {"m": model, "d": digest[:12]}
        if self.method != "k-means":
            query["by"] = self.method
        if self.number != FIRST_NUMBER[self.method]:
            query["k"] = str(self.number)
        if self.seed:
            query["seed"] = str(self.seed)
        if self.chosen:
            query["c"] = str(self.chosen + 1)
        if self.colour != "clusters":
            query["colour"] = self.colour
        if self.names:
            names = {str(k + 1): name for k, name in self.names}
            query["names"] = json.dumps(names, ensure_ascii=False, separators=(",", ":"))
        return query


def grouping_from_query(query: Mapping[str, str], first: Grouping) -> tuple[Grouping, list[str]]:
    """The grouping of a link, and the names of what in it could not be read."""
    broken = []
    method = query.get("by", first.method)
    if method not in METHODS:
        method, broken = first.method, ["by"]
    found = replace(first, method=method, number=FIRST_NUMBER[method])
    for key, name, (low, high) in (
        ("k", "number", range_of(method)),
        ("seed", "seed", (0, MOST_SEED)),
        ("c", "chosen", (1, 1000)),
    ):
        text = query.get(key)
        if text is None:
            continue
        if text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high:
            found = replace(found, **{name: int(text) - (key == "c")})
        else:
            broken.append(key)
    if query.get("colour", first.colour) in COLOURS:
        found = replace(found, colour=query.get("colour", first.colour))
    else:
        broken.append("colour")
    try:
        for k, name in json.loads(query.get("names", "{}")).items():
            if not (k.isdigit() and 1 <= int(k) <= 1000 and isinstance(name, str)):
                raise ValueError
            found = found.named(int(k) - 1, name)
    except (ValueError, AttributeError):
        found = replace(found, names=())
        broken.append("names")
    return found, broken


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
