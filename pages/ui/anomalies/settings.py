"""The settings of the Anomalies page, and their form in the address bar. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vae.anomaly.corruptions import CORRUPTIONS
from vae.anomaly.scores import DEFAULT

from ..runtime import query
from ..runtime.query import QueryField, always, number, one_of, optional, whole

CANDIDATES = {
    "data": "Another data set",
    "class": "A held-out class",
    "damage": "Corrupted copies",
    "own": "My own images",
    "none": "None",
}
OTHER_DATA = {"digits": "Handwritten digits", "fashion-mnist-starter": "Fashion-MNIST"}
GROUPS = {"candidates": "Candidate images", "normal": "Normal images"}
COUNTS = (12, 24, 48, 96)


class Choices(NamedTuple):
    """What a model offers: its scores, its class names, other data sets."""

    scores: Sequence[str]
    classes: Sequence[str]
    data: Sequence[str]


@dataclass(frozen=True)
class AnomalySettings:
    """What is scored, by which score, and how the results are shown.

    `candidates` is one of `CANDIDATES`, with their `dataset`, held-out `label`, or corruption
    `damage` and `seed`; `only` is the one class that counts as normal, None for all; a
    `threshold` set by hand replaces the target false-positive rate `fpr`. The gallery shows
    `count` images of the group `listed`.
    """

    score: str = DEFAULT
    candidates: str = "data"
    dataset: str = "digits"
    label: int = 0
    damage: str = "stain"
    seed: int = 0
    only: int | None = None
    fpr: float = 0.05
    threshold: float | None = None
    listed: str = "candidates"
    count: int = 24

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore these settings; those that do not apply are left out."""
        return query.write_query(self, _fields(Choices((), (), ())), model, digest)


def _fields(choices: Choices) -> tuple[QueryField, ...]:
    label = whole(0, len(choices.classes) - 1)
    corrupted = {"when": lambda s: s.candidates == "damage"}
    return (
        QueryField("score", "score", one_of(choices.scores), when=always),
        QueryField("candidates", "of", one_of(CANDIDATES), when=always),
        QueryField("dataset", "data", one_of(choices.data), when=lambda s: s.candidates == "data"),
        QueryField("label", "c", label, when=lambda s: s.candidates == "class"),
        QueryField("damage", "damage", one_of(CORRUPTIONS), **corrupted),
        QueryField("seed", "seed", whole(0, query.MAX_SEED), **corrupted),
        QueryField("only", "only", label),
        QueryField("fpr", "fa", number(0, 1), format="{:g}".format, when=always),
        QueryField("threshold", "t", optional(number()), format=repr),
        QueryField("listed", "list", one_of(GROUPS)),
        QueryField("count", "n", lambda n: one_of(COUNTS)(whole(1, max(COUNTS))(n))),
    )


def default_settings(choices: Choices) -> AnomalySettings:
    """The settings before anything was chosen."""
    if choices.data:
        return AnomalySettings(choices.scores[0], dataset=choices.data[0])
    return AnomalySettings(choices.scores[0], "damage")


def settings_from_query(
    link: Mapping[str, str], choices: Choices
) -> tuple[AnomalySettings, list[str]]:
    """The settings of a link, and its keys that could not be read."""
    found, unreadable = query.read_query(link, _fields(choices), default_settings(choices))
    return supported(found, choices), unreadable


def supported(settings: AnomalySettings, choices: Choices) -> AnomalySettings:
    """The settings, with the scores, data sets and classes that a model lacks replaced."""
    first, labels = default_settings(choices), range(len(choices.classes))
    if settings.score not in choices.scores:
        settings = replace(settings, score=first.score, threshold=None)
    if settings.candidates == "data" and settings.dataset not in choices.data:
        source = {"dataset": first.dataset, "candidates": first.candidates}
        settings = replace(settings, **source, threshold=None)
    if settings.only is not None and (settings.only not in labels or len(labels) < 2):
        settings = replace(settings, only=None, threshold=None)
    if settings.candidates == "class" and len(labels) < 2:
        return replace(settings, candidates=first.candidates, threshold=None)
    if settings.label not in labels or settings.label == settings.only:
        settings = replace(settings, label=next((k for k in labels if k != settings.only), 0))
    return settings


def threshold_from_histogram(value: Mapping, settings: AnomalySettings) -> AnomalySettings:
    """The settings with the histogram's message applied: a target false-positive rate, or a
    threshold set by hand with its rate. Raises `InvalidValueError` for any other message."""
    sent = query.read_message(value, _HISTOGRAM)
    return replace(settings, fpr=sent["share"], threshold=sent["threshold"])


_HISTOGRAM = {"share": number(0, 1), "threshold": optional(number())}
