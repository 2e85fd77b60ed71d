"""The settings of the Reduce page, and their form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..runtime import query
from ..runtime.query import MAX_SEED, QueryField, comma_separated, whole

METHODS = ("pca", "tsne", "umap")  # to compare with the model's plane
COUNTS = (500, 1000, 2000, 5000, 10_000)
PRINCIPAL = "pca"
_MIN_COUNT = 50


@dataclass(frozen=True)
class ReduceSettings:
    """The methods, the number of images, and the parameters of t-SNE (`perplexity`) and UMAP
    (`neighbours`). `axes` is the plane of a model with more than two latents: two of them, counted
    from 1, or "pca"; empty for the first two."""

    methods: tuple[str, ...] = METHODS
    count: int = 2000
    seed: int = 0
    perplexity: int = 30
    neighbours: int = 15
    axes: str = ""

    def __post_init__(self) -> None:
        query.check_state(self, _fields(2)[:-1])

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore these settings; those at their default are left out."""
        return query.write_query(self, _fields(2), model, digest)


def _fields(latent: int) -> tuple[QueryField, ...]:
    return (
        QueryField("methods", "k", query.subset(METHODS), comma_separated, ",".join),
        QueryField("count", "n", whole(_MIN_COUNT, COUNTS[-1]), when=query.always),
        QueryField("seed", "seed", whole(0, MAX_SEED)),
        QueryField("perplexity", "px", whole(2, 200)),
        QueryField("neighbours", "nn", whole(2, 200)),
        QueryField("axes", "axes", lambda text: _axes(text, latent)),
    )


def settings_from_query(link: Mapping[str, str], latent: int) -> tuple[ReduceSettings, list[str]]:
    """The settings of a link for a model with `latent` latents, and its keys that could not be
    read; those have their default."""
    return query.read_query(link, _fields(latent), ReduceSettings())


def pair(axes: str) -> tuple[int, int]:
    """The two dimensions of a plane, counted from 0; the first two unless `axes` is a pair."""
    first, comma, second = axes.partition(",")
    return (int(first) - 1, int(second) - 1) if comma else (0, 1)


def _axes(text: str, latent: int) -> str:
    if latent == 2:
        return ""  # there is only one plane
    if text in ("", PRINCIPAL):
        return text
    numbers = [whole(1, latent)(part) for part in text.split(",")]
    if len(numbers) != 2 or numbers[0] == numbers[1]:
        raise ValueError(f"{text} are not two different latents")
    return f"{numbers[0]},{numbers[1]}"
