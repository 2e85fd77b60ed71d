"""The settings of the Clusters page, and their form in the address bar. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vae.analysis.clustering import METHODS, number_range

from ..runtime import query
from ..runtime.location import SHOW_FIELD, column_name
from ..runtime.query import InvalidValueError, QueryField, one_of, whole

COLOURS = ("clusters", "classes")
COLUMN = "column:"  # before the name of a column in place of these
DEFAULT_NUMBER = {"k-means": 10, "mixture": 10, "mixture-diagonal": 10, "hdbscan": 100}
MAX_NAME_LENGTH = 40


@dataclass(frozen=True)
class ClusterSettings:
    """Method, number of clusters (HDBSCAN: min_cluster_size), seed; the selected cluster, what the
    colours show, the names (cluster, name) given by the visitor, and which items are clustered, as
    in `Items`."""

    method: str = "k-means"
    number: int = 10
    seed: int = 0
    selected: int = 0
    colour: str = "clusters"
    names: tuple[tuple[int, str], ...] = ()
    show: str = ""

    @property
    def key(self) -> tuple[str, int, int, str]:
        """What determines the clusters."""
        return self.method, self.number, self.seed, self.show

    def name(self, k: int) -> str:
        return dict(self.names).get(k, f"Cluster {k + 1}")

    def named(self, k: int, name: str) -> "ClusterSettings":
        """A copy with another name for cluster k; an empty one removes the name."""
        names = dict(self.names) | {k: clean_name(name)}
        return replace(self, names=tuple(sorted((k, n) for k, n in names.items() if n)))

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore these settings; those at their default are left out."""
        return query.write_query(self, (_METHOD, *_fields(self.method)), model, digest)


_METHOD = QueryField("method", "by", one_of(METHODS))


def _fields(method: str) -> tuple[QueryField, ...]:
    default = DEFAULT_NUMBER[method]
    return (
        QueryField(
            "number", "k", whole(*number_range(method)), when=lambda s: s.number != default
        ),
        QueryField("seed", "seed", whole(0, query.MAX_SEED)),
        SHOW_FIELD,
        QueryField("selected", "c", _cluster, format=lambda k: str(k + 1)),
        QueryField("colour", "colour", _colour),
        QueryField("names", "names", _names, json.loads, _names_text),
    )


def _cluster(value: str) -> int:
    """The index of a cluster, which links count from 1."""
    return whole(1, 1000)(value) - 1


def _colour(value: str) -> str:
    """One of `COLOURS`, or a column, which may not exist."""
    if isinstance(value, str) and value.startswith(COLUMN):
        return COLUMN + column_name(value.removeprefix(COLUMN))
    return one_of(COLOURS)(value)


def _text(value: str) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("it is not text")
    return value


def _names(names: dict) -> tuple[tuple[int, str], ...]:
    clean_names = ((_cluster(k), clean_name(_text(name))) for k, name in names.items())
    return tuple(sorted((k, name) for k, name in clean_names if name))


def _names_text(names: tuple[tuple[int, str], ...]) -> str:
    shown = {str(k + 1): name for k, name in names}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def settings_from_query(link: Mapping[str, str]) -> tuple[ClusterSettings, list[str]]:
    """The settings of a link, and its keys that could not be read."""
    found, unreadable = query.read_query(link, (_METHOD,), ClusterSettings())
    found = replace(found, number=DEFAULT_NUMBER[found.method])
    found, others = query.read_query(link, _fields(found.method), found)
    return found, unreadable + others


@dataclass(frozen=True)
class ClusterCommand:
    """A command of the map: to `choose` a cluster, to `rename` it, to `draw` samples from it, or
    to `colour` by clusters, by classes or by a column."""

    turn: int
    do: str
    cluster: int
    name: str = ""


def _index(value: int) -> int:
    if type(value) is not int:
        raise InvalidValueError("it is not an integer")
    return whole(0, 999)(value)


_COMMAND = {
    "turn": whole(0, 2**53),
    "do": one_of(("choose", "rename", "draw", "colour")),
    "cluster": _index,
    "name": _text,
}


def command_from_map(value: Mapping) -> ClusterCommand:
    """The message of the map. Raises `InvalidValueError`; the cluster may not exist."""
    command = ClusterCommand(**query.read_message(value, _COMMAND))
    if command.do == "colour":
        _colour(command.name)
    return command


def clean_name(name: str) -> str:
    """One line of at most 40 characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:MAX_NAME_LENGTH]
