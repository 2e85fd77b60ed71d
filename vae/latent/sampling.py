"""New pictures on purpose: where codes are drawn, how far they stray, what is made of kept ones.

A picture is a record (z, label, seed): the code, the label that a conditional model was told, the
detail seed of a hierarchical one. The record decodes to the same picture again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ..errors import AtelierError
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from ..nn.priors import Flow, Prior
from .aggregate_posterior import fit_for
from .density import Field, at, bounds, density
from .encoding import Codes

SOURCES = ("prior", "aggregate", "class", "around", "region", "inside")
BOUNDED = ("region", "inside")  # those that keep to a polygon
MOST = 400
DETAILS = 256  # detail seeds that a hierarchical model's samples are drawn with; 0 is none
_WIDE = 8192  # draws a round where few may fall into the polygon
_ROUNDS = 25  # of as many draws as are wanted, before what was found must do

Draw = Callable[[int, torch.Generator], torch.Tensor]


class GenerateError(AtelierError):
    """What cannot be drawn: one sentence with what came, what was expected, what to do."""


class Samples(NamedTuple):
    """n records: codes `z` [n, D], `seeds` [n], one `label` for all or None; of `tried` draws."""

    z: np.ndarray
    seeds: np.ndarray
    label: int | None
    tried: int


class Ground(NamedTuple):
    """Where the items of a data set lie: their density, and the median item's."""

    field: Field
    typical: float

    @classmethod
    def of(cls, codes: np.ndarray) -> Ground:
        """Of codes [N, D], over the first two dimensions."""
        field = density(codes, bounds(codes))
        return cls(field, max(float(np.median(at(field, codes[:, :2]))), 1e-12))

    def crowding(self, z: np.ndarray) -> np.ndarray:
        """Density at codes [n, D] in units of the median item's [n]: 1 is typical, 0 empty."""
        return at(self.field, np.asarray(z)[:, :2]) / self.typical


@dataclass(frozen=True)
class SamplingRequest:
    """What to sample, from which source, and with which constraints.

    `temperature` scales the deviations from the source's centres: 0 for a prior, the components
    of a mixture, the images of a class, `z` for "around". "region" samples the polygon uniformly,
    "inside" samples the aggregate posterior within it. `label` is a class and the condition of a
    conditional model, `min_density` the lowest accepted density in units of the median item's,
    `polygon` [P, 2] the region.
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


def sample(
    model: Autoencoder,
    asked: SamplingRequest,
    *,
    codes: Codes,
    labels: np.ndarray,
    ground: Ground,
    aggregate: Mixture | None = None,
) -> Samples:
    """Records from a source, of those that lie where there are items enough.

    `codes` and `labels` are the items of the data set that is shown; `aggregate` the mixture kept
    with the checkpoint, else one is fitted to them. The same request gives the same records.
    """
    _check(model, asked, labels)
    generator = torch.Generator().manual_seed(asked.seed)
    draw = _source(model, asked, codes, labels, aggregate)
    found, tried = [np.zeros((0, model.latent), np.float32)], 0
    batch = max(asked.n, _WIDE) if asked.source == "inside" else asked.n
    for _ in range(_ROUNDS):
        z = draw(batch, generator).float().numpy()
        keep = np.ones(len(z), bool)
        if asked.source in BOUNDED:
            keep &= inside(z, asked.polygon)
        if asked.min_density > 0:
            keep &= ground.crowding(z) >= asked.min_density
        missing = asked.n - sum(map(len, found))
        last = np.flatnonzero(keep)[missing - 1] + 1 if keep.sum() >= missing else len(z)
        found.append(z[:last][keep[:last]])
        tried += int(last)
        if keep.sum() >= missing:
            break
    z = np.concatenate(found)
    if not len(z):
        raise GenerateError(
            f"none of {tried:,} draws met the constraints; lower the minimum density, raise the "
            "temperature or choose a larger region"
        )
    seeds = np.zeros(len(z), np.int64)
    if model.noise_size:
        seeds = torch.randint(1, DETAILS, (len(z),), generator=generator).numpy()
    told = asked.label if model.classes else None
    return Samples(z, seeds, told, tried)


def variations(
    model: Autoencoder, z: Sequence[float], n: int, *, spread: float, seed: int, label: int | None
) -> Samples:
    """n children of one place: Gaussian around it with deviation `spread`; of a hierarchical model
    with spread 0, the same place with n detail seeds."""
    generator = torch.Generator().manual_seed(seed)
    centre = torch.tensor([z], dtype=torch.float32)
    codes = centre + spread * torch.randn(n, len(z), generator=generator)
    seeds = np.zeros(n, np.int64)
    if model.noise_size:
        seeds = 1 + torch.randperm(DETAILS - 1, generator=generator)[:n].numpy()
    return Samples(codes.numpy(), seeds, label, n)


def mix(codes: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """The weighted mean [D] of codes [m, D]; above the plane, on the shell between their norms,
    where a normal prior has its mass and a plain mean would not lie."""
    share = np.asarray(weights, float)
    if len(share) != len(codes) or (share < 0).any() or share.sum() <= 0:
        raise GenerateError(
            f"the weights are {list(weights)}; expected one of 0 or more for each of {len(codes)} "
            "pictures, and not all 0"
        )
    share = share / share.sum()
    mean = share @ codes
    if codes.shape[1] <= 2:
        return mean.astype(np.float32)
    norm = share @ np.linalg.norm(codes, axis=1)
    return (mean * norm / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)


def inside(z: np.ndarray, polygon: Sequence[Sequence[float]]) -> np.ndarray:
    """Which codes [n, D] lie in a polygon [P, 2] of the first two dimensions, by counting the
    edges that a ray to the right crosses."""
    x, y = np.asarray(z)[:, 0], np.asarray(z)[:, 1]
    corners = np.asarray(polygon, float)
    within = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at_x = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        within ^= crosses & (x < at_x)
    return within


def _check(model: Autoencoder, asked: SamplingRequest, labels: np.ndarray) -> None:
    if asked.source not in SOURCES:
        raise GenerateError(
            f"the source is {asked.source!r}; expected one of {', '.join(SOURCES)}"
        )
    if not 1 <= asked.n <= MOST:
        raise GenerateError(f"{asked.n} pictures are asked for; expected 1 to {MOST}")
    if not 0 <= asked.temperature <= 3:
        raise GenerateError(f"the temperature is {asked.temperature:g}; expected 0 to 3")
    if asked.source == "class" and not (labels == asked.label).any():
        raise GenerateError("the class has no items; choose one of the classes that are shown")
    if asked.source == "around" and len(asked.z) != model.latent:
        raise GenerateError(
            f"the place has {len(asked.z)} coordinates; expected {model.latent}, choose one "
            "on the map"
        )
    if asked.source in BOUNDED and len(asked.polygon) < 3:
        raise GenerateError("the region has no area; draw one around some places of the map")


def _source(
    model: Autoencoder,
    asked: SamplingRequest,
    codes: Codes,
    labels: np.ndarray,
    aggregate: Mixture | None,
) -> Draw:
    told = asked.label if model.classes else None
    if asked.source == "around":
        centre = torch.tensor([asked.z])
        width = asked.spread * asked.temperature
        return lambda n, g: centre + width * torch.randn(n, model.latent, generator=g)
    if asked.source == "class":
        return _of_class(codes, labels == asked.label, asked.temperature)
    if asked.source == "region":
        return _of_box(np.asarray(asked.polygon, np.float32), model.latent, asked.temperature)
    prior = model.prior(told) if asked.source == "prior" else None
    if prior is None:  # asked for, or the model has none
        prior = aggregate if aggregate is not None else fit_for(model, codes, labels)
        if told is not None:
            prior = prior.block(told, model.classes)
    return tempered(prior, asked.temperature)


def tempered(prior: Prior, temperature: float) -> Draw:
    """Draws from a prior with every deviation from its centres times a temperature."""
    if isinstance(prior, Mixture):
        return prior._replace(scales=prior.scales * temperature).sample
    if isinstance(prior, Flow):

        def draw(n: int, generator: torch.Generator) -> torch.Tensor:
            with torch.inference_mode():
                return prior.inverse(
                    temperature * torch.randn(n, prior.latent, generator=generator)
                )

        return draw
    raise TypeError(f"no temperature is defined for {type(prior).__name__}")


def _of_box(polygon: np.ndarray, latent: int, temperature: float) -> Draw:
    """Evenly over the box around a polygon; further dimensions from a normal."""
    low, high = torch.tensor(polygon.min(0)), torch.tensor(polygon.max(0))

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        plane = low + (high - low) * torch.rand(n, 2, generator=generator)
        rest = temperature * torch.randn(n, latent - 2, generator=generator)
        return torch.cat([plane, rest], 1)

    return draw


def _of_class(codes: Codes, members: np.ndarray, temperature: float) -> Draw:
    """A member at random and its own cloud: where q has no width, the members' typical distance
    to each other."""
    mean = torch.tensor(codes.mean[members])
    if codes.std is not None:
        width = torch.tensor(codes.std[members])
    else:
        from scipy.spatial import cKDTree

        k = min(5, len(mean))
        near = cKDTree(mean.numpy()).query(mean.numpy(), k=[k])[0]
        width = torch.full_like(mean, float(np.median(near)))

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(mean), (n,), generator=generator)
        noise = torch.randn(n, mean.shape[1], generator=generator)
        return mean[chosen] + temperature * width[chosen] * noise

    return draw
