"""Config records: JSON in both directions, every invalid value refused in one sentence."""

import json

import pytest

from vae import Config, ConfigError, ModelConfig, TrainConfig
from vae.config import SCHEMA


def test_round_trip_through_json_text(settings):
    config = settings("beta-vae", "conv", beta=4.0, lr=1e-3, seed=7)
    again = Config.from_json(json.loads(json.dumps(config.to_json())))
    assert again == config
    assert again.canonical() == config.canonical()


def test_equal_settings_have_one_canonical_form_whatever_the_order_of_keys():
    data = Config().to_json()
    shuffled = {key: data[key] for key in reversed(data)}
    assert Config.from_json(shuffled).canonical() == Config().canonical()
    assert Config(train=TrainConfig(seed=1)).canonical() != Config().canonical()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ModelConfig(likelihood="bernouli"), "did you mean 'bernoulli'"),
        (lambda: ModelConfig(network="cnn"), "mlp, conv, resnet"),
        (lambda: ModelConfig(latent=0), "latent"),
        (lambda: ModelConfig(latent=True), "whole number"),
        (lambda: ModelConfig(beta=float("nan")), "finite"),
        (lambda: ModelConfig(encoder_widths=()), "encoder_widths"),
        (lambda: ModelConfig(image_shape=(28, 28)), "three"),
        (lambda: ModelConfig(network="conv", image_shape=(1, 30, 30)), "multiple of 4"),
        (lambda: TrainConfig(epochs=1.5), "whole number"),
        (lambda: TrainConfig(lr="fast"), "number"),
        (lambda: TrainConfig(ema=1.0), "ema"),
        (lambda: TrainConfig(seed=-1), "seed"),
        (lambda: Config.from_json([]), "object"),
        (lambda: Config.from_json({"schema": SCHEMA + 1}), "newer"),
        (lambda: Config.from_json({"schema": "1"}), "schema"),
        (lambda: Config.from_json({"schema": SCHEMA, "modle": {}}), "did you mean 'model'"),
        (lambda: Config.from_json({"schema": SCHEMA, "train": {"epoch": 3}}), "'epochs'"),
        (lambda: Config.from_json({"schema": SCHEMA, "model": 3}), "object"),
    ],
)
def test_wrong_values_are_refused_in_one_line(make, words):
    with pytest.raises(ConfigError) as caught:
        make()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_added_later_do_not_change_older_digests():
    """A config without them, as older versions wrote it, has the same canonical bytes."""
    new = Config()
    old = new.to_json()
    for section, names in {
        "model": ("prior", "classes", "levels"),
        "train": ("unlabelled", "binarize", "free_bits", "start", "frozen_decoder", "ssim"),
    }.items():
        for name in names:
            del old[section][name]
    assert Config.from_json(old).canonical() == new.canonical()
    assert b"levels" not in new.canonical()
    told = Config(ModelConfig(classes=10))
    assert b'"classes":10' in told.canonical() and told.canonical() != new.canonical()
