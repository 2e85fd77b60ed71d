"""All metrics of a model on a split: ELBO, likelihoods, embedding metrics, sample quality."""

import timeit
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..analysis import embedding_metrics
from ..data.dataset import Dataset, Split, evenly_spaced
from ..latent.aggregate_posterior import fit_aggregate_posterior
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder, Posterior, Terms, device_of, on_device_of_model
from ..nn.distributions import Mixture
from ..progress import Progress, no_progress
from . import iwae, quadrature, sample_quality

POSTERIOR_SAMPLES = 8
_BATCH = 1000  # images at a time
HIERARCHY_SAMPLES = 5000  # of the importance-weighted bound of a hierarchy, as in its literature
_GRID_SIDE, _LOWER_DRAWS = 14, 4  # grid over the top code of a hierarchy, draws of lower levels
_GRID_RADIUS = 5.5  # standard deviations of the posterior
_CODE_METRICS = ("knn1", "knn5", "trustworthiness", "silhouette", "v_measure", "active_units")

Log = Callable[[str], Progress]  # called with the name of a step, returns its progress


class Sizes(NamedTuple):
    """How many images are used at most, evenly spaced: of the training split (for `evaluate` all
    that it is given), of the test split, and of that for the exact likelihood, the bounds on it,
    the metrics of embeddings and the samples."""

    train: int = 1_000_000
    test: int = 1_000_000
    exact: int = 2000
    bounds: int = 2000
    embedding: int = 10_000
    samples: int = 10_000


ALL = Sizes()


def evaluate(
    model: Autoencoder,
    dataset: Dataset,
    *,
    split: str = "test",
    seed: int = 0,
    iwae_k: int | None = None,
    binarize: bool = False,
    codes: Codes | None = None,
    train_codes: Codes | None = None,
    aggregate: Mixture | None = None,
    sizes: Sizes = ALL,
    log: Log = lambda step: no_progress,
) -> dict:
    """All metrics of one split; `log` is called with the name of each step.

    The codes of the split and of the training images (given the labels) and the aggregate
    posterior are computed unless they are passed in. A conditional model is given the labels for
    likelihoods and reconstructions, but not for metrics of the codes, which are None if it needs
    labels. With `binarize` the likelihoods are those of binarised images (a fixed draw), as
    published for hierarchical models, otherwise of the grey images, which bound those.

    A likelihood that is measured on `nll_..._n` of `n` images is -ELBO of all minus the mean
    difference on those: -log p(x) differs by tens of nats from image to image, this by one or two.
    """
    images = getattr(dataset, split)
    codes = codes or encode_images(model, *images, progress=log("codes"))
    train_codes = train_codes or encode_images(
        model, *dataset.train, progress=log("codes of the training images")
    )
    labels, k = dataset.train.labels, iwae_k or default_iwae_k(model)
    aggregate = aggregate or fit_aggregate_posterior(model, train_codes, labels, seed=seed)
    x, y = torch.tensor(images.images), torch.tensor(images.labels)
    if binarize:
        generator = torch.Generator().manual_seed(seed)
        parts = [torch.bernoulli(_floats(part), generator=generator) for part in x.split(_BATCH)]
        x = torch.cat([255 * part.to(torch.uint8) for part in parts])
    x, y = x.to(device_of(model)), y.to(device_of(model))
    known = codes if model.gaussian_posterior and not binarize else None
    terms = elbo_terms(model, x, y, seed, known, log("terms of the ELBO"))
    neg_elbo = terms.reconstruction + terms.kl
    metrics = {key: values.mean(0).tolist() for key, values in terms._asdict().items()}
    metrics |= {"neg_elbo": float(neg_elbo.mean()), "kl_levels": metrics.pop("levels")}
    metrics["mse"] = _mse(model, images, codes)
    log("neighbours and clusters of the codes")
    metrics |= _code_metrics(model, dataset, images, codes, train_codes, sizes.embedding)

    def of_all(values: dict, rows: Tensor) -> dict:
        shift = float(neg_elbo.mean() - neg_elbo[rows].mean()) if len(rows) else 0.0
        return {k: v if v is None or k.endswith("error") else v + shift for k, v in values.items()}

    rows = torch.tensor(evenly_spaced(len(x), sizes.exact))
    progress = log(f"exact likelihood of {len(rows):,} images")
    exact = exact_likelihood(model, _floats(x[rows]), y[rows], aggregate, progress)
    metrics |= of_all(exact, rows)
    metrics["nll_exact_n"] = len(rows)
    rows = torch.tensor(evenly_spaced(len(x), sizes.bounds))
    progress = log(f"bounds on the likelihood of {len(rows):,} images, K = {k:,}")
    options = {"samples": k, "seed": seed, "progress": progress}
    if known is not None:
        options["proposal"] = _posterior(known, rows, x.device)
    bounds = likelihood_bounds(model, _floats(x[rows]), y[rows], **options)
    metrics |= of_all(bounds, rows) | {"nll_iwae_n": len(rows), "iwae_k": k}
    log("samples")
    metrics |= sample_quality.sample_metrics(
        model, dataset, images, aggregate, sizes.samples, seed
    )
    facts = {"split": split, "n": len(x), "n_train": len(labels), "binarized": binarize}
    return metrics | facts


def default_iwae_k(model: Autoencoder) -> int:
    """The number of importance samples per image unless another one is asked for."""
    many = model.noise_size and not model.kept_images  # each of whose samples costs as much
    return HIERARCHY_SAMPLES if many else iwae.SAMPLES


@torch.inference_mode()
def sizes_within(seconds: float, model: Autoencoder, images: np.ndarray) -> Sizes:
    """The sizes with which the metrics take about `seconds`, from the time that some uint8 images
    `[N, C, H, W]` take."""
    x = torch.tensor(images[:200]).to(device_of(model)).float() / 255

    def each(work: Callable[[], Tensor]) -> float:
        return min(timeit.repeat(lambda: work().cpu(), number=1, repeat=4)) / len(x)

    z, part = model.encode(x), seconds / 6
    encode, decode = each(lambda: model.encode(x)), each(lambda: model.decode(z))
    encode *= 2 if model.classes else 1  # with and without labels
    bounds = int(part / decode / default_iwae_k(model))
    return Sizes(
        train=min(20_000, max(100, int(part / encode))),
        test=min(10_000, max(100, int(part / (encode + (POSTERIOR_SAMPLES + 1) * decode)))),
        exact=500 if 1e5 * decode < part else 0,  # of codes on the grid
        bounds=min(bounds, 500) if bounds >= 10 else 0,
        embedding=2000,
        samples=min(2000, max(100, int(part / decode / 3))),
    )


@torch.inference_mode()
@on_device_of_model
def elbo_terms(
    model: Autoencoder,
    x: Tensor,
    y: Tensor | None = None,
    seed: int = 0,
    codes: Codes | None = None,
    progress: Progress = no_progress,
) -> Terms:
    """Both terms of -ELBO of images `[N, C, H, W]`, floats or uint8, in nats, means over
    `POSTERIOR_SAMPLES` draws from q; codes of a Gaussian q save running the encoder."""
    generator, parts, known = torch.Generator().manual_seed(seed), [], {}
    for rows in torch.arange(len(x)).split(_BATCH):
        progress(int(rows[0]), len(x))
        labels = None if y is None else y[rows]
        if codes is not None:
            known["posterior"] = _posterior(codes, rows, x.device)
        options = known | {"generator": generator, "samples": POSTERIOR_SAMPLES}
        parts.append(model.terms(_floats(x[rows]), labels, **options))
    return Terms(*(torch.cat(values).cpu().double() for values in zip(*parts, strict=True)))


def _floats(x: Tensor) -> Tensor:
    """Images as float32 in [0, 1]; of a split a part at a time, since that is four times uint8."""
    return x.float() / 255 if x.dtype == torch.uint8 else x


def _posterior(codes: Codes, rows: Tensor, device: torch.device) -> Posterior:
    """The posteriors `[B, D]` of some images."""
    return Posterior(*(torch.from_numpy(values).to(device)[rows] for values in codes))


def exact_likelihood(
    model: Autoencoder,
    x: Tensor,
    y: Tensor | None = None,
    aggregate: Mixture | None = None,
    progress: Progress = no_progress,
) -> dict:
    """`nll_exact`, -log p(x) by quadrature, with the estimated error of the quadrature.
    `nll_exact_aggregate` replaces the prior by the aggregate posterior, and `nll_exact` does the
    same for models without a prior. None for D != 2, and for a hierarchy, whose lower levels can
    only be sampled (`likelihood_bounds`)."""
    values = dict.fromkeys(("nll_exact", "nll_exact_error", "nll_exact_aggregate"))
    if model.latent != 2 or model.noise_size or not model.likelihood.linear_in_x or not len(x):
        return values
    integral = quadrature.exact_nll(model, x, y, aggregate=aggregate, progress=progress)
    means = integral.nll.double().mean(1).tolist()
    return values | {
        "nll_exact": means[0],
        "nll_exact_error": float(integral.error.double().mean()),
        "nll_exact_aggregate": means[-1] if aggregate is not None else None,
    }


def likelihood_bounds(model: Autoencoder, x: Tensor, y: Tensor | None, **options) -> dict:
    """Upper bounds on -log p(x): `nll_iwae`, the importance-weighted one, with the error of its
    interpolation; `nll_integral` of an hvae, with that of its sampling
    (`hierarchical_nll_bound`); and `nll_bound`, the lesser of them. The options are those of
    `iwae.importance_weighted`."""
    keys = ("nll_iwae", "nll_iwae_error", "nll_integral", "nll_integral_error", "nll_bound")
    values = dict.fromkeys(keys)
    bound = iwae.importance_weighted(model, x, y, **options) if len(x) else None
    if bound is None:
        return values
    nll = float(bound.nll.double().mean())
    values |= {"nll_iwae": nll, "nll_iwae_error": bound.error, "nll_bound": nll}
    if hasattr(model, "log_importance_weights_at") and model.latent == 2:
        integral, error = hierarchical_nll_bound(model, x, options.get("seed", 0))
        values |= {"nll_integral": integral, "nll_integral_error": error}
        values["nll_bound"] = min(nll, integral)
    return values


@torch.inference_mode()
@on_device_of_model
def hierarchical_nll_bound(model: Autoencoder, x: Tensor, seed: int = 0) -> tuple[float, float]:
    """An upper bound on -log p(x) of a hierarchy, and its estimated error. The top code is
    integrated over a grid around the posterior of each image; the lower levels are sampled at
    every grid point, so the result is a bound in expectation, like importance sampling. The error
    is the mean difference between two halves of the draws."""
    generator = torch.Generator().manual_seed(seed)
    axis = (torch.arange(_GRID_SIDE) + 0.5) / _GRID_SIDE * 2 - 1
    grid = _GRID_RADIUS * torch.cartesian_prod(axis, axis)
    cell = (2 * _GRID_RADIUS / _GRID_SIDE) ** 2
    total, difference = 0.0, 0.0
    for images in x.split(16):
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


def _code_metrics(
    model: Autoencoder, data: Dataset, images: Split, codes: Codes, train_codes: Codes, limit: int
) -> dict:
    """Metrics of codes that do not depend on the labels, those of clusters on at most `limit`
    images; None for a model that needs labels."""
    if model.needs_label:
        return dict.fromkeys(_CODE_METRICS) | {"n_embedding": 0}
    if model.classes:
        codes = encode_images(model, images.images)
        train_codes = encode_images(model, data.train.images)
    rows = evenly_spaced(len(codes.mean), limit)
    some = codes.mean[rows], images.labels[rows]
    known, asked = (train_codes.mean, data.train.labels), (codes.mean, images.labels)
    values = (
        *embedding_metrics.nearest_accuracies(*known, *asked, (1, 5)),
        embedding_metrics.trustworthiness(images.images[rows], some[0]),
        embedding_metrics.silhouette(*some),
        embedding_metrics.v_measure(*some),
        embedding_metrics.active_units(codes.mean),
    )
    return dict(zip(_CODE_METRICS, values, strict=True)) | {"n_embedding": len(rows)}


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
