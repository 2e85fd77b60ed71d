"""The models, in one table that the command line, the pages, the README and the tests read."""

from __future__ import annotations

from typing import NamedTuple

from ..config import ConfigError, ModelConfig, one_of
from .ae import AE
from .avb import AVB
from .base import Autoencoder
from .cvae import CVAE
from .hvae import HVAE
from .vae import VAE


class ModelInfo(NamedTuple):
    """One row: the class, words for people, the paper, and the settings that make it a preset."""

    cls: type[Autoencoder]
    title: str
    summary: str
    paper: str
    year: int
    url: str
    preset: dict


MODELS: dict[str, ModelInfo] = {
    "ae": ModelInfo(
        AE,
        "Autoencoder",
        "A code and a decoder, nothing said about where codes lie: sharp, with holes between.",
        "Reducing the Dimensionality of Data with Neural Networks",
        2006,
        "https://doi.org/10.1126/science.1127647",
        {},
    ),
    "vae": ModelInfo(
        VAE,
        "Variational autoencoder",
        "Every image is a small cloud on the plane, all clouds together a normal distribution.",
        "Auto-Encoding Variational Bayes",
        2014,
        "https://arxiv.org/abs/1312.6114",
        {},
    ),
    "beta-vae": ModelInfo(
        VAE,
        "beta-VAE",
        "A VAE that weighs the KL more: a smoother, rounder plane for blurrier pictures.",
        "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework",
        2017,
        "https://openreview.net/forum?id=Sy2fzU9gl",
        {"beta": 4.0},
    ),
    "cvae": ModelInfo(
        CVAE,
        "Conditional VAE",
        "Told what an image is, it keeps the plane for how it looks: one plane for every class.",
        "Learning Structured Output Representation using Deep Conditional Generative Models",
        2015,
        "https://papers.nips.cc/paper/5775",
        {},
    ),
    "avb": ModelInfo(
        AVB,
        "Adversarial variational Bayes",
        "Clouds of any shape instead of Gaussian ones; an adversary learns what they cost.",
        "Adversarial Variational Bayes: Unifying VAEs and GANs",
        2017,
        "https://arxiv.org/abs/1701.04722",
        {},
    ),
    "hvae": ModelInfo(
        HVAE,
        "Hierarchical VAE",
        "The plane says what, further levels below it say the detail: variations of every place.",
        "Ladder Variational Autoencoders",
        2016,
        "https://arxiv.org/abs/1602.02282",
        {"levels": (16, 32)},
    ),
}


def build(config: ModelConfig) -> Autoencoder:
    """An untrained model, its weights drawn from the global random generator."""
    one_of("model.name", config.name, MODELS)
    cls = MODELS[config.name].cls
    one_of(f"the prior of model {config.name}", config.prior, cls.priors)
    if config.refine and not cls.refines:
        raise ConfigError(
            f"model.refine is {config.refine}; a {config.name} has no Gaussian posterior over the "
            "whole code to correct: leave it at 0"
        )
    return cls(config)
