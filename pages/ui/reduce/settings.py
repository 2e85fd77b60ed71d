"""What is laid out beside each other on the Reduce page, and its form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..runtime.query import Reading

METHODS = ("pca", "tsne", "umap")  # beside the model's own plane
COUNTS = (500, 1000, 2000, 5000, 10_000)
PRINCIPAL = "pca"
_FEWEST = 50
_MOST_SEED = 2**31 - 1
_NEAR = (2, 200)


@dataclass(frozen=True)
class Reduction:
    """`axes` is the plane of a model with more than two latents: two of its dimensions, counted
    from 1, or "pca"; empty for the first two, which tell most. `perplexity` is of t-SNE,
    `neighbours` of UMAP."""

    methods: tuple[str, ...] = METHODS
    count: int = 2000
    seed: int = 0
    perplexity: int = 30
    neighbours: int = 15
    axes: str = ""

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this; those at their default are left out."""
        query = {"m": model, "d": digest[:12], "n": str(self.count)}
        if self.methods != METHODS:
            query["k"] = ",".join(self.methods)
        for name, value, usual in (
            ("seed", self.seed, 0),
            ("px", self.perplexity, Reduction.perplexity),
            ("nn", self.neighbours, Reduction.neighbours),
            ("axes", self.axes, ""),
        ):
            if value != usual:
                query[name] = str(value)
        return query


def reduction_from_query(query: Mapping[str, str], latent: int) -> tuple[Reduction, list[str]]:
    """What a link describes for a model with so many latents, and the names of parameters that
    could not be read: those, as those that are absent, are at their default."""
    read = Reading(query)
    return Reduction(
        methods=read("k", _methods, Reduction.methods),
        count=read("n", lambda t: _within(t, _FEWEST, COUNTS[-1]), Reduction.count),
        seed=read("seed", lambda t: _within(t, 0, _MOST_SEED), Reduction.seed),
        perplexity=read("px", lambda t: _within(t, *_NEAR), Reduction.perplexity),
        neighbours=read("nn", lambda t: _within(t, *_NEAR), Reduction.neighbours),
        axes=read("axes", lambda t: _axes(t, latent), Reduction.axes),
    ), read.broken


def pair(axes: str) -> tuple[int, int]:
    """The two dimensions of a plane, counted from 0; the first two where it is no pair."""
    first, comma, second = axes.partition(",")
    return (int(first) - 1, int(second) - 1) if comma else (0, 1)


def _within(text: str, least: int, most: int) -> int:
    value = int(text)
    if not least <= value <= most:
        raise ValueError(f"{value}, expected {least} to {most}")
    return value


def _methods(text: str) -> tuple[str, ...]:
    asked = set(text.split(",")) - {""}
    if not asked <= set(METHODS):
        raise ValueError(f"one of {text} is no method")
    return tuple(m for m in METHODS if m in asked)


def _axes(text: str, latent: int) -> str:
    if latent == 2:
        return ""  # there is but one plane
    if text in ("", PRINCIPAL):
        return text
    numbers = [_within(part, 1, latent) for part in text.split(",")]
    if len(numbers) != 2 or numbers[0] == numbers[1]:
        raise ValueError(f"{text} are no two dimensions")
    return f"{numbers[0]},{numbers[1]}"
