"""A VAE as a scikit-learn transformer from rows to codes and back.

    from vae.sklearn import VAETransformer
    make_pipeline(VAETransformer(8), LogisticRegression()).fit(X, y)

The engine is trained on images with values from 0 to 255. The columns of a row are therefore
scaled to [0, 1], rounded to 256 levels and arranged as an image; `inverse_transform` reverts it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from . import checkpoint as checkpoints
from . import training
from .config import Config, ModelConfig, TrainConfig
from .data.dataset import Dataset, Split
from .latent.encoding import encode_images
from .latent.ordering import sort_latents
from .models import MODELS
from .nn.distributions import standard_normal_kl
from .validation import ConfigError, one_of

SCALES = ("feature", "all")
UNCONDITIONAL = tuple(name for name, info in MODELS.items() if info.cls.context != "label")
_MIN_SIDE, _MAX_SIDE = 4, 256  # of an image, the bounds of `ModelConfig`
_BATCH = 1000
_SAMPLES = 8  # of the posterior, for an ELBO


def _has_elbo(estimator: VAETransformer) -> bool:
    fitted = getattr(estimator, "config_", None)
    name = estimator.model if fitted is None else fitted.model.name
    gaussian = name in UNCONDITIONAL and MODELS[name].cls.gaussian_posterior
    return gaussian and (fitted is None or fitted.model.prior == "normal")


@dataclass(repr=False, eq=False)  # both come from scikit-learn
class VAETransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Encodes rows [N, n_features] with a variational autoencoder (Kingma and Welling
    2014, https://arxiv.org/abs/1312.6114).

    Parameters
    ----------
    n_components : size D of the code.
    model : "vae", "beta-vae", "ae", "avb", "hvae" or "exemplar" (the code is their top level). A
        "cvae" is refused: it would need the classes of the rows that it transforms.
    beta : weight of the KL; None: the preset of the model (1, or 4 for a beta-vae).
    epochs, batch_size, learning_rate : settings of the training.
    likelihood : "bernoulli", "gaussian" or "continuous-bernoulli".
    encoder_widths, decoder_widths : hidden layers of the two networks, from input to output.
    scale : how columns are scaled to [0, 1]: "feature", by the minimum and maximum of each column,
        or "all", by those of the whole table, which keeps pixels comparable. Rows of uint8 are
        pixels and are divided by 255. Values outside the range of `fit` are clipped.
    checkpoint : folder of a trained model; `fit` then only checks the number of columns. Its rows
        are pixels: uint8, or numbers from 0 to 1.
    device : "cpu", "cuda", "mps", or "auto" for a GPU if available.
    random_state : seed of the weights, the order of rows and all noise.

    Attributes
    ----------
    model_ : the trained `vae.Autoencoder`.  config_ : its configuration.
    image_shape_ : (1, height, width) of the image as which a row is arranged: a square if
        possible, else the rectangle closest to one, padded with zeros if necessary.
    data_min_, data_range_ : minimum and range of the columns [n_features].
    loss_curve_ : the negative ELBO after each epoch, in nats per row, on training rows.
    n_features_in_, feature_names_in_ : as in other scikit-learn estimators.
    """

    n_components: int = 2
    _: KW_ONLY
    model: str = "vae"
    beta: float | None = None
    epochs: int = 60
    batch_size: int = 128
    learning_rate: float = 2e-3
    likelihood: str = "bernoulli"
    encoder_widths: Sequence[int] = (256, 256)
    decoder_widths: Sequence[int] = (256, 256)
    scale: str = "feature"
    checkpoint: str | Path | None = None
    device: str = "cpu"
    random_state: int | np.random.RandomState | None = None

    def fit(self, X, y=None):
        """Trains on rows X [N, n_features], float or uint8; y is ignored. Raises ValueError for an
        invalid setting or table and `vae.training.TrainingError` if the loss diverges."""
        X = validate_data(self, X, dtype=_DTYPES)
        if self.checkpoint is not None:
            return self._use_checkpoint(X)
        one_of("scale", self.scale, SCALES)
        one_of("model", self.model, UNCONDITIONAL)
        if X.dtype == np.uint8:
            low, high = np.zeros(X.shape[1]), np.full(X.shape[1], 255.0)
        elif self.scale == "all":
            low, high = np.full(X.shape[1], X.min()), np.full(X.shape[1], X.max())
        else:
            low, high = X.min(0), X.max(0)
        self.data_min_ = low.astype(np.float64)
        self.data_range_ = high.astype(np.float64) - self.data_min_
        self.image_shape_ = image_shape(X.shape[1])
        self.config_ = self._settings()
        images = self._images(X)
        train = Split(images, np.zeros(len(X), np.int64))
        rows = Dataset("rows", train, Split(*(a[:_BATCH] for a in train)), ("row",))
        run = training.new_run(self.config_, rows, training.resolve_device(self.device))
        for _ in training.train(run, rows):
            pass
        self.model_ = sort_latents(run.result.cpu().eval(), rows.train)
        self.loss_curve_ = [p.train_reconstruction + p.train_kl for p in run.curve]
        self._n_features_out = self.config_.model.latent
        return self

    def transform(self, X):
        """The posterior means of rows [N, n_features] as codes float32 [N, n_components].

        More than two components are sorted by their information about the training rows."""
        return encode_images(self.model_, self._checked(X)).mean

    def inverse_transform(self, X):
        """Rows [N, n_features] decoded from codes [N, D], in the units of the fitted table."""
        check_is_fitted(self)
        z = check_array(X, dtype=np.float32)
        if z.shape[1] != self._n_features_out:
            raise ValueError(
                f"the codes have {z.shape[1]} columns; expected {self._n_features_out}, as "
                "transform returns them"
            )
        with torch.inference_mode():
            parts = [self.model_.picture(part) for part in torch.tensor(z).split(_BATCH)]
        scaled = torch.cat(parts).flatten(1)[:, : self.n_features_in_].numpy()
        return self.data_min_ + scaled.astype(np.float64) * self.data_range_

    @available_if(_has_elbo)
    def score_samples(self, X):
        """The ELBO of each row [N] in nats, a lower bound on the log-likelihood of scaled values.

        The noise of the posterior samples is fixed and the same for all rows, so a row's score
        does not depend on other rows. Available for models with a Gaussian posterior and the prior
        N(0, I): "vae" and "beta-vae"."""
        images = self._checked(X)
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(_SAMPLES, self._n_features_out, generator=generator)
        with torch.inference_mode():
            parts = [self._elbo(x, noise) for x in torch.tensor(images).split(_BATCH)]
        return torch.cat(parts).numpy()

    @available_if(_has_elbo)
    def score(self, X, y=None):
        """The mean ELBO of the rows in nats; larger is better."""
        return float(self.score_samples(X).mean())

    def _elbo(self, images: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """ELBO [B] of images [B, 1, H, W] without padding, with posterior noise [S, D]."""
        model, x, used = self.model_, images.float() / 255, slice(None, self.n_features_in_)
        mean, std = model.posterior(x)
        flat = x.flatten(1)[:, used, None, None]
        nats = torch.zeros(len(x))
        for eps in noise:
            logits = model.decode(mean + std * eps).flatten(1)[:, used, None, None]
            nats += model.likelihood.nll(logits, flat) / len(noise)
        return -(nats + standard_normal_kl(mean, 2 * std.log()))

    def _settings(self) -> Config:
        if type(self.n_components) is not int and not isinstance(self.n_components, np.integer):
            raise ConfigError(f"n_components is {self.n_components!r}; expected a whole number")
        preset = MODELS[self.model].preset
        if self.beta is not None:
            preset = preset | {"beta": float(self.beta)}
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        same = ("likelihood", "encoder_widths", "decoder_widths")
        model = ModelConfig(
            name=self.model,
            latent=int(self.n_components),
            image_shape=self.image_shape_,
            **{name: getattr(self, name) for name in same},
            **preset,
        )
        numbers = {"epochs": self.epochs, "batch_size": self.batch_size, "lr": self.learning_rate}
        return Config(model, TrainConfig(data="rows", seed=seed, **numbers))

    def _use_checkpoint(self, X):
        loaded = checkpoints.load(Path(self.checkpoint))
        one_of(f"the model of {loaded.name}", loaded.config.model.name, UNCONDITIONAL)
        width = math.prod(loaded.model.image_shape)
        if X.shape[1] != width:
            shape = " x ".join(map(str, loaded.model.image_shape))
            raise ValueError(
                f"the rows have {X.shape[1]} columns; {loaded.name} was trained on images of "
                f"{shape}: give rows of {width}"
            )
        if X.dtype != np.uint8 and not (X.min() >= 0 and X.max() <= 1):
            raise ValueError(
                f"the rows reach from {X.min():g} to {X.max():g}; {loaded.name} expects pixels: "
                "uint8, or numbers from 0 to 1"
            )
        self.data_min_ = np.zeros(width)
        self.data_range_ = np.full(width, 255.0 if X.dtype == np.uint8 else 1.0)
        self.image_shape_, self.config_ = loaded.model.image_shape, loaded.config
        self.model_, self.loss_curve_ = loaded.model, []
        self._n_features_out = loaded.config.model.latent
        return self

    def _checked(self, X) -> np.ndarray:
        check_is_fitted(self)
        return self._images(validate_data(self, X, dtype=_DTYPES, reset=False))

    def _images(self, X: np.ndarray) -> np.ndarray:
        """Rows as images uint8 [N, 1, H, W]; a constant column becomes 0."""
        divisor = np.where(self.data_range_ > 0, self.data_range_, 1)
        scaled = np.clip((X - self.data_min_) / divisor, 0, 1)
        flat = np.zeros((len(X), math.prod(self.image_shape_)), np.uint8)
        flat[:, : X.shape[1]] = np.rint(scaled * 255)
        return flat.reshape(len(X), *self.image_shape_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]  # codes are always float32
        return tags


_DTYPES = (np.float64, np.float32, np.uint8)


def image_shape(width: int) -> tuple[int, int, int]:
    """(1, height, width) of the image for a row of `width` numbers: with the least padding, then
    closest to a square. Raises `ConfigError` for more than 65,536 columns."""
    if width > _MAX_SIDE**2:
        raise ConfigError(
            f"the rows have {width} columns; expected at most {_MAX_SIDE**2}: select some, or "
            "reduce them with PCA"
        )
    heights = range(_MIN_SIDE, max(_MIN_SIDE, math.isqrt(width)) + 1)
    sizes = [(height, max(height, -(-width // height))) for height in heights]
    fitting = [(h * w - width, w - h, (1, h, w)) for h, w in sizes if w <= _MAX_SIDE]
    return min(fitting)[2]
