"""How unusual an image is for a model: scores, each the higher the stranger.

The plain reconstruction error under a Bernoulli is misleading on grey images: even a perfect
reconstruction costs the entropy of the pixels, so bright grey images look strange and black ones
ordinary (Bang Xiang Yong et al. 2021, https://arxiv.org/abs/2107.13304). The default score has no
such term; `deviance` is the reconstruction error without it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from . import quadrature
from .distributions import Mixture
from .models.base import Autoencoder

DEFAULT = "structure"
_AT_ONCE = 500
_FLOOR = 0.003  # variance that a pixel has at least: an eighth of a grey level would else be all
_BLUR = 1.5 / 28  # of the image's side: what is smaller is texture
_REGRET_STEPS, _REGRET_DRAWS = 60, 4
Watch = Callable[[int, int], None]


class Summary(NamedTuple):
    """Mean [S] and inverse covariance [S, S] of the summary statistics of normal images."""

    mean: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True)
class Judge:
    """A model with what some of its scores need besides: where codes really lie, and what the
    summary statistics of normal images are."""

    model: Autoencoder
    aggregate: Mixture | None = None
    summary: Summary | None = None


class Score(NamedTuple):
    """A score's `title`, one sentence on what it says, which judges have what it needs, and the
    scores [B] of images [B, C, H, W]."""

    title: str
    sentence: str
    works: Callable[[Judge], bool]
    of: Callable[[Judge, Tensor], Tensor]


def available(judge: Judge) -> list[str]:
    """Names of the scores that this judge can give, the default first."""
    return [name for name, score in SCORES.items() if score.works(judge)]


def scores(
    judge: Judge, images: np.ndarray, name: str = DEFAULT, *, watch: Watch = lambda done, of: None
) -> np.ndarray:
    """The score `name` of uint8 images [N, C, H, W], float64 [N]. `watch` may raise to stop."""
    score, parts = SCORES[name], []
    if not score.works(judge):
        raise ValueError(f"{name} needs what this model does not have")
    for start in range(0, len(images), _AT_ONCE):
        watch(start, len(images))
        x = torch.tensor(images[start : start + _AT_ONCE]).float() / 255
        with torch.no_grad():
            parts.append(score.of(judge, x).double().numpy())
    watch(len(images), len(images))
    return np.concatenate(parts) if parts else np.zeros(0)


@torch.no_grad()
def fit_summary(model: Autoencoder, images: np.ndarray) -> Summary:
    """What is normal of the summary statistics, from normal uint8 images [N, C, H, W]."""
    from sklearn.covariance import EmpiricalCovariance

    parts = [torch.tensor(images[k : k + 1000]).float() / 255 for k in range(0, len(images), 1000)]
    found = EmpiricalCovariance().fit(
        torch.cat([_statistics(model, x) for x in parts]).double().numpy()
    )
    return Summary(found.location_, found.precision_)


@torch.no_grad()
def heat(model: Autoencoder, images: np.ndarray) -> np.ndarray:
    """Where images [N, C, H, W] are unusual: the residual that `structure` sums, float32
    [N, H, W], in standard deviations of a pixel."""
    return np.concatenate(
        [
            _smooth(_residual(model, torch.tensor(part).float() / 255)).abs().amax(1).numpy()
            for part in np.array_split(images, max(1, len(images) // _AT_ONCE))
        ]
    )


@torch.no_grad()
def reconstructions(model: Autoencoder, images: np.ndarray) -> np.ndarray:
    """What the model makes of uint8 images [N, C, H, W], of the same kind."""
    x = torch.tensor(images).float() / 255
    return (model.decode(model.encode(x)).sigmoid() * 255).round().to(torch.uint8).numpy()


# --- parts ---------------------------------------------------------------------------------------


def _decoded(model: Autoencoder, x: Tensor) -> Tensor:
    """Logits of the reconstruction from the representative code."""
    return model.decode(model.encode(x)).float()


def _residual(model: Autoencoder, x: Tensor, z: Tensor | None = None) -> Tensor:
    """What the model misses [B, C, H, W], in standard deviations that it expects of a pixel
    (Pearson's residual of a Bernoulli; of a Gaussian all pixels have the same)."""
    picture = model.decode(model.encode(x) if z is None else z).float().sigmoid()
    if model.likelihood.family == "gaussian":
        return (x - picture) / float(model.likelihood.log_sigma.exp())
    return (x - picture) / (picture * (1 - picture) + _FLOOR).sqrt()


def _smooth(residual: Tensor) -> Tensor:
    """Without texture: a Gaussian of 1.5 pixels for images of 28."""
    sigma = _BLUR * residual.shape[-1]
    reach = max(1, math.ceil(3 * sigma))
    across = torch.arange(-reach, reach + 1, dtype=residual.dtype)
    kernel = torch.exp(-0.5 * (across / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = residual.shape[1]
    rows = kernel.view(1, 1, 1, -1).repeat(channels, 1, 1, 1)
    wide = F.conv2d(residual, rows, padding=(0, reach), groups=channels)
    return F.conv2d(wide, rows.transpose(2, 3), padding=(reach, 0), groups=channels)


def _structure(judge: Judge, x: Tensor) -> Tensor:
    """log S - log T / 2, S the energy of the smoothed residual, T that of the whole. Twice the
    residual scores higher, and the same energy higher as shape than as texture."""
    residual = _residual(judge.model, x)
    shape = _smooth(residual).square().flatten(1).sum(1)
    return (shape + 1e-6).log() - 0.5 * (residual.square().flatten(1).sum(1) + 1e-6).log()


def _squared(judge: Judge, x: Tensor) -> Tensor:
    return (_decoded(judge.model, x).sigmoid() - x).square().flatten(1).mean(1)


def _reconstruction(judge: Judge, x: Tensor) -> Tensor:
    return judge.model.likelihood(_decoded(judge.model, x), x)


def _deviance(judge: Judge, x: Tensor) -> Tensor:
    """The reconstruction error above that of a perfect one, for a Bernoulli KL(x || picture)."""
    least = F.binary_cross_entropy(x, x, reduction="none").flatten(1).sum(1)
    logits = _decoded(judge.model, x)
    misses = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
    return misses - least


def _neg_elbo(judge: Judge, x: Tensor) -> Tensor:
    terms = judge.model.terms(x, generator=torch.Generator().manual_seed(0), samples=4)
    return terms.reconstruction + terms.kl


def _exact(judge: Judge, x: Tensor) -> Tensor:
    aggregate = None if judge.model.has_prior else judge.aggregate
    nll = quadrature.exact_nll(judge.model, x, aggregate=aggregate).nll
    return nll[-1]


def _place(judge: Judge, x: Tensor) -> Tensor:
    return -judge.aggregate.log_prob(judge.model.encode(x))


def _statistics(model: Autoencoder, x: Tensor) -> Tensor:
    """[B, S]: log residual energies, whole and smoothed, the code, and log sigma where q has one;
    the reconstruction, mu and sigma of the likelihood-path score (Huang et al. 2024)."""
    posterior = model.posterior(x)
    code = [model.encode(x)] if posterior is None else [posterior.mean, posterior.std.log()]
    residual = _residual(model, x, code[0])
    energies = [r.square().flatten(1).sum(1).log() for r in (residual, _smooth(residual))]
    return torch.cat([torch.stack(energies, 1), *code], 1)


def _summary(judge: Judge, x: Tensor) -> Tensor:
    off = _statistics(judge.model, x).double().numpy() - judge.summary.mean
    return torch.from_numpy(np.einsum("ns,st,nt->n", off, judge.summary.precision, off))


def _regret(judge: Judge, x: Tensor) -> Tensor:
    """How much a posterior fitted to this image alone gains over the encoder's, in nats
    (likelihood regret: Xiao, Yan and Amit 2020, https://arxiv.org/abs/2003.02977)."""
    model = judge.model
    posterior = model.posterior(x)
    draws = torch.randn(
        (_REGRET_DRAWS, *posterior.mean.shape), generator=torch.Generator().manual_seed(0)
    )
    many = x.repeat(_REGRET_DRAWS, 1, 1, 1)

    def bound(mean: Tensor, log_std: Tensor) -> Tensor:
        z = mean + log_std.exp() * draws
        codes = z.flatten(0, 1)
        misses = model.likelihood(model.decode(codes), many).view(_REGRET_DRAWS, -1)
        own = (-0.5 * draws.square() - log_std - 0.5 * math.log(2 * math.pi)).sum(-1)
        return (misses + own - model.log_prior(codes).view(_REGRET_DRAWS, -1)).mean(0)

    with torch.enable_grad():
        free = [v.clone().requires_grad_() for v in (posterior.mean, posterior.std.log())]
        optimiser = torch.optim.Adam(free, lr=0.05)
        first = best = bound(*free).detach()
        for _ in range(_REGRET_STEPS):
            optimiser.zero_grad()
            value = bound(*free)
            best = torch.minimum(best, value.detach())
            value.sum().backward()
            optimiser.step()
    return first - best


def _complexity(judge: Judge, x: Tensor) -> Tensor:
    return _neg_elbo(judge, x) - torch.tensor([_png_nats(image) for image in x])


def _png_nats(image: Tensor) -> float:
    """The length of an image's PNG in nats: how complex it is, whatever it shows."""
    from PIL import Image

    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy().squeeze()
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG", optimize=True)
    return target.tell() * 8 * math.log(2)


def _always(judge: Judge) -> bool:
    return True


def _prior(judge: Judge) -> bool:
    return judge.model.has_prior


def _gaussian(judge: Judge) -> bool:
    """Whether q(z|x) is a Gaussian over all that is hidden."""
    if not judge.model.has_prior or judge.model.extra_kind == "detail":
        return False
    some = torch.zeros(1, *judge.model.image_shape)
    with torch.no_grad():
        return judge.model.posterior(some) is not None


SCORES: dict[str, Score] = {
    "structure": Score(
        "Shape",
        "How far the reconstruction misses the shapes of the image, for the texture it misses.",
        _always,
        _structure,
    ),
    "squared": Score(
        "Squared error",
        "The squared difference from the reconstruction, a pixel.",
        _always,
        _squared,
    ),
    "deviance": Score(
        "Reconstruction above the least",
        "The reconstruction error without what even a perfect reconstruction would cost, nats.",
        lambda judge: judge.model.likelihood.family == "bernoulli",
        _deviance,
    ),
    "reconstruction": Score(
        "Reconstruction",
        "−log p(x|z) at the image's code, nats. With a Bernoulli it follows the grey of an image "
        "more than its strangeness.",
        _always,
        _reconstruction,
    ),
    "neg_elbo": Score(
        "−ELBO",
        "The bound on −log p(x) that the model was trained on, nats.",
        _prior,
        _neg_elbo,
    ),
    "exact": Score(
        "Exact −log p(x)",
        "The likelihood itself, integrated over the plane, nats.",
        lambda judge: (
            judge.model.latent == 2
            and judge.model.extra_kind is None
            and (judge.model.has_prior or judge.aggregate is not None)
        ),
        _exact,
    ),
    "place": Score(
        "Empty place",
        "−log q(z): how seldom real images lie where this one does.",
        lambda judge: judge.aggregate is not None and judge.model.extra_kind is None,
        _place,
    ),
    "summary": Score(
        "Summary statistics",
        "How unusual error, code and spread are together (Mahalanobis distance from normal ones).",
        lambda judge: judge.summary is not None,
        _summary,
    ),
    "regret": Score(
        "Likelihood regret",
        "Nats that a posterior fitted to this image alone gains over the encoder's.",
        _gaussian,
        _regret,
    ),
    "complexity": Score(
        "−ELBO beyond complexity",
        "−ELBO less the length of the image's PNG: simple images are no longer favoured.",
        _prior,
        _complexity,
    ),
}
