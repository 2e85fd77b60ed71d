"""What is asked on the Anomalies page, and its form in the address bar.

Links and the histogram's messages are read with every value checked. Pure: no Streamlit here.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vae.anomaly.scores import DEFAULT
from vae.data.corruptions import DAMAGES

from ..runtime.query import Reading

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
        query = {"m": model, "d": digest[:12], "score": self.score, "of": self.suspects}
        if self.suspects == "data":
            query["data"] = self.which
        if self.suspects == "class":
            query["c"] = str(self.label)
        if self.suspects == "damage":
            query |= {"damage": self.damage, "seed": str(self.seed)}
        if self.only is not None:
            query["only"] = str(self.only)
        query["fa"] = f"{self.false_alarms:g}"
        if self.threshold is not None:
            query["t"] = repr(self.threshold)
        if self.listed != Inquiry.listed:
            query["list"] = self.listed
        if self.count != Inquiry.count:
            query["n"] = str(self.count)
        return query


def first_inquiry(choices: Choices) -> Inquiry:
    """What is asked before anything was chosen."""
    if choices.data:
        return Inquiry(choices.scores[0], which=choices.data[0])
    return Inquiry(choices.scores[0], "damage")


def inquiry_from_query(query: Mapping[str, str], choices: Choices) -> tuple[Inquiry, list[str]]:
    """The inquiry a link describes, and the names of parameters that could not be read."""
    first, read = first_inquiry(choices), Reading(query)
    labels = range(len(choices.classes))
    found = Inquiry(
        score=read("score", lambda t: _one_of(t, choices.scores), first.score),
        suspects=read("of", lambda t: _one_of(t, SUSPECTS), first.suspects),
        which=read("data", lambda t: _one_of(t, choices.data), first.which),
        label=read("c", lambda t: _one_of(int(t), labels), first.label),
        damage=read("damage", lambda t: _one_of(t, DAMAGES), first.damage),
        seed=read("seed", lambda t: _one_of(int(t), range(2**31)), first.seed),
        only=read("only", lambda t: _one_of(int(t), labels), first.only),
        false_alarms=read("fa", _share, first.false_alarms),
        threshold=read("t", _finite, first.threshold),
        listed=read("list", lambda t: _one_of(t, LISTS), first.listed),
        count=read("n", lambda t: _one_of(int(t), COUNTS), first.count),
    )
    return sound(found, choices), read.broken


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
    try:
        share = _share(value["share"])
        by_hand = None if value["threshold"] is None else _finite(value["threshold"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"the histogram sent no threshold ({error})") from error
    return replace(asked, false_alarms=share, threshold=by_hand)


def _one_of(value, known):
    if value not in known:
        raise ValueError(f"{value} is not among them")
    return value


def _finite(value: str | float) -> float:
    number = float(value)
    if not math.isfinite(number) or isinstance(value, bool):
        raise ValueError(f"{value} is no number")
    return number


def _share(value: str | float) -> float:
    share = _finite(value)
    if not 0 <= share <= 1:
        raise ValueError(f"{value} is no share from 0 to 1")
    return share
