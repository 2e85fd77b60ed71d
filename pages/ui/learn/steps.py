"""The steps of the Learn page: text, formula, figure, question, and the code that implements it.

Pure: no Streamlit here. The code is read from the installed package, so it is always current.
"""

import inspect
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A step; `code` are functions as `module:name`, `models` the checkpoints that its figure
    needs. `right` is the index of the right answer, `why` is shown after any answer."""

    slug: str  # also a key of `FIGURES` in `figures.js`
    title: str
    words: str
    formula: str
    code: tuple[str, ...]
    question: str
    answers: tuple[str, ...]
    right: int
    why: str
    models: tuple[str, ...] = ("fashion-vae",)


STEPS = (
    Step(
        "code",
        "A code of two numbers",
        "An autoencoder compresses an image of 784 pixels into **two numbers** and reconstructs "
        "it from them. Two numbers are a point on a map: **drag the mark** to see what the "
        "decoder draws there.",
        r"z = (z_1, z_2) \in \mathbb{R}^2 \qquad \hat{x} = \mathrm{decoder}(z)",
        ("vae.models.base:Autoencoder.decode",),
        question="Two points lie close together. What do their decoded images have in common?",
        answers=("Nothing in particular", "They look alike", "They are identical"),
        right=1,
        why="The decoder is a continuous function: a small step on the map changes the image a "
        "little.",
    ),
    Step(
        "holes",
        "Why a plain latent space has holes",
        "A **plain autoencoder** only learns to reconstruct. Nothing makes it use its latent "
        "space evenly, so it leaves gaps for which it never learned an image. **Move along the "
        "line** between two images in both latent spaces and watch the distance to the nearest "
        "code.",
        r"\min_{\theta,\phi} \; \lVert x - "
        r"\mathrm{decoder}_\theta(\mathrm{encoder}_\phi(x))\rVert^2",
        ("vae.models.ae:AE.terms",),
        question="What does a decoder draw in a gap?",
        answers=("An error", "Something it was never trained for", "The nearest real image"),
        right=1,
        why="It always draws something, but nothing in training makes that look like clothing.",
        models=("fashion-ae", "fashion-vae"),
    ),
    Step(
        "posterior",
        "A cloud instead of a point",
        "The encoder of a VAE returns a **mean and a standard deviation** for each number: the "
        "distribution of codes that could explain the image. **Choose an image** to see its "
        "posterior.",
        r"q_\phi(z \mid x) = \mathcal{N}\left(z;\, \mu(x),\, \sigma^2(x)\right)",
        ("vae.models.gaussian:GaussianAutoencoder.posterior",),
        question="An unusual image can be decoded from many codes about equally well. Its "
        "posterior is",
        answers=("narrow", "wide", "standard normal"),
        right=1,
        why="The standard deviation is the uncertainty of the encoder.",
    ),
    Step(
        "reparameterise",
        "The reparameterisation trick",
        "Training samples a code from the posterior, and gradients must flow back through that "
        "sample. So the noise comes **from outside**: sample epsilon, then scale and shift it. "
        "**Move mu and sigma, resample epsilon**, and watch z and the image follow.",
        r"z = \mu + \sigma \cdot \varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, 1)",
        ("vae.nn.distributions:sample_normal",),
        question="Why is epsilon sampled outside the network?",
        answers=(
            "So that z depends smoothly on mu and sigma",
            "It is faster",
            "So that every image gets the same code",
        ),
        right=0,
        why="With epsilon fixed, z is a sum and product of mu and sigma, so both have gradients.",
    ),
    Step(
        "decoder",
        "The decoder returns probabilities",
        "The decoder returns a **probability for every pixel**, not an image. **Point at a "
        "pixel** to read its value; drag the mark to where classes meet to find pixels near one "
        "half.",
        r"p_\theta(x \mid z) = \prod_i \hat{x}_i^{\,x_i} (1 - \hat{x}_i)^{1 - x_i}",
        ("vae.nn.likelihoods:Likelihood.nll",),
        question="A pixel has probability 0.5. What does that mean?",
        answers=("It is grey in the data", "The decoder is undecided", "The decoder is broken"),
        right=1,
        why="Grey and undecided look the same in the mean, which is why the images of VAEs look "
        "soft.",
    ),
    Step(
        "loss",
        "The two terms of the loss",
        "Training minimises two terms at once: **reconstruct the image** and **keep its posterior "
        "close to the prior**. Move the posterior of this image away from where the encoder put "
        "it, or change its width: the sum should only increase.",
        r"-\mathrm{ELBO}(x) = \underbrace{\mathbb{E}_{q}\left[-\log p_\theta(x \mid z)\right]}"
        r"_{\text{reconstruction}} + \underbrace{\mathrm{KL}\left(q_\phi(z \mid x) \,\Vert\, p(z)"
        r"\right)}_{\text{rate}}",
        (
            "vae.models.gaussian:GaussianAutoencoder._terms",
            "vae.nn.distributions:standard_normal_kl",
        ),
        question="What happens without the KL term?",
        answers=("Posteriors shrink to points", "Posteriors grow", "Nothing"),
        right=0,
        why="Noise only hurts the reconstruction; without the KL term sigma goes to zero and the "
        "VAE becomes a plain autoencoder.",
    ),
    Step(
        "kl",
        "The KL divergence",
        "How far is the posterior from the standard normal prior? For two Gaussians there is a "
        "**closed form**; a Monte Carlo estimate gives the same on average. **Move mu and "
        "sigma**, and increase the number of samples.",
        r"\mathrm{KL} = \tfrac{1}{2}\left(\mu^2 + \sigma^2 - 1 - \log \sigma^2\right) \approx "
        r"\tfrac{1}{n}\sum_{i} \log \tfrac{q(z_i)}{p(z_i)}",
        ("vae.nn.distributions:standard_normal_kl", "vae.nn.distributions:normal_log_prob"),
        question="When is the KL zero?",
        answers=("When mu is 0", "When sigma is 1", "When mu is 0 and sigma is 1"),
        right=2,
        why="Only then are both curves the same: the code carries no information and costs "
        "nothing.",
        models=(),
    ),
    Step(
        "beta",
        "The trade-off of beta",
        "**Beta** is the weight of the KL term. With a small beta, reconstructions are sharp but "
        "codes leave gaps; with a large one, codes fill one round cloud but images blur. The "
        "numbers are measured on 10,000 test images.",
        r"\mathcal{L} = \text{reconstruction} + \beta \cdot \mathrm{KL}",
        ("vae.models.gaussian:GaussianAutoencoder.loss",),
        question="You want to sample new images from the prior. Should beta be small or large?",
        answers=("Small", "Large"),
        right=1,
        why="A larger beta leaves fewer gaps; a smaller one reconstructs better.",
        models=(),
    ),
    Step(
        "sample",
        "Sampling and interpolating",
        "To generate new images, sample z from the standard normal and decode it. The "
        "**temperature** widens or narrows that distribution. Below, the path between two images.",
        r"z \sim \mathcal{N}(0, \tau^2 I), \qquad z(t) = (1 - t)\, z_a + t\, z_b",
        ("vae.latent.traversal:linear_path",),
        question="With a low temperature the samples",
        answers=("get more unusual", "get more alike"),
        right=1,
        why="They all come from the centre of the prior.",
    ),
    Step(
        "relatives",
        "Variants",
        "A **conditional** VAE also receives the class, so its latent space encodes style. A "
        "**hierarchical** one has further latent variables for detail. An **adversarial** one "
        "has posteriors of any shape. Drag the mark, change the class or the noise seed.",
        r"p(x \mid z, y) \qquad p(x \mid z_1)\, p(z_1 \mid z) \qquad q_\phi(z \mid x, "
        r"\varepsilon)",
        ("vae.models.base:Autoencoder.decode", "vae.models.hvae:HVAE.context_vector"),
        question="You want a sneaker and nothing else. Which variant do you use?",
        answers=("The conditional one", "The hierarchical one", "The adversarial one"),
        right=0,
        why="It is the one that is conditioned on a class.",
        models=("fashion-cvae", "fashion-hvae", "fashion-avb"),
    ),
    Step(
        "uses",
        "What it is good for",
        "**Anomaly detection**: an image that the model cannot reconstruct is unlike its training "
        "data. Here are a real image and corrupted copies, each with its error. "
        "**Dimensionality reduction**: 784 numbers became two. **Augmentation**: samples near "
        "real images are new training data.",
        r"\mathrm{score}(x) = -\log p_\theta\left(x \mid \mu(x)\right)",
        ("vae.nn.likelihoods:Likelihood.nll",),
        question="An image has a high error. What do you know?",
        answers=("It is broken", "It is unlike the training data", "It is a bag"),
        right=1,
        why="Unusual is not the same as wrong: a rare but correct image also has a high error.",
    ),
)

SLUGS = tuple(step.slug for step in STEPS)

PLANS = {
    "45 minutes": (
        ("code", 5, "Everyone drags the mark; who finds a bag?"),
        ("holes", 7, "Move through the gap together; ask before you show it."),
        ("posterior", 5, "Two images, two posteriors."),
        ("reparameterise", 8, "Draw it on paper first, then move the sliders."),
        ("loss", 8, "Find the lowest sum by hand, then compare with the encoder."),
        ("sample", 7, "Each group samples sixteen images and chooses one."),
        ("uses", 5, "Which corrupted image has the highest error?"),
    ),
    "90 minutes": tuple(
        (step.slug, minutes, "The question first, the figure second, the code third.")
        for step, minutes in zip(STEPS, (6, 9, 7, 10, 8, 12, 10, 8, 8, 7, 5), strict=True)
    ),
}


def source(name: str) -> str:
    """The source code of a function of this project, given as `module:name`."""
    return inspect.cleandoc("\n" + inspect.getsource(pkgutil.resolve_name(name)))
