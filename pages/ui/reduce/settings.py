"""What is laid out beside each other on the Reduce page, and its form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..runtime.query import (
    MAX_SEED,
    QueryField,
    always,
    comma_separated,
    model_query,
    read_query,
    subset,
    whole,
    write_query,
)

METHODS = ("pca", "tsne", "umap")  # beside the model's own plane
COUNTS = (500, 1000, 2000, 5000, 10_000)
PRINCIPAL = "pca"
_FEWEST = 50


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
        return model_query(model, digest) | write_query(self, _fields(2))


def _fields(latent: int) -> tuple[QueryField, ...]:
    return (
        QueryField("methods", "k", subset(METHODS), comma_separated, ",".join),
        QueryField("count", "n", whole(_FEWEST, COUNTS[-1]), when=always),
        QueryField("seed", "seed", whole(0, MAX_SEED)),
        QueryField("perplexity", "px", whole(2, 200)),
        QueryField("neighbours", "nn", whole(2, 200)),
        QueryField("axes", "axes", lambda text: _axes(text, latent)),
    )


def reduction_from_query(query: Mapping[str, str], latent: int) -> tuple[Reduction, list[str]]:
    """What a link describes for a model with so many latents, and the names of parameters that
    could not be read: those, as those that are absent, are at their default."""
    return read_query(query, _fields(latent), Reduction())


def pair(axes: str) -> tuple[int, int]:
    """The two dimensions of a plane, counted from 0; the first two where it is no pair."""
    first, comma, second = axes.partition(",")
    return (int(first) - 1, int(second) - 1) if comma else (0, 1)


def _axes(text: str, latent: int) -> str:
    if latent == 2:
        return ""  # there is but one plane
    if text in ("", PRINCIPAL):
        return text
    numbers = [whole(1, latent)(part) for part in text.split(",")]
    if len(numbers) != 2 or numbers[0] == numbers[1]:
        raise ValueError(f"{text} are no two dimensions")
    return f"{numbers[0]},{numbers[1]}"
