"""The models, in one table that the command line, the pages, the README and the tests read, and
the kinds of adopted models, which were trained elsewhere."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..config import ModelConfig
from ..validation import ConfigError, one_of
from .adopted import AdoptedAE, AdoptedVAE
from .ae import AE
from .avb import AVB
from .base import Autoencoder
from .cvae import CVAE
from .exemplar import Exemplar
from .hvae import HVAE
from .vae import VAE


class ModelInfo(NamedTuple):
    """A model: its class, title, summary and paper, and the settings that make it a preset, of the
    model or of its training."""

    cls: type[Autoencoder]
    title: str
    summary: str
    paper: str = ""
    year: int = 0
    url: str = ""
    preset: Mapping = MappingProxyType({})


MODELS: dict[str, ModelInfo] = {
    "ae": ModelInfo(
        AE,
        "Autoencoder",
        "A code and a decoder without a distribution of codes: sharp images, gaps between codes.",
        "Reducing the Dimensionality of Data with Neural Networks",
        2006,
        "https://doi.org/10.1126/science.1127647",
    ),
    "vae": ModelInfo(
        VAE,
        "Variational autoencoder",
        "Each image is a small Gaussian in latent space; together they follow a normal prior.",
        "Auto-Encoding Variational Bayes",
        2014,
        "https://arxiv.org/abs/1312.6114",
    ),
    "beta-vae": ModelInfo(
        VAE,
        "beta-VAE",
        "A VAE with a larger weight on the KL: a smoother latent space, blurrier images.",
        "beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework",
        2017,
        "https://openreview.net/forum?id=Sy2fzU9gl",
        {"beta": 4.0},
    ),
    "cvae": ModelInfo(
        CVAE,
        "Conditional VAE",
        "Conditioned on the class, its latent space describes the variation within each class.",
        "Learning Structured Output Representation using Deep Conditional Generative Models",
        2015,
        "https://papers.nips.cc/paper/5775",
        {"unlabelled": 0.1},
    ),
    "avb": ModelInfo(
        AVB,
        "Adversarial variational Bayes",
        "Posteriors of any shape instead of Gaussians; a discriminator estimates their KL.",
        "Adversarial Variational Bayes: Unifying VAEs and GANs",
        2017,
        "https://arxiv.org/abs/1701.04722",
    ),
    "hvae": ModelInfo(
        HVAE,
        "Hierarchical VAE",
        "The top latents set the content, further levels add detail: variations of every code.",
        "Ladder Variational Autoencoders",
        2016,
        "https://arxiv.org/abs/1602.02282",
        {"levels": (16, 32)},
    ),
    "exemplar": ModelInfo(
        Exemplar,
        "Exemplar VAE",
        "Detail from neighbours: a map, and at every place a sharp image with the detail of real "
        "items near it.",
        "Exemplar VAE: Linking Generative Models, Nearest Neighbor Retrieval, and Data "
        "Augmentation",
        2020,
        "https://arxiv.org/abs/2004.04795",
        {"levels": (64,), "exemplars": 5000},
    ),
}


ADOPTED: dict[str, ModelInfo] = {
    "adopted-vae": ModelInfo(
        AdoptedVAE,
        "Adopted VAE",
        "Trained by another project; its networks run here as they are, and N(0, I) is taken as "
        "its prior.",
    ),
    "adopted-ae": ModelInfo(
        AdoptedAE,
        "Adopted autoencoder",
        "Trained by another project; its encoder gives codes without a spread, so there is no "
        "posterior, no KL and no ELBO.",
    ),
}
KINDS = MODELS | ADOPTED  # of all checkpoints


def build(config: ModelConfig) -> Autoencoder:
    """An untrained model with weights from the global random generator. Raises `ConfigError`."""
    one_of("model.name", config.name, KINDS)
    if (config.name in ADOPTED) != (config.graphs is not None):
        has = "has none" if config.graphs is None else "has some"
        raise ConfigError(
            f"model.graphs belongs to {' and '.join(ADOPTED)} alone, and a {config.name} {has}: "
            "copy the folder again"
        )
    cls = KINDS[config.name].cls
    one_of(f"the prior of model {config.name}", config.prior, cls.priors)
    if config.refine and not cls.gaussian_posterior:
        raise ConfigError(
            f"model.refine is {config.refine}; only models with a Gaussian posterior over all "
            f"latents can be refined: use 0 for a {config.name}"
        )
    return cls(config)
