"""Samples from the latent space: codes from a prior, a class, a code's surroundings or a region.

A sample is a triple (z, label, seed): the code, the label of a conditional model and the noise
seed of a hierarchical one. It always decodes to the same image.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ..errors import AtelierError
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from ..nn.priors import Flow, Prior
from .aggregate_posterior import fit_aggregate_posterior
from .density import RelativeDensity
from .encoding import Codes
from .polylines import in_polygon

SOURCES = ("prior", "aggregate", "class", "around", "region", "inside")
POLYGON_SOURCES = ("region", "inside")
MAX_SAMPLES = 400
_POLYGON_BATCH = 8192  # draws per round from a source of which few may fall into the polygon
_MAX_ROUNDS = 25  # of draws, after which fewer samples than requested are returned

Draw = Callable[[int, torch.Generator], torch.Tensor]


class SamplingError(AtelierError):
    """A request that no sample satisfies."""


class Samples(NamedTuple):
    """n samples: codes `z` [n, D], noise `seeds` [n], one `label` for all or None. `draws` is the
    number of codes that were drawn to find them."""

    z: np.ndarray
    seeds: np.ndarray
    label: int | None
    draws: int


@dataclass(frozen=True)
class SamplingRequest:
    """Where `n` samples are drawn from.

    `source`: the model's `prior`, the `aggregate` posterior, the items of one `class`, a Gaussian
    `around` the code `z` with standard deviation `spread`, uniformly from the `region` of a
    `polygon` [P, 2], or the aggregate posterior `inside` the polygon.
    `temperature` multiplies every standard deviation. `label` is the class, and the condition of
    a conditional model. `min_density` is the lowest relative density that is accepted. `group` is
    the first of the noise seeds that are drawn from (`Autoencoder.seed_groups`).
    """

    source: str = "prior"
    n: int = 64
    seed: int = 0
    temperature: float = 1.0
    label: int | None = None
    z: tuple[float, ...] = ()
    spread: float = 0.25
    min_density: float = 0.0
    polygon: tuple[tuple[float, float], ...] = ()
    group: int = 0


def sample(
    model: Autoencoder,
    request: SamplingRequest,
    *,
    codes: Codes,
    labels: np.ndarray,
    density: RelativeDensity,
    aggregate: Mixture | None = None,
) -> Samples:
    """The samples of a request, the same ones every time. `codes`, `labels` and `density` describe
    the items of the data set. `aggregate` is their aggregate posterior, which is fitted where it
    is needed but missing. Raises `SamplingError` for a request out of bounds and where no draw is
    accepted."""
    _check(model, request, labels)
    generator = torch.Generator().manual_seed(request.seed)
    draw = _source(model, request, codes, labels, aggregate)
    accepted, draws = [np.zeros((0, model.latent), np.float32)], 0
    batch = max(request.n, _POLYGON_BATCH) if request.source == "inside" else request.n
    for _ in range(_MAX_ROUNDS):
        z = draw(batch, generator).float().numpy()
        accept = np.ones(len(z), bool)
        if request.source in POLYGON_SOURCES:
            accept &= in_polygon(z, request.polygon)
        if request.min_density > 0:
            accept &= density.at(z) >= request.min_density
        missing = request.n - sum(map(len, accepted))
        complete = accept.sum() >= missing
        used = np.flatnonzero(accept)[missing - 1] + 1 if complete else len(z)
        accepted.append(z[:used][accept[:used]])
        draws += int(used)
        if complete:
            break
    z = np.concatenate(accepted)
    if not len(z):
        raise SamplingError(
            f"none of {draws:,} draws met the constraints; lower the minimum density, raise "
            "the temperature or choose a larger region"
        )
    seeds = np.zeros(len(z), np.int64)
    if model.noise_size:
        seeds = torch.randint(1, model.variations, (len(z),), generator=generator).numpy()
        seeds += request.group if request.group in dict(model.seed_groups).values() else 0
    label = request.label if model.classes else None
    return Samples(z, seeds, label, draws)


def variations(
    model: Autoencoder,
    z: Sequence[float],
    n: int,
    *,
    spread: float,
    seed: int,
    label: int | None,
    noise_seed: int = 0,
) -> Samples:
    """n samples from a Gaussian around a code with standard deviation `spread`. Where a model
    takes noise seeds, each has its own from the group of that of the code."""
    generator = torch.Generator().manual_seed(seed)
    codes = _around(z, n, spread, generator)
    seeds = np.zeros(n, np.int64)
    if model.noise_size:
        order = torch.randperm(model.variations - 1, generator=generator)
        seeds = 1 + order[torch.arange(n) % len(order)].numpy()
        seeds += noise_seed - noise_seed % model.variations
    return Samples(codes.numpy(), seeds, label, n)


def mix(codes: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """The weighted mean [D] of codes [m, D]. Beyond two dimensions it gets the weighted mean of
    their norms: a normal prior has its mass on a shell, inside which a plain mean would lie."""
    share = np.asarray(weights, float)
    if len(share) != len(codes) or (share < 0).any() or share.sum() <= 0:
        raise SamplingError(
            f"the weights are {list(weights)}; expected one of 0 or more for each of {len(codes)} "
            "images, and not all 0"
        )
    share = share / share.sum()
    mean = share @ codes
    if codes.shape[1] <= 2:
        return mean.astype(np.float32)
    norm = share @ np.linalg.norm(codes, axis=1)
    return (mean * norm / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)


def _check(model: Autoencoder, request: SamplingRequest, labels: np.ndarray) -> None:
    if request.source not in SOURCES:
        raise SamplingError(
            f"the source is {request.source!r}; expected one of {', '.join(SOURCES)}"
        )
    if not 1 <= request.n <= MAX_SAMPLES:
        raise SamplingError(f"{request.n} samples requested; expected 1 to {MAX_SAMPLES}")
    for name, value in (("temperature", request.temperature), ("spread", request.spread)):
        if not 0 <= value <= 3:
            raise SamplingError(f"the {name} is {value:g}; expected 0 to 3")
    if not 0 <= request.seed < 2**63:
        raise SamplingError(f"the seed is {request.seed}; expected 0 to {2**63 - 1}")
    if request.source == "class" and not (labels == request.label).any():
        raise SamplingError("the class has no items; choose one of the classes of the data set")
    if request.source == "around" and len(request.z) != model.latent:
        raise SamplingError(
            f"the code has {len(request.z)} coordinates; expected {model.latent}, choose one on "
            "the map"
        )
    if request.source in POLYGON_SOURCES and len(request.polygon) < 3:
        raise SamplingError("the region has no area; draw one on the map")


def _source(
    model: Autoencoder,
    request: SamplingRequest,
    codes: Codes,
    labels: np.ndarray,
    aggregate: Mixture | None,
) -> Draw:
    label = request.label if model.classes else None
    if request.source == "around":
        std = request.spread * request.temperature
        return lambda n, g: _around(request.z, n, std, g)
    if request.source == "class":
        return _class_kde(codes, labels == request.label, request.temperature)
    if request.source == "region":
        return _uniform_box(request.polygon, model.latent, request.temperature)
    prior = model.prior(label) if request.source == "prior" else None
    if prior is None:  # another source, or a model without a prior
        prior = aggregate or fit_aggregate_posterior(model, codes, labels)
        if label is not None:
            prior = prior.block(label, model.classes)
    return with_temperature(prior, request.temperature)


def _around(z: Sequence[float], n: int, std: float, generator: torch.Generator) -> torch.Tensor:
    centre = torch.tensor(z, dtype=torch.float32)
    return centre + std * torch.randn(n, len(z), generator=generator)


def with_temperature(prior: Prior, temperature: float) -> Draw:
    """Draws from a prior whose standard deviations are multiplied by a temperature."""
    if isinstance(prior, Mixture):
        return prior._replace(scales=prior.scales * temperature).sample
    if isinstance(prior, Flow):

        @torch.inference_mode()
        def draw(n: int, generator: torch.Generator) -> torch.Tensor:
            return prior.inverse(temperature * torch.randn(n, prior.latent, generator=generator))

        return draw
    raise TypeError(f"no temperature is defined for {type(prior).__name__}")


def _uniform_box(polygon: Sequence[tuple[float, float]], latent: int, temperature: float) -> Draw:
    """Uniform over the bounding box of a polygon, normal in further dimensions."""
    low, high = torch.tensor(polygon).aminmax(dim=0)

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        plane = low + (high - low) * torch.rand(n, 2, generator=generator)
        rest = temperature * torch.randn(n, latent - 2, generator=generator)
        return torch.cat([plane, rest], 1)

    return draw


def _class_kde(codes: Codes, members: np.ndarray, temperature: float) -> Draw:
    """A kernel density estimate: a random member plus noise from its posterior or, where q has no
    density, with the members' median distance to their fifth neighbour."""
    mean = torch.tensor(codes.mean[members])
    if codes.std is not None:
        width = torch.tensor(codes.std[members])
    else:
        from scipy.spatial import cKDTree

        distances = cKDTree(mean.numpy()).query(mean.numpy(), k=[min(5, len(mean))])[0]
        width = torch.full_like(mean, float(np.median(distances)))

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(mean), (n,), generator=generator)
        noise = torch.randn(n, mean.shape[1], generator=generator)
        return mean[chosen] + temperature * width[chosen] * noise

    return draw
