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

from ..evaluation import quadrature
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from .likelihood_regret import regret
from .residuals import Seen, seen, smooth
from .summary_statistics import Summary, distance

DEFAULT = "structure"
Watch = Callable[[int, int], None]


@dataclass(frozen=True)
class Judge:
    """A model with what some of its scores need besides: where codes of normal images really lie,
    and what their summary statistics are."""

    model: Autoencoder
    aggregate: Mixture | None = None
    summary: Summary | None = None


class Score(NamedTuple):
    """A score's `title`; one `sentence` on what it says; the scores [B] that it gives; which
    models can give it, and what it needs of a judge besides the model ("aggregate", "summary").

    `effort`: "code" follows from an image's code alone, "bound" asks the encoder and draws,
    "search" looks for minutes at a thousand images.
    """

    title: str
    sentence: str
    of: Callable[[Judge, Seen], Tensor]
    can: Callable[[Autoencoder], bool] = lambda model: True
    needs: Callable[[Autoencoder], str | None] = lambda model: None
    effort: str = "code"


def offered(model: Autoencoder) -> list[str]:
    """Names of the scores that this model can give, the default first."""
    return [name for name, score in SCORES.items() if score.can(model)]


def available(judge: Judge) -> list[str]:
    """Names of the scores that this judge can give as it is, the default first."""
    return [name for name in SCORES if _gives(judge, name)]


def _gives(judge: Judge, name: str) -> bool:
    need = SCORES[name].needs(judge.model)
    return SCORES[name].can(judge.model) and (need is None or getattr(judge, need) is not None)


def scores(
    judge: Judge,
    images: np.ndarray,
    name: str = DEFAULT,
    *,
    codes: tuple | None = None,
    watch: Watch = lambda done, of: None,
) -> np.ndarray:
    """The score `name` of uint8 images [N, C, H, W], float64 [N].

    `codes` (means and stds [N, D], as `latent.Codes`) save encoding again. `watch(done, of)` may
    raise to stop. Raises ValueError for a score that the judge cannot give.
    """
    if not _gives(judge, name):
        raise ValueError(f"{name} needs what this model does not have")
    at_once = 100 if SCORES[name].effort == "search" else 500
    parts: list[np.ndarray] = []
    for start in range(0, len(images), at_once):
        watch(start, len(images))
        part = slice(start, start + at_once)
        known = codes and tuple(v if v is None else v[part] for v in codes)
        with torch.no_grad():
            for some in seen(judge.model, images[part], known):
                parts.append(SCORES[name].of(judge, some).double().numpy())
    watch(len(images), len(images))
    return np.concatenate(parts) if parts else np.zeros(0)


def _structure(judge: Judge, of: Seen) -> Tensor:
    """log S - log T / 2, S the energy of the smoothed residual, T that of the whole. Twice the
    residual scores higher, and the same energy higher as shape than as texture."""
    shape = smooth(of.residual).square().flatten(1).sum(1)
    return (shape + 1e-6).log() - 0.5 * (of.residual.square().flatten(1).sum(1) + 1e-6).log()


def _squared(judge: Judge, of: Seen) -> Tensor:
    return (of.picture - of.x).square().flatten(1).mean(1)


def _reconstruction(judge: Judge, of: Seen) -> Tensor:
    return judge.model.likelihood.nll(of.logits, of.x)


def _deviance(judge: Judge, of: Seen) -> Tensor:
    """The reconstruction error above that of a perfect one, for a Bernoulli KL(x || picture)."""
    return _reconstruction(judge, of) - judge.model.likelihood.floor(of.x)


def _neg_elbo(judge: Judge, of: Seen) -> Tensor:
    terms = judge.model.terms(of.x, generator=torch.Generator().manual_seed(0), samples=4)
    return terms.reconstruction + terms.kl


def _exact(judge: Judge, of: Seen) -> Tensor:
    aggregate = None if judge.model.has_prior else judge.aggregate
    return quadrature.exact_nll(judge.model, of.x, aggregate=aggregate).nll[-1]


def _place(judge: Judge, of: Seen) -> Tensor:
    return -judge.aggregate.log_prob(of.z)


def _complexity(judge: Judge, of: Seen) -> Tensor:
    return _neg_elbo(judge, of) - torch.tensor([_png_nats(image) for image in of.x])


def _png_nats(image: Tensor) -> float:
    """The length of an image's PNG in nats: how complex it is, whatever it shows (Serra et al.
    2020, https://arxiv.org/abs/1909.11480)."""
    from PIL import Image

    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    target = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(
        target, "PNG", optimize=True
    )
    return target.tell() * 8 * math.log(2)


def _has_prior(model: Autoencoder) -> bool:
    return model.has_prior


SCORES: dict[str, Score] = {
    "structure": Score(
        "Shape",
        "How far the reconstruction misses the shapes of the image, for the texture it misses.",
        _structure,
    ),
    "squared": Score(
        "Squared error", "The squared difference from the reconstruction, a pixel.", _squared
    ),
    "deviance": Score(
        "Reconstruction above the least",
        "The reconstruction error without what even a perfect reconstruction would cost, nats.",
        _deviance,
        can=lambda model: model.likelihood.has_floor,
    ),
    "reconstruction": Score(
        "Reconstruction",
        "−log p(x|z) at the image's code, nats. With a Bernoulli it follows the grey of an image "
        "more than its strangeness.",
        _reconstruction,
    ),
    "neg_elbo": Score(
        "−ELBO",
        "The bound on −log p(x) that the model was trained on, nats.",
        _neg_elbo,
        can=_has_prior,
        effort="bound",
    ),
    "exact": Score(
        "Exact −log p(x)",
        "The likelihood itself, integrated over the plane, nats.",
        _exact,
        can=lambda model: (
            model.latent == 2 and model.context is None and model.likelihood.linear_in_x
        ),
        needs=lambda model: None if model.has_prior else "aggregate",
        effort="search",
    ),
    "place": Score(
        "Empty place",
        "−log q(z): how seldom real images lie where this one does, nats.",
        _place,
        can=lambda model: model.context is None,
        needs=lambda model: "aggregate",
    ),
    "summary": Score(
        "Summary statistics",
        "How unusual error, code and spread are together: the squared Mahalanobis distance from "
        "those of normal images.",
        lambda judge, of: distance(judge.summary, of),
        needs=lambda model: "summary",
    ),
    "regret": Score(
        "Likelihood regret",
        "Nats that a posterior fitted to this image alone gains over the encoder's.",
        lambda judge, of: regret(of),
        can=lambda model: model.gaussian_posterior,
        effort="search",
    ),
    "complexity": Score(
        "−ELBO beyond complexity",
        "−ELBO less the length of the image's PNG in nats: simple images are no longer favoured.",
        _complexity,
        can=_has_prior,
        effort="bound",
    ),
}
