"""All metrics of a model on a split: ELBO, likelihoods, embedding metrics, sample quality."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..analysis import embedding_metrics
from ..data.dataset import Dataset, Split
from ..latent.aggregate_posterior import fit_aggregate_posterior
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder, device_of, on_device_of_model
from ..nn.distributions import Mixture
from . import classifier, iwae, quadrature, sample_quality

POSTERIOR_SAMPLES = 8
_GRID_SIDE, _LOWER_DRAWS = 14, 4  # grid over the top code of a hierarchy, draws of lower levels
_GRID_RADIUS = 5.5  # standard deviations of the posterior
_HIERARCHICAL_IMAGES = 2000  # a minute on two cores


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
    log: Callable[[str], None] = lambda step: None,
) -> dict:
    """All metrics of one split; `log` is called with the name of each step.

    The codes of the split and of the training images (given the labels) and the aggregate
    posterior are computed unless they are passed in. A conditional model is given the labels for
    likelihoods and reconstructions, but not for metrics of the codes. With `binarize` the
    likelihoods are those of binarised images (a fixed draw), as published for hierarchical
    models, otherwise of the grey images, which bound those.
    """
    images = getattr(dataset, split)
    log("terms of the ELBO")
    x, y = torch.tensor(images.images).float() / 255, torch.tensor(images.labels)
    if binarize:
        x = torch.bernoulli(x, generator=torch.Generator().manual_seed(seed))
    x, y = x.to(device_of(model)), y.to(device_of(model))
    metrics = elbo_terms(model, x, y, seed)
    log("codes")
    codes = codes or encode_images(model, *images)
    train_codes = train_codes or encode_images(model, *dataset.train)
    labels = dataset.train.labels
    aggregate = aggregate or fit_aggregate_posterior(model, train_codes, labels, seed=seed)
    metrics["mse"] = _mse(model, images, codes)
    metrics |= _code_metrics(model, dataset, images, codes, train_codes)
    log("exact likelihood")
    metrics |= exact_likelihood(model, x, y, aggregate)
    log(f"importance-weighted bound, K = {iwae_k:,}")
    bound = iwae.importance_weighted(model, x, y, samples=iwae_k, seed=seed)
    nll, error = (float(bound.nll.double().mean()), bound.error) if bound else (None, None)
    metrics |= {"nll_iwae": nll, "nll_iwae_error": error, "iwae_k": iwae_k}
    log("samples")
    metrics |= _sample_metrics(model, dataset, images, aggregate, seed=seed)
    return metrics | {"split": split, "n": len(images.images), "binarized": binarize}


@torch.inference_mode()
@on_device_of_model
def elbo_terms(model: Autoencoder, x: Tensor, y: Tensor | None = None, seed: int = 0) -> dict:
    """`neg_elbo` = `reconstruction` + `kl` of images `[N, C, H, W]` in nats per image, means over
    `POSTERIOR_SAMPLES` draws from q; and `kl_levels`, the KL of each level from the top down."""
    generator = torch.Generator().manual_seed(seed)
    parts = []
    for rows in torch.arange(len(x)).split(1000):
        labels = None if y is None else y[rows]
        parts.append(model.terms(x[rows], labels, generator=generator, samples=POSTERIOR_SAMPLES))
    means = [torch.cat(values).double().mean(0) for values in zip(*parts, strict=True)]
    reconstruction, kl, levels = (mean.tolist() for mean in means)
    values = {"neg_elbo": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}
    return values | {"kl_levels": levels}


def exact_likelihood(
    model: Autoencoder, x: Tensor, y: Tensor | None = None, aggregate: Mixture | None = None
) -> dict:
    """`nll_exact`, -log p(x) by quadrature, with the estimated error of the quadrature.

    `nll_exact_aggregate` replaces the prior by the aggregate posterior, and `nll_exact` does the
    same for models without a prior. None for D != 2. For a hierarchy the values are upper bounds
    (`hierarchical_nll_bound`) on the first `nll_exact_n` images.
    """
    keys = ("nll_exact", "nll_exact_error", "nll_exact_aggregate")
    values = dict.fromkeys(keys) | {"nll_exact_n": len(x)}
    if model.latent != 2 or not model.likelihood.linear_in_x:
        return values
    if model.noise_size:
        x = x[:_HIERARCHICAL_IMAGES]
        nll, error = hierarchical_nll_bound(model, x)
        return values | {"nll_exact": nll, "nll_exact_error": error, "nll_exact_n": len(x)}
    integral = quadrature.exact_nll(model, x, y, aggregate=aggregate)
    means = integral.nll.double().mean(1).tolist()
    return values | {
        "nll_exact": means[0],
        "nll_exact_error": float(integral.error.double().mean()),
        "nll_exact_aggregate": means[-1] if aggregate is not None else None,
    }


@torch.inference_mode()
@on_device_of_model
def hierarchical_nll_bound(model: Autoencoder, x: Tensor, seed: int = 0) -> tuple[float, float]:
    """An upper bound on -log p(x) of a hierarchy, and its estimated error.

    The top code is integrated over a grid around the posterior of each image; the lower levels are
    sampled at every grid point, so the result is a bound in expectation, like importance sampling.
    The error is the mean difference between two halves of the draws.
    """
    generator = torch.Generator().manual_seed(seed)
    axis = (torch.arange(_GRID_SIDE) + 0.5) / _GRID_SIDE * 2 - 1
    grid = _GRID_RADIUS * torch.cartesian_prod(axis, axis)
    cell = (2 * _GRID_RADIUS / _GRID_SIDE) ** 2
    total, difference = 0.0, 0.0
    for rows in torch.arange(len(x)).split(16):
        images = x[rows]
        mean, std = model.posterior(images)
        z = (mean + std * grid[:, None]).flatten(0, 1)
        target = z, images.repeat(len(grid), 1, 1, 1), generator
        weights = [model.log_importance_weights_at(*target) for _ in range(_LOWER_DRAWS)]
        weights = (model.log_prior(z) + torch.stack(weights)).view(_LOWER_DRAWS, len(grid), -1)
        draws = weights.logsumexp(1) + (std.prod(1) * cell).log()
        first, second = (half.logsumexp(0) for half in draws.chunk(2))
        total -= float((draws.logsumexp(0) - np.log(_LOWER_DRAWS)).double().sum())
        difference += float((first - second).abs().double().sum())
    return total / len(x), difference / len(x)


def _sample_metrics(
    model: Autoencoder, dataset: Dataset, images: Split, aggregate: Mixture, *, seed: int = 0
) -> dict:
    """Metrics of samples in the features of the bundled classifier.

    `frechet`, `precision`, `recall` and `class_balance` of samples from the prior (or from the
    aggregate posterior of a model without one), `frechet_aggregate` from the aggregate posterior,
    `frechet_floor` of the same number of training images. For a conditional model
    `label_accuracy`, the fraction of samples that show their label, with the prior, and
    `label_accuracy_aggregate` with the aggregate posterior of the label.
    """
    keys = ("frechet", "frechet_aggregate", "frechet_floor", "precision", "recall")
    if not classifier.supports(dataset.train.images.shape[1:], dataset.class_names):
        more = ("class_balance", "label_accuracy", "label_accuracy_aggregate")
        return dict.fromkeys((*keys, *more))
    n = len(images.images)
    labels = torch.arange(n) % model.classes if model.classes else None

    def sample(prior: Mixture | None) -> tuple[Tensor, Tensor]:
        return classifier.classify(sample_quality.draw(model, n, prior=prior, seed=seed))

    real, _ = classifier.classify(torch.tensor(images.images))
    training, _ = classifier.classify(torch.tensor(dataset.train.images[:n]))
    from_aggregate, aggregate_classes = sample(aggregate)
    from_prior, prior_classes = sample(None if model.has_prior else aggregate)
    precision, recall = sample_quality.precision_recall(real, from_prior)
    return {
        "frechet": sample_quality.frechet(real, from_prior),
        "frechet_aggregate": sample_quality.frechet(real, from_aggregate),
        "frechet_floor": sample_quality.frechet(real, training),
        "precision": precision,
        "recall": recall,
        "class_balance": sample_quality.class_balance(prior_classes),
        "label_accuracy": _label_accuracy(prior_classes, labels),
        "label_accuracy_aggregate": _label_accuracy(aggregate_classes, labels),
    }


def _label_accuracy(probabilities: Tensor, labels: Tensor | None) -> float | None:
    if labels is None:
        return None
    return float((probabilities.argmax(1) == labels).float().mean())


def _code_metrics(
    model: Autoencoder, dataset: Dataset, images: Split, codes: Codes, train_codes: Codes
) -> dict:
    """Metrics of codes that do not depend on the labels."""
    if model.classes:
        codes = encode_images(model, images.images)
        train_codes = encode_images(model, dataset.train.images)
    both = train_codes.mean, dataset.train.labels, codes.mean, images.labels
    return {
        "knn1": embedding_metrics.nearest_accuracy(*both, 1),
        "knn5": embedding_metrics.nearest_accuracy(*both, 5),
        "trustworthiness": embedding_metrics.trustworthiness(images.images, codes.mean),
        "silhouette": embedding_metrics.silhouette(*both[2:]),
        "v_measure": embedding_metrics.v_measure(*both[2:]),
        "active_units": embedding_metrics.active_units(codes.mean),
    }


@torch.inference_mode()
@on_device_of_model
def _mse(model: Autoencoder, images: Split, codes: Codes) -> float:
    """Mean squared error of the reconstructions per pixel."""
    total = 0.0
    for rows in (slice(i, i + 1000) for i in range(0, len(images.images), 1000)):
        x, y = torch.tensor(images.images[rows]).float() / 255, torch.tensor(images.labels[rows])
        picture = model.likelihood.mean(model.decode(torch.tensor(codes.mean[rows]), y))
        total += float((picture - x).double().square().sum())
    return total / images.images.size
