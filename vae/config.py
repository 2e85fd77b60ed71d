"""What a model is and how it was trained, as two frozen records that travel as JSON.

Every field is checked when the record is made, so code that holds a `Config` never checks again.
Unknown keys are refused by name: a misspelt option must not silently train the default.
"""

from __future__ import annotations

import difflib
import json
import math
import types
import typing
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import NamedTuple

from .errors import AtelierError

SCHEMA = 1
LIKELIHOODS = ("bernoulli", "gaussian", "continuous-bernoulli")
PRIORS = ("normal", "flow", "label")
# network -> (encoder widths, decoder widths) where the user names none
NETWORKS = {
    "mlp": ((1024, 1024, 1024), (256, 512, 640, 640)),
    "conv": ((32, 64, 256), (128, 64, 32, 16)),
}


class Setting(NamedTuple):
    """What a command and a form say of one field: its default, a sentence, and its bounds."""

    default: object
    sentence: str
    low: float | None
    high: float | None


def _set(
    default: object,
    sentence: str = "",
    low: float | None = None,
    high: float | None = None,
    *,
    added: bool = False,
):
    """A field with what there is to say of it.

    `added` marks one younger than schema 1: at its default it does not count in a checkpoint's
    digest, so that the digests of older checkpoints, and the links that name them, stay the same.
    """
    told = Setting(default, sentence, low, high)
    return field(default=default, metadata={"setting": told, "added": added})


def setting(record: type, name: str) -> Setting:
    """What there is to say of a field of `ModelConfig` or `TrainConfig`."""
    return next(f.metadata["setting"] for f in fields(record) if f.name == name)


class ConfigError(AtelierError):
    """A setting that cannot be: one sentence with what came, what was expected, what to do."""


@dataclass(frozen=True)
class ModelConfig:
    """The architecture and its objective; two models with equal records have equal shapes.

    `encoder_widths` and `decoder_widths` read from input to output. For `mlp` they are the hidden
    layers. For `conv` the encoder has the channels at half and quarter size and one dense layer;
    the decoder has one dense layer and the channels at quarter, half and full size.
    `refine` is the number of Newton steps by which a 2-D model's posterior is corrected when it is
    asked for one (`inference.py`); training always sees the encoder's own.
    `fourier` is the number of random waves whose sine and cosine the decoder sees beside z, and
    `fourier_scale` the standard deviation of their frequencies, in radians a unit of z.
    `prior` is p(z): a standard normal, or learned (`priors.py`) as a normalising flow, or label by
    label. `classes` is the number of labels of a conditional
    model. `levels` are the sizes of a hierarchical model's lower latents, from the top
    down; its decoder's first width is that of the path on which they lie.
    """

    name: str = "vae"
    latent: int = _set(2, "Numbers a code has; 2 is a map.", 1, 4096)
    image_shape: tuple[int, ...] = (1, 28, 28)
    likelihood: str = _set("bernoulli", "How far a pixel may lie from what the decoder says.")
    network: str = _set(
        "mlp", "Dense layers (mlp) are quick, convolutions (conv) slower, for larger images."
    )
    beta: float = _set(
        1.0, "Weight of the KL: above 1 smoother planes, below 1 sharper pictures.", 0, 1e6
    )
    encoder_widths: tuple[int, ...] | None = None
    decoder_widths: tuple[int, ...] | None = None
    refine: int = _set(0, "Newton steps by which q(z|x) is corrected when asked (D = 2).", 0, 100)
    fourier: int = _set(64, "Random waves that the decoder sees beside z.", 0, 4096)
    fourier_scale: float = _set(1.5, "Spread of their frequencies, radians a unit of z.", 0, 1000)
    prior: str = _set("normal", "p(z): normal, a learned flow, or a Gaussian a label.", added=True)
    classes: int = _set(0, "Labels that a conditional model is told.", 0, 256, added=True)
    levels: tuple[int, ...] = _set((), "Sizes of an hvae's lower latents.", added=True)

    def __post_init__(self) -> None:
        _check_types(self)
        _check_bounds("model", self)
        one_of("model.likelihood", self.likelihood, LIKELIHOODS)
        one_of("model.network", self.network, NETWORKS)
        for name, default in zip(
            ("encoder_widths", "decoder_widths"), NETWORKS[self.network], strict=True
        ):
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)
        if self.refine and self.latent != 2:
            raise ConfigError(
                f"model.refine is {self.refine} with {self.latent} latents; it works "
                "in the plane: use --latent 2, or --refine 0"
            )
        one_of("model.prior", self.prior, PRIORS)
        _within("the number of model.levels", len(self.levels), 0, 8)
        for size in self.levels:
            _within("model.levels", size, 1, 4096)
        if len(self.image_shape) != 3:
            raise ConfigError(
                f"model.image_shape has {len(self.image_shape)} numbers; "
                "expected three: channels, height, width"
            )
        _within("model.image_shape[0] (channels)", self.image_shape[0], 1, 4)
        for side in self.image_shape[1:]:
            _within("model.image_shape (height and width)", side, 4, 256)
        for name in ("encoder_widths", "decoder_widths"):
            widths = getattr(self, name)
            _within(f"the number of model.{name}", len(widths), 1, 32)
            for width in widths:
                _within(f"model.{name}", width, 1, 16384)
        if self.network == "conv":
            self._check_conv()

    def _check_conv(self) -> None:
        if len(self.encoder_widths) != 3 or len(self.decoder_widths) != 4:
            raise ConfigError(
                f"a conv network got {len(self.encoder_widths)} encoder and "
                f"{len(self.decoder_widths)} decoder widths; expected 3 and 4"
            )
        if any(side % 4 for side in self.image_shape[1:]):
            raise ConfigError(
                f"a conv network got images of {self.image_shape[1]} x {self.image_shape[2]}; "
                "expected sides that are a multiple of 4: choose another size, or network mlp"
            )


@dataclass(frozen=True)
class TrainConfig:
    """How the weights were found; with the same record and data the curve is the same.

    epochs, batch_size, lr (the top of the one-cycle schedule), lr_warmup (fraction of the steps
    until the top), weight_decay, clip (gradient norm, of the loss in nats per pixel; 0: none).
    ema: decay per step of the averaged weights, which are the ones kept; 0: none.
    samples: posterior samples an image and step.
    noise: standard deviation added to, and dropout: share of pixels removed from, what the encoder
    sees while it trains (never what the decoder must explain).
    beta_start, beta_fraction: beta moves from beta_start to the model's beta over this fraction of
    the training; 0: constant. Linearly from 0, the usual KL warm-up; geometrically from above 0.
    patience: stop after so many epochs without a better held-out ELBO; 0: never. Then one tenth of
    the training split is set aside for it, so that the test split never chooses anything.
    unlabelled: share of the labels hidden from a conditional model, so that it works without too.
    binarize: draw black and white images from the grey ones anew at every step (dynamic
    binarisation, Burda et al. 2016, https://arxiv.org/abs/1509.00519); the encoder sees them too.
    start: path of a checkpoint whose weights are taken over where names and shapes agree.
    frozen_decoder: leave the decoder as it starts, and learn to encode for it.
    free_bits: nats that every level of a hierarchical model may spend free of charge.
    """

    data: str = "fashion-mnist"
    epochs: int = _set(20, "How often every image is seen.", 1, 100_000)
    batch_size: int = _set(
        256, "Images a step: more are quicker an epoch, fewer learn more of each.", 1, 1_000_000
    )
    lr: float = _set(2e-3, "The top of one cycle of the learning rate, up and down.", 1e-12, 1e12)
    lr_warmup: float = _set(0.1, "Share of the steps until that top.", 0, 1)
    weight_decay: float = _set(0.01, "AdamW's.", 0, 10)
    clip: float = _set(0.13, "Longest gradient, of the loss in nats a pixel; 0: any.", 0, 1e12)
    ema: float = _set(0.999, "Decay of the averaged weights, a step; 0: none.", 0, 0.999999)
    samples: int = _set(1, "Posterior samples an image and step.", 1, 1024)
    noise: float = _set(0.0, "Standard deviation added to what the encoder sees.", 0, 10)
    dropout: float = _set(0.0, "Share of the pixels hidden from the encoder.", 0, 0.95)
    beta_start: float = _set(0.0, "Beta at the first step.", 0, 1e6)
    beta_fraction: float = _set(0.0, "Share of the training after which beta is reached.", 0, 1)
    patience: int = _set(0, "Epochs without gain after which it stops; 0: never.", 0, 100_000)
    seed: int = _set(0, "The same seed gives the same curve.", 0, 2**31 - 1)
    unlabelled: float = _set(0.0, "Share of labels hidden from a cvae.", 0, 1, added=True)
    binarize: bool = _set(False, "Train on black and white draws of the pixels.", added=True)
    free_bits: float = _set(
        0.0, "Nats that each level of an hvae is let off.", 0, 1000, added=True
    )
    start: str = _set("", "Checkpoint whose weights to begin with.", added=True)
    frozen_decoder: bool = _set(
        False, "Learn only to encode, for the start's decoder.", added=True
    )

    def __post_init__(self) -> None:
        _check_types(self)
        _check_bounds("train", self)


@dataclass(frozen=True)
class Config:
    """All that `config.json` of a checkpoint holds."""

    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def to_json(self) -> dict:
        """The record as plain JSON values, with the schema version first."""
        return {"schema": SCHEMA} | asdict(self)

    @classmethod
    def from_json(cls, data: object) -> Config:
        """The record from plain JSON values; `ConfigError` names the first thing wrong."""
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
        refuse_unknown("the config", sections, ("model", "train"))
        return cls(
            model=_section(ModelConfig, "model", sections.get("model", {})),
            train=_section(TrainConfig, "train", sections.get("train", {})),
        )

    def canonical(self) -> bytes:
        """The one byte string of this record: what digests are computed over."""
        data = self.to_json()
        for section, record in (("model", self.model), ("train", self.train)):
            for option in fields(record):
                if option.metadata.get("added") and getattr(record, option.name) == option.default:
                    del data[section][option.name]
        return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def suggest(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def one_of(what: str, value: str, known: Iterable[str]) -> None:
    """Refuse a value that is not among the known ones."""
    known = tuple(known)
    if value not in known:
        raise ConfigError(
            f"{what} is {value!r}{suggest(value, known)}; expected one of {', '.join(known)}"
        )


def refuse_unknown(what: str, data: dict, known: Iterable[str]) -> None:
    """Refuse keys that nothing reads."""
    known = tuple(known)
    for key in data:
        if key not in known:
            raise ConfigError(
                f"{what} has an unknown key {key!r}{suggest(str(key), known)}; "
                f"expected some of {', '.join(known)}"
            )


def _section(cls: type, name: str, data: object):
    if not isinstance(data, dict):
        raise ConfigError(f"the config's {name!r} is {data!r}; expected a JSON object")
    refuse_unknown(f"the config's {name!r}", data, [f.name for f in fields(cls)])
    return cls(**data)


def _check_types(record: object) -> None:
    """Hold every field to its annotation; integers serve as floats, lists as tuples."""
    hints = typing.get_type_hints(type(record))
    for name, hint in hints.items():
        object.__setattr__(record, name, _coerce(name, getattr(record, name), hint))


def _coerce(name: str, value: object, hint: object) -> object:
    if isinstance(hint, types.UnionType):
        if value is None:
            return None
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{name} is {value!r}; expected a list of whole numbers")
        return tuple(_coerce(f"an item of {name}", item, int) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise ConfigError(f"{name} is {value!r}; expected {words[hint]}")
    if hint is float and not math.isfinite(value):
        raise ConfigError(f"{name} is {value!r}; expected a finite number")
    return value


def _check_bounds(section: str, record: object) -> None:
    for option in fields(record):
        told = option.metadata.get("setting")
        if told is not None and told.low is not None:
            _within(f"{section}.{option.name}", getattr(record, option.name), told.low, told.high)


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{what} is {value}; expected {low:g} to {high:g}")
