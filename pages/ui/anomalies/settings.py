"""What is asked on the Anomalies page, and its form in the address bar.

Links and the histogram's messages are read with every value checked. Pure: no Streamlit here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vae.anomaly.scores import DEFAULT
from vae.data.corruptions import CORRUPTIONS

from ..runtime.query import (
    MAX_SEED,
    QueryField,
    always,
    model_query,
    number,
    one_of,
    optional,
    read_message,
    read_query,
    whole,
    write_query,
)

SUSPECTS = {
    "data": "Images of other data",
    "class": "One class, held out",
    "damage": "Damaged copies",
    "own": "My own images",
    "none": "None: only look at the data",
}
OTHER_DATA = {"digits": "Handwritten digits", "fashion-mnist-starter": "Fashion-MNIST"}
LISTS = {"suspects": "Suspects", "normal": "Normal images"}
COUNTS = (12, 24, 48, 96)


class Choices(NamedTuple):
    """What a model leaves to choose from: its scores, its class names, other data."""

    scores: Sequence[str]
    classes: Sequence[str]
    data: Sequence[str]


@dataclass(frozen=True)
class Inquiry:
    """`which` are the suspects' data, `label` the class held out, `damage` and `seed` how copies
    are damaged, `only` the one class that counts as normal; a `threshold` set by hand stands in
    for the wanted share of `false_alarms`."""

    score: str = DEFAULT
    suspects: str = "data"
    which: str = "digits"
    label: int = 0
    damage: str = "stain"
    seed: int = 0
    only: int | None = None
    false_alarms: float = 0.05
    threshold: float | None = None
    listed: str = "suspects"
    count: int = 24

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this; those that do not matter are left out."""
        return model_query(model, digest) | write_query(self, _fields(Choices((), (), ())))


def _fields(choices: Choices) -> tuple[QueryField, ...]:
    label = whole(0, len(choices.classes) - 1)
    damaged = {"when": lambda asked: asked.suspects == "damage"}
    return (
        QueryField("score", "score", one_of(choices.scores), when=always),
        QueryField("suspects", "of", one_of(SUSPECTS), when=always),
        QueryField("which", "data", one_of(choices.data), when=lambda a: a.suspects == "data"),
        QueryField("label", "c", label, when=lambda asked: asked.suspects == "class"),
        QueryField("damage", "damage", one_of(CORRUPTIONS), **damaged),
        QueryField("seed", "seed", whole(0, MAX_SEED), **damaged),
        QueryField("only", "only", label),
        QueryField("false_alarms", "fa", number(0, 1), format="{:g}".format, when=always),
        QueryField("threshold", "t", optional(number()), format=repr),
        QueryField("listed", "list", one_of(LISTS)),
        QueryField("count", "n", lambda n: one_of(COUNTS)(whole(1, max(COUNTS))(n))),
    )


def first_inquiry(choices: Choices) -> Inquiry:
    """What is asked before anything was chosen."""
    if choices.data:
        return Inquiry(choices.scores[0], which=choices.data[0])
    return Inquiry(choices.scores[0], "damage")


def inquiry_from_query(query: Mapping[str, str], choices: Choices) -> tuple[Inquiry, list[str]]:
    """The inquiry a link describes, and the names of parameters that could not be read."""
    found, unreadable = read_query(query, _fields(choices), first_inquiry(choices))
    return sound(found, choices), unreadable


def sound(asked: Inquiry, choices: Choices) -> Inquiry:
    """The nearest that a model can answer: of another model's scores, data and classes only those
    that this one has too."""
    first, labels = first_inquiry(choices), range(len(choices.classes))
    if asked.score not in choices.scores:
        asked = replace(asked, score=first.score, threshold=None)
    if asked.suspects == "data" and asked.which not in choices.data:
        asked = replace(asked, which=first.which, suspects=first.suspects, threshold=None)
    if asked.only is not None and (asked.only not in labels or len(labels) < 2):
        asked = replace(asked, only=None, threshold=None)
    if asked.suspects == "class" and len(labels) < 2:
        return replace(asked, suspects=first.suspects, threshold=None)
    if asked.label not in labels or asked.label == asked.only:
        other = next((k for k in labels if k != asked.only), 0)
        asked = replace(asked, label=other)
    return asked


def threshold_from_histogram(value: Mapping, asked: Inquiry) -> Inquiry:
    """What the histogram committed: a wanted share of false alarms, or a threshold by hand with
    the share that it gives. Raises ValueError for what is neither."""
    sent = read_message(value, _HISTOGRAM)
    return replace(asked, false_alarms=sent["share"], threshold=sent["threshold"])


_HISTOGRAM = (
    QueryField("share", "", number(0, 1)),
    QueryField("threshold", "", optional(number())),
)
