"""The models, in one table that the command line, the pages, the README and the tests read."""

from __future__ import annotations

from typing import NamedTuple

from ..config import ModelConfig, one_of
from .ae import AE
from .base import Autoencoder
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
}


def build(config: ModelConfig) -> Autoencoder:
    """An untrained model, its weights drawn from the global random generator."""
    one_of("model.name", config.name, MODELS)
    return MODELS[config.name].cls(config)
