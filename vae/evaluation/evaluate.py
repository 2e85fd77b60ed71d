"""How good a model is, on a split it did not learn from: one function that asks all the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..analysis import embedding_metrics
from ..data.dataset import Dataset, Split
from ..latent.aggregate_posterior import fit_for
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder
from ..nn.distributions import Mixture
from . import classifier, iwae, quadrature, sample_quality

POSTERIOR_SAMPLES = 8
_LATTICE, _LOWER = 14, 4  # points a side over the top code of a hierarchy, draws below each
_LATTICE_REACH = 5.5  # posterior deviations
_HIERARCHICAL = 2000  # images of a hierarchy whose top level is integrated: a minute on two cores
Say = Callable[[str], None]


def evaluate(
    model: Autoencoder,
    dataset: Dataset,
    *,
    split: str = "test",
    seed: int = 0,
    iwae_k: int = iwae.SAMPLES,
    binarize: bool = False,
    codes: Codes | None = None,
    train_codes: Codes | None = None,
    aggregate: Mixture | None = None,
    say: Say = lambda step: None,
) -> dict:
    """All numbers of one split. What is known already may be passed in: its codes and those of the
    training split (given the labels), and the aggregate posterior fitted to the latter.

    A conditional model is told the labels where likelihoods and reconstructions are measured, and
    not where its codes are judged by their labels. With `binarize` likelihoods are those of black
    and white draws of the images (seeded), as they are published for hierarchical models;
    otherwise of the grey images, which bound those.
    """
    part = getattr(dataset, split)
    say("terms of the ELBO")
    x, y = torch.tensor(part.images).float() / 255, torch.tensor(part.labels)
    if binarize:
        x = torch.bernoulli(x, generator=torch.Generator().manual_seed(seed))
    numbers = terms(model, x, y, seed)
    say("codes")
    codes = codes or encode_images(model, *part)
    train_codes = train_codes or encode_images(model, *dataset.train)
    aggregate = aggregate or fit_for(model, train_codes, dataset.train.labels, seed=seed)
    numbers["mse"] = _squared_error(model, part, codes)
    numbers |= _projection(model, dataset, part, codes, train_codes)
    say("exact likelihood")
    numbers |= exact(model, x, y, aggregate)
    say(f"importance-weighted bound, K = {iwae_k:,}")
    bound = iwae.importance_weighted(model, x, y, samples=iwae_k, seed=seed)
    numbers |= {
        "nll_iwae": None if bound is None else float(bound.nll.double().mean()),
        "nll_iwae_error": None if bound is None else bound.error,
        "iwae_k": iwae_k,
    }
    say("samples")
    numbers |= _sample_numbers(model, dataset, part, aggregate, seed=seed)
    return numbers | {"split": split, "n": len(part.images), "binarized": binarize}


@torch.inference_mode()
def terms(model: Autoencoder, x: Tensor, y: Tensor | None = None, seed: int = 0) -> dict:
    """`neg_elbo` = `reconstruction` + `kl` of images `[N, C, H, W]`, nats per image, the mean over
    `POSTERIOR_SAMPLES` draws from q, and `kl_levels`, the KL of each level from the top down."""
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for rows in torch.arange(len(x)).split(1000):
        of = None if y is None else y[rows]
        parts.append(model.terms(x[rows], of, generator=generator, samples=POSTERIOR_SAMPLES))
    each = [torch.cat(values).double().mean(0) for values in zip(*parts, strict=True)]
    reconstruction, kl = float(each[0]), float(each[1])
    return {
        "neg_elbo": reconstruction + kl,
        "reconstruction": reconstruction,
        "kl": kl,
        "kl_levels": each[2].tolist(),
    }


def exact(
    model: Autoencoder, x: Tensor, y: Tensor | None = None, aggregate: Mixture | None = None
) -> dict:
    """`nll_exact`, -log p(x) by quadrature in the plane, with the mean of its last changes.

    `nll_exact_aggregate` has the aggregate posterior in the prior's place; for a model without a
    prior there is only that one. None where D is not 2. A hierarchy's top level is integrated, the
    levels below it by importance sampling, for the first `nll_exact_n` images.
    """
    nothing = {"nll_exact": None, "nll_exact_error": None, "nll_exact_aggregate": None}
    nothing["nll_exact_n"] = len(x)
    if model.latent != 2 or not model.likelihood.linear_in_x:
        return nothing
    if model.noise_size:
        few = x[:_HIERARCHICAL]
        nll, error = hierarchical_nll(model, few)
        return nothing | {
            "nll_exact": nll,
            "nll_exact_error": error,
            "nll_exact_n": len(few),
        }
    found = quadrature.exact_nll(model, x, y, aggregate=aggregate)
    means = [float(v) for v in found.nll.double().mean(1)]
    return {
        "nll_exact_n": len(x),
        "nll_exact": means[0],
        "nll_exact_error": float(found.error.double().mean()),
        "nll_exact_aggregate": means[-1] if aggregate is not None else None,
    }


@torch.inference_mode()
def hierarchical_nll(model: Autoencoder, x: Tensor, seed: int = 0) -> tuple[float, float]:
    """-log p(x) of a hierarchy: a lattice over the top code around each image's posterior, with
    draws of all lower levels at every point. An upper bound in expectation, as importance sampling
    is; the error is the mean difference between two halves of the draws."""
    generator = torch.Generator().manual_seed(seed)
    axis = (torch.arange(_LATTICE) + 0.5) / _LATTICE * 2 - 1
    grid = _LATTICE_REACH * torch.cartesian_prod(axis, axis)
    cell = (2 * _LATTICE_REACH / _LATTICE) ** 2
    total, difference = 0.0, 0.0
    for rows in torch.arange(len(x)).split(16):
        images = x[rows]
        mean, std = model.posterior(images)
        z = (mean + std * grid[:, None]).flatten(0, 1)
        prior = model.log_prior(z)
        many = images.repeat(len(grid), 1, 1, 1)
        weights = [
            prior + model.log_importance_weights_at(z, many, generator) for _ in range(_LOWER)
        ]
        area = (std.prod(1) * cell).log()
        each = torch.stack(weights).view(_LOWER, len(grid), -1).logsumexp(1) + area
        half = _LOWER // 2
        whole = each.logsumexp(0) - np.log(_LOWER)
        one, two = (each[part].logsumexp(0) for part in (slice(half), slice(half, None)))
        total -= float(whole.double().sum())
        difference += float((one - two).abs().double().sum())
    return total / len(x), difference / len(x)


def _sample_numbers(
    model: Autoencoder, dataset: Dataset, part: Split, aggregate: Mixture, *, seed: int = 0
) -> dict:
    """Samples against the split's images in the bundled classifier's features: `frechet`,
    `precision`, `recall` of samples from the model's prior (without one, from the aggregate
    posterior), `frechet_aggregate` from the aggregate posterior, `frechet_floor` of as many
    training images, `class_balance`, and `label_accuracy` of samples of a told label, from the
    prior and, as `label_accuracy_aggregate`, from the label's own aggregate posterior."""
    keys = ("frechet", "frechet_aggregate", "frechet_floor", "precision", "recall")
    if not classifier.judges(dataset.train.images.shape[1:], dataset.class_names):
        others = ("class_balance", "label_accuracy", "label_accuracy_aggregate")
        return dict.fromkeys((*keys, *others))
    judge, n = classifier.bundled(), len(part.images)
    real, _ = classifier.judge(judge, torch.tensor(part.images))
    others, _ = classifier.judge(judge, torch.tensor(dataset.train.images[:n]))
    second, renamed = classifier.judge(
        judge, sample_quality.draw(model, n, prior=aggregate, seed=seed)
    )
    prior = None if model.has_prior else aggregate
    first, named = classifier.judge(judge, sample_quality.draw(model, n, prior=prior, seed=seed))
    precision, recall = sample_quality.precision_recall(real, first)
    told = model.classes > 0
    asked = torch.arange(n) % max(1, model.classes)
    return {
        "frechet": sample_quality.frechet(real, first),
        "frechet_aggregate": sample_quality.frechet(real, second),
        "frechet_floor": sample_quality.frechet(real, others),
        "precision": precision,
        "recall": recall,
        "class_balance": sample_quality.class_balance(named),
        "label_accuracy": _agreement(named, asked) if told else None,
        "label_accuracy_aggregate": _agreement(renamed, asked) if told else None,
    }


def _agreement(probabilities: Tensor, labels: Tensor) -> float:
    return float((probabilities.argmax(1) == labels).float().mean())


def _projection(
    model: Autoencoder, dataset: Dataset, part: Split, codes: Codes, train_codes: Codes
) -> dict:
    """Numbers of the codes, which no label has helped to find."""
    if model.classes:
        codes = encode_images(model, part.images)
        train_codes = encode_images(model, dataset.train.images)
    codes, train = codes.mean, train_codes.mean
    labels = dataset.train.labels, part.labels
    return {
        "knn1": embedding_metrics.nearest_accuracy(train, labels[0], codes, labels[1], 1),
        "knn5": embedding_metrics.nearest_accuracy(train, labels[0], codes, labels[1], 5),
        "trustworthiness": embedding_metrics.trustworthiness(part.images, codes),
        "silhouette": embedding_metrics.silhouette(codes, part.labels),
        "v_measure": embedding_metrics.v_measure(codes, part.labels),
        "active_units": embedding_metrics.active_units(codes),
    }


@torch.inference_mode()
def _squared_error(model: Autoencoder, part: Split, codes: Codes) -> float:
    total = 0.0
    for rows in torch.arange(len(part.images)).split(1000):
        x = torch.tensor(part.images[rows]).float() / 255
        y = torch.tensor(part.labels[rows])
        picture = model.likelihood.mean(model.decode(torch.tensor(codes.mean[rows]), y))
        total += float((picture - x).double().square().sum())
    return total / part.images.size
