"""Anomaly scores of images: the higher, the more anomalous.

The reconstruction error under a Bernoulli is misleading on grey images: even a perfect
reconstruction costs the entropy of the pixels, so bright grey images score high and black ones low
(Bang Xiang Yong et al. 2021, https://arxiv.org/abs/2107.13304). The default score has no such
term; `deviance` is the reconstruction error without it.
"""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..evaluation import quadrature
from ..latent.encoding import refuse_without_labels
from ..models.base import Autoencoder
from ..nn import sharded_noise
from ..nn.distributions import Mixture
from ..progress import Progress, no_progress
from .likelihood_regret import likelihood_regret
from .residuals import Reconstruction, reconstruct, smooth
from .summary_statistics import Summary, mahalanobis

DEFAULT = "structure"


@dataclass(frozen=True)
class Scorer:
    """A model with what some scores require besides: the aggregate posterior of normal images and
    the distribution of their summary statistics."""

    model: Autoencoder
    aggregate: Mixture | None = None
    summary: Summary | None = None


class Score(NamedTuple):
    """A score: its `title` and `description`, a function that gives the scores [B], which models
    it `supports`, and the field of `Scorer` that it `requires` ("aggregate", "summary" or None).
    `cost`: "code" needs the code alone, "bound" the encoder and samples, "search" an optimisation
    per image (minutes for a thousand images)."""

    title: str
    description: str
    compute: Callable[[Scorer, Reconstruction], Tensor]
    supports: Callable[[Autoencoder], bool] = lambda model: True
    requires: Callable[[Autoencoder], str | None] = lambda model: None
    cost: str = "code"


def supported_scores(model: Autoencoder) -> list[str]:
    """Names of the scores that a model supports, the default first."""
    return [name for name, score in SCORES.items() if score.supports(model)]


def available_scores(scorer: Scorer) -> list[str]:
    """Names of the scores that a scorer can compute with what it has, the default first."""
    fields = {k: SCORES[k].requires(scorer.model) for k in supported_scores(scorer.model)}
    return [k for k, field in fields.items() if not field or getattr(scorer, field) is not None]


def score_images(
    scorer: Scorer,
    images: np.ndarray,
    name: str = DEFAULT,
    *,
    codes: tuple | None = None,
    progress: Progress = no_progress,
) -> np.ndarray:
    """The score `name` of uint8 images [N, C, H, W], float64 [N]; known `codes` (`latent.Codes`)
    are not computed again. Raises ValueError for a score that is not available."""
    refuse_without_labels(scorer.model)
    if name not in (names := available_scores(scorer)):
        raise ValueError(f"the score {name} is not available; expected one of {', '.join(names)}")
    batch, parts = 100 if SCORES[name].cost == "search" else 500, []
    with torch.no_grad():
        for part in reconstruct(scorer.model, images, codes, batch_size=batch):
            progress(len(parts) * batch, len(images))
            parts.append(SCORES[name].compute(scorer, part).double().cpu().numpy())
    progress(len(images), len(images))
    return np.concatenate(parts) if parts else np.zeros(0)


def _structure(scorer: Scorer, of: Reconstruction) -> Tensor:
    """log S - log T / 2, where S is the energy of the smoothed residual and T that of the whole.
    It rises with the residual, and of two residuals of the same energy the smoother one scores
    higher, as in the structure term of SSIM."""
    coarse, whole = (r.square().flatten(1).sum(1) for r in (smooth(of.residual), of.residual))
    return (coarse + 1e-6).log() - 0.5 * (whole + 1e-6).log()


def _reconstruction(scorer: Scorer, of: Reconstruction) -> Tensor:
    return scorer.model.likelihood.nll(of.logits, of.x)


def _deviance(scorer: Scorer, of: Reconstruction) -> Tensor:
    """For a Bernoulli likelihood KL(Bernoulli(x) || Bernoulli(picture))."""
    return _reconstruction(scorer, of) - scorer.model.likelihood.floor(of.x)


def _neg_elbo(scorer: Scorer, of: Reconstruction) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    with sharded_noise.same_for_all(len(of.x)):
        terms = scorer.model.terms(of.x, generator=generator, samples=4)
    return terms.reconstruction + terms.kl


def _exact(scorer: Scorer, of: Reconstruction) -> Tensor:
    aggregate = None if scorer.model.has_prior else scorer.aggregate
    return quadrature.exact_nll(scorer.model, of.x, aggregate=aggregate).nll[-1]


def _complexity(scorer: Scorer, of: Reconstruction) -> Tensor:
    return _neg_elbo(scorer, of).cpu() - torch.tensor([_png_nats(image) for image in of.x.cpu()])


def _png_nats(image: Tensor) -> float:
    """The length of an image's PNG in nats, a measure of its complexity (Serrà et al. 2020,
    https://arxiv.org/abs/1909.11480)."""
    from PIL import Image

    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    target = io.BytesIO()
    picture = Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels)
    picture.save(target, "PNG", optimize=True)
    return target.tell() * 8 * math.log(2)


_has_prior = attrgetter("has_prior")
SCORES: dict[str, Score] = {
    "structure": Score(
        "Structural error (contrast-normalised)",
        "Energy of the smoothed residual relative to that of the whole residual: an SSIM-like "
        "structure term, independent of contrast.",
        _structure,
    ),
    "squared": Score(
        "Squared error",
        "Mean squared error of the reconstruction per pixel.",
        lambda scorer, of: (of.picture - of.x).square().flatten(1).mean(1),
    ),
    "deviance": Score(
        "Excess reconstruction error (deviance)",
        "Reconstruction error minus that of a perfect reconstruction, in nats.",
        _deviance,
        supports=lambda model: model.likelihood.has_floor,
    ),
    "reconstruction": Score(
        "Reconstruction error",
        "−log p(x|z) at the image's code, in nats. With a Bernoulli likelihood it depends more on "
        "the grey levels of an image than on whether it is anomalous.",
        _reconstruction,
    ),
    "neg_elbo": Score(
        "−ELBO",
        "Upper bound on −log p(x), the training objective, in nats.",
        _neg_elbo,
        supports=_has_prior,
        cost="bound",
    ),
    "exact": Score(
        "Exact −log p(x)",
        "Negative log-likelihood, integrated over the latent plane, in nats.",
        _exact,
        supports=lambda model: (
            model.latent == 2 and model.context is None and model.likelihood.linear_in_x
        ),
        requires=lambda model: None if model.has_prior else "aggregate",
        cost="search",
    ),
    "place": Score(
        "Latent density, −log q(z)",
        "Negative log density of the aggregate posterior at the image's code, in nats.",
        lambda scorer, of: -scorer.aggregate.log_prob(of.code[0].cpu()),
        supports=lambda model: model.context is None,
        requires=lambda model: "aggregate",
    ),
    "summary": Score(
        "Mahalanobis distance of summary statistics",
        "Squared Mahalanobis distance of reconstruction error, code and posterior width from "
        "those of normal images.",
        lambda scorer, of: mahalanobis(scorer.summary, of),
        requires=lambda model: "summary",
    ),
    "regret": Score(
        "Likelihood regret",
        "Nats gained by a posterior optimised for this image over the encoder's.",
        lambda scorer, of: likelihood_regret(of),
        supports=lambda model: model.gaussian_posterior,
        cost="search",
    ),
    "complexity": Score(
        "Complexity-corrected −ELBO (Serrà et al.)",
        "−ELBO minus the PNG length of the image in nats, so that simple images are not favoured.",
        _complexity,
        supports=_has_prior,
        cost="bound",
    ),
}
