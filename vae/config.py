"""What a model is, how it was trained and how its pictures are prepared: frozen records with a
JSON form.

All fields are checked when a record is created, so code that receives a `Config` need not check
again. Unknown keys are refused by name: a misspelt option must not silently train the default.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from typing import NamedTuple

from . import network_sizes
from .graph import Networks
from .network_sizes import NETWORKS
from .validation import ConfigError, coerce_types, one_of, refuse_unknown, within

SCHEMA = 1
LIKELIHOODS = (
    "bernoulli",
    "gaussian",
    "gaussian-per-channel",
    "gaussian-per-frequency",
    "continuous-bernoulli",
)
PRIORS = ("normal", "flow", "label")
FITS = ("crop", "pad", "stretch")
INVERSIONS = ("no", "yes", "auto")
_WIDTHS = ("encoder_widths", "decoder_widths")


class Setting(NamedTuple):
    """The default, help text and bounds of a field, for the command line and the forms."""

    default: object
    help: str
    low: float | None = None
    high: float | None = None


def _setting(default: object, help: str, *bounds: float, added: bool = False):
    """`added` marks a field that is newer than schema 1. At its default it does not count in a
    checkpoint's digest, so the digests of older checkpoints, and links with them, stay valid."""
    setting = Setting(default, help, *bounds)
    return field(default=default, metadata={"setting": setting, "added": added})


def setting(record: type, name: str) -> Setting:
    """The setting of a field of `ModelConfig` or `TrainConfig`."""
    return next(f.metadata["setting"] for f in fields(record) if f.name == name)


@dataclass(frozen=True)
class ModelConfig:
    """The architecture and its objective; each setting says what it is. Models with equal records
    have equal weight shapes.

    `encoder_widths` and `decoder_widths` are ordered from input to output. For `mlp` they are the
    hidden layers. For `conv` the encoder has the channels at half and quarter size and one dense
    layer; the decoder has one dense layer and the channels at quarter, half and full size. For
    `resnet` see `vae.network_sizes`.
    `refine` (`vae.nn.semi_amortised`): training uses the encoder's posterior. `prior`: see
    `vae.nn.priors`. `levels`: from the top down; the first width of a hierarchical model's decoder
    is that of the trunk between them. `graphs`: the networks of an adopted model, which has no
    widths; its `network` is "graph".
    """

    name: str = "vae"
    latent: int = _setting(2, "Latent dimensions; 2 can be shown as a map.", 1, 4096)
    image_shape: tuple[int, ...] = (1, 28, 28)
    likelihood: str = _setting(
        "bernoulli",
        "Distribution of pixels around the decoded ones. The Gaussians learn one sigma, one per "
        "colour channel, or one per band of spatial frequency, so that detail counts too. ELBOs "
        "of different likelihoods do not compare.",
    )
    network: str = _setting(
        "mlp",
        "MLP (mlp): fast. CNN (conv): for larger images. Residual CNN (resnet): deeper with size, "
        "for large and colour images.",
    )
    beta: float = _setting(
        1.0, "Weight of the KL: above 1 a smoother latent space, below 1 sharper images.", 0, 1e6
    )
    encoder_widths: tuple[int, ...] | None = None
    decoder_widths: tuple[int, ...] | None = None
    refine: int = _setting(
        0, "Newton steps that refine q(z|x) after training (2 latents only).", 0, 100
    )
    fourier: int = _setting(64, "Random Fourier features of z in the decoder.", 0, 4096)
    fourier_scale: float = _setting(
        1.5, "Standard deviation of their frequencies, radians per unit of z.", 0, 1000
    )
    prior: str = _setting(
        "normal", "p(z): normal, a learned flow, or a learned Gaussian per label.", added=True
    )
    classes: int = _setting(0, "Number of labels of a conditional model.", 0, 256, added=True)
    levels: tuple[int, ...] = _setting(
        (), "Sizes of the lower latents of an hvae, or of an exemplar model's detail.", added=True
    )
    exemplars: int = _setting(
        0, "Training images whose detail an exemplar model borrows.", 0, 50_000, added=True
    )
    bandwidth: float = _setting(
        0.12,
        "Width of the kernel that blends an exemplar model's items: near 0 the nearest alone.",
        1e-3,
        1e3,
        added=True,
    )
    detail_beta: float = _setting(
        0.1, "Weight of the KL of an exemplar model's detail.", 0, 1e6, added=True
    )
    graphs: Networks | None = field(default=None, metadata={"added": True})

    def __post_init__(self) -> None:
        coerce_types(self)
        _check_bounds("model", self)
        one_of("model.likelihood", self.likelihood, LIKELIHOODS)
        one_of("model.network", self.network, ("graph",) if self.graphs else NETWORKS)
        if self.refine and self.latent != 2:
            raise ConfigError(
                f"model.refine is {self.refine} with {self.latent} latents; "
                "refinement needs 2 latents: use --latent 2 or --refine 0"
            )
        one_of("model.prior", self.prior, PRIORS)
        within("the number of model.levels", len(self.levels), 0, 8)
        for size in self.levels:
            within("model.levels", size, 1, 4096)
        if len(self.image_shape) != 3:
            raise ConfigError(
                f"model.image_shape has {len(self.image_shape)} numbers; "
                "expected three: channels, height, width"
            )
        within("model.image_shape[0] (channels)", self.image_shape[0], 1, 4)
        for side in self.image_shape[1:]:
            within("model.image_shape (height and width)", side, 4, 256)
        if self.graphs:
            return
        defaults = network_sizes.default_widths(self.network, self.image_shape)
        for name, default in zip(_WIDTHS, defaults, strict=True):
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)
        for name in _WIDTHS:
            widths = getattr(self, name)
            within(f"the number of model.{name}", len(widths), 1, 32)
            for width in widths:
                within(f"model.{name}", width, 1, 16384)
        found = self.encoder_widths, self.decoder_widths
        network_sizes.check(self.network, self.image_shape, *found)


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained; each setting says what it is. The same record and data give the same
    training curve.

    lr: the first layer gets less for images of more than 784 values (`vae.training.state`).
    ema: the averaged weights are the ones saved.
    noise, dropout: in training only, never on the image that is reconstructed.
    beta_start, beta_fraction: to the model's beta, linearly from 0, the usual KL warm-up, and
    geometrically otherwise; fraction 0: constant.
    patience: of the validation ELBO, on a tenth of the training split, so the test split never
    selects a model.
    unlabelled: so that the model works without labels too; the command line's default for a cvae
    is 0.1.
    binarize: at every step (dynamic binarisation, Burda et al. 2016,
    https://arxiv.org/abs/1509.00519), also for the encoder.
    ssim: in the loss alone (`vae.nn.ssim`), per pixel value; curves and metrics are without.
    start: its weights are used where names and shapes agree.
    """

    data: str = "fashion-mnist"
    epochs: int = _setting(20, "Passes over the training images.", 1, 100_000)
    batch_size: int = _setting(
        256, "Images per step: larger is faster per epoch, smaller needs fewer epochs.", 1, 10**6
    )
    lr: float = _setting(2e-3, "Maximum of the one-cycle learning rate schedule.", 1e-12, 1e12)
    lr_warmup: float = _setting(0.1, "Fraction of the steps before the maximum.", 0, 1)
    weight_decay: float = _setting(0.01, "Weight decay of AdamW.", 0, 10)
    clip: float = _setting(
        0.13, "Maximum gradient norm of the loss in nats per pixel; 0: none.", 0, 1e12
    )
    ema: float = _setting(
        0.999, "Decay of the weight average per step; 0: no averaging.", 0, 0.999999
    )
    samples: int = _setting(1, "Posterior samples per image and step.", 1, 1024)
    noise: float = _setting(0.0, "Standard deviation of noise on the encoder's input.", 0, 10)
    dropout: float = _setting(0.0, "Fraction of pixels hidden from the encoder.", 0, 0.95)
    beta_start: float = _setting(0.0, "Beta at the first step.", 0, 1e6)
    beta_fraction: float = _setting(0.0, "Fraction of the training over which beta changes.", 0, 1)
    patience: int = _setting(0, "Epochs without improvement before a stop; 0: never.", 0, 100_000)
    seed: int = _setting(0, "Random seed; the same seed gives the same training.", 0, 2**31 - 1)
    unlabelled: float = _setting(0.0, "Fraction of labels hidden from a cvae.", 0, 1, added=True)
    binarize: bool = _setting(False, "Train on black and white samples of the pixels.", added=True)
    free_bits: float = _setting(
        0.0, "Nats per level of an hvae that the loss does not charge.", 0, 1000, added=True
    )
    held_out: float = _setting(
        0.1,
        "Fraction of the images to test on, where the data gives none.",
        0.001,
        0.9,
        added=True,
    )
    flip: bool = _setting(False, "Mirror every second training image.", added=True)
    shift: float = _setting(
        0.0, "Move training images by up to this fraction of their sides.", 0, 0.5, added=True
    )
    balance: bool = _setting(False, "Draw all classes equally often in training.", added=True)
    ssim: float = _setting(
        0.0,
        "Weight of 1 - SSIM in the training loss: more structural similarity, more squared "
        "error. It is never part of the ELBO.",
        0,
        100,
        added=True,
    )
    start: str = _setting("", "Checkpoint whose weights to start from.", added=True)
    frozen_decoder: bool = _setting(
        False, "Train only the encoder, for the decoder of the start checkpoint.", added=True
    )
    frozen_map: bool = _setting(
        False, "Train only an exemplar model's detail, on the start checkpoint's map.", added=True
    )

    def __post_init__(self) -> None:
        coerce_types(self)
        _check_bounds("train", self)


@dataclass(frozen=True)
class Preparation:
    """How a picture becomes an image of a data set (`vae.data.prepare`); each setting says what it
    is. The same for training and for every picture that a model is given later.

    height, width, channels: of the image. ground: also that of the padding.
    white: in pictures of 8 bits the value that becomes 255, lower for masks of 0 and 1.
    levels: the values that become 0 and 255 in pictures of more than 8 bits.
    exact: a picture of exactly this size is one of the data set's own and is not changed.
    """

    height: int = 28
    width: int = 28
    channels: int = 1
    fit: str = _setting("crop", "Crop what sticks out, pad with the ground, or stretch.")
    ground: str = _setting("#ffffff", "Colour under transparent parts.")
    invert: str = _setting("no", "Invert brightness; auto: pictures on a light ground.")
    centre: bool = _setting(False, "Find the item, centre it, and make its ground black.")
    white: float = 255.0
    levels: tuple[float, ...] = (0.0, 65535.0)
    exact: bool = False

    def __post_init__(self) -> None:
        coerce_types(self)
        for name in ("height", "width"):
            within(f"preparation.{name}", getattr(self, name), 4, 256)
        within("preparation.channels", self.channels, 1, 4)
        one_of("preparation.fit", self.fit, FITS)
        one_of("preparation.invert", self.invert, INVERSIONS)
        if not re.fullmatch("#[0-9a-f]{6}", self.ground):
            raise ConfigError(f"preparation.ground is {self.ground!r}; expected a colour #rrggbb")
        if len(self.levels) != 2 or not self.levels[0] < self.levels[1] or self.white <= 0:
            raise ConfigError(
                f"preparation.levels are {self.levels} and white {self.white}; expected a lower "
                "and a higher number, and one above 0"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """[C, H, W] of the images."""
        return self.channels, self.height, self.width


@dataclass(frozen=True)
class Config:
    """The content of a checkpoint's `config.json`; `preparation` is None in one that was written
    before there was this record."""

    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    preparation: Preparation | None = None

    def to_json(self) -> dict:
        """The record as JSON values, with the schema version first."""
        data = {"schema": SCHEMA} | asdict(self)
        if self.preparation is None:  # as before there was this record
            del data["preparation"]
        return data

    @classmethod
    def from_json(cls, data: object) -> Config:
        """The record from JSON values. Raises `ConfigError` for the first invalid value."""
        if not isinstance(data, dict):
            raise ConfigError(f"the config is a {type(data).__name__}; expected a JSON object")
        schema = data.get("schema")
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
            raise ConfigError(f"the config's schema is {schema!r}; expected {SCHEMA}")
        if schema > SCHEMA:
            raise ConfigError(
                f"the config has schema {schema}, newer than the {SCHEMA} that this version "
                "reads; update the program"
            )
        sections = {key: value for key, value in data.items() if key != "schema"}
        refuse_unknown("the config", sections, ("model", "train", "preparation"))
        records = []
        for name, record in _SECTIONS.items():
            section = sections.get(name, None if name == "preparation" else {})
            if section is None:
                continue
            if not isinstance(section, dict):
                raise ConfigError(f"the config's {name!r} is {section!r}; expected a JSON object")
            refuse_unknown(f"the config's {name!r}", section, [f.name for f in fields(record)])
            records.append(record(**section))
        return cls(*records)

    def canonical(self) -> bytes:
        """The canonical bytes of this record, from which digests are computed."""
        data = self.to_json()
        for section, record in (("model", self.model), ("train", self.train)):
            for option in fields(record):
                if option.metadata.get("added") and getattr(record, option.name) == option.default:
                    del data[section][option.name]
        return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


_SECTIONS = {"model": ModelConfig, "train": TrainConfig, "preparation": Preparation}


def _check_bounds(section: str, record: object) -> None:
    for option in fields(record):
        limits = option.metadata.get("setting")
        if limits is not None and limits.low is not None:
            value = getattr(record, option.name)
            within(f"{section}.{option.name}", value, limits.low, limits.high)
