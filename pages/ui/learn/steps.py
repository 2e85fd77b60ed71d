"""The steps of the Learn page: words, formula, question, and the lines of this project that do it.

Pure: no Streamlit here. Code is named by where it stands and read from there, so it cannot drift.
"""

import inspect
import pkgutil
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """`right` is the number of the right answer; `why` is said for any."""

    words: str
    answers: tuple[str, ...]
    right: int
    why: str


@dataclass(frozen=True)
class Step:
    """`figure` is what `lesson_figures.js` draws; `models` the checkpoints that it needs."""

    slug: str
    title: str
    words: str
    formula: str
    figure: str
    models: tuple[str, ...]
    code: tuple[str, ...]
    question: Question


PLAIN, OURS = "fashion-ae", "fashion-vae"

STEPS = (
    Step(
        "code",
        "A code of two numbers",
        "An autoencoder squeezes a picture of 784 pixels into **two numbers** and draws it again "
        "from them. Two numbers are a place on a map: **drag the mark** and see what is drawn.",
        r"z = (z_1, z_2) \in \mathbb{R}^2 \qquad \hat{x} = \mathrm{decoder}(z)",
        "code",
        (OURS,),
        ("vae.models.base:Autoencoder.decode",),
        Question(
            "Two marks lie close together. What do their pictures have in common?",
            ("Nothing in particular", "They look alike", "They are the same picture"),
            1,
            "The decoder is a continuous function: a small step on the map is a small change.",
        ),
    ),
    Step(
        "holes",
        "Why a plain plane has holes",
        "A **plain autoencoder** only learns to redraw. Nothing asks it to use the plane evenly, "
        "so between its islands lie places for which it never learned a picture. **Walk** from "
        "one item to the other in both planes and watch the distance to the nearest item.",
        r"\min_{\theta,\phi} \; \lVert x - "
        r"\mathrm{decoder}_\theta(\mathrm{encoder}_\phi(x))\rVert^2",
        "holes",
        (PLAIN, OURS),
        ("vae.models.ae:AE.terms",),
        Question(
            "What does a decoder draw in a hole?",
            ("An error", "Something it was never taught", "The nearest real item"),
            1,
            "It always draws something; nothing in training says that it must look like clothes.",
        ),
    ),
    Step(
        "posterior",
        "A cloud instead of a point",
        "The encoder of a VAE answers with a **mean and a standard deviation** for each number: "
        "all codes that could explain the picture. **Choose a picture** and see its cloud.",
        r"q_\phi(z \mid x) = \mathcal{N}\left(z;\, \mu(x),\, \sigma^2(x)\right)",
        "posterior",
        (OURS,),
        ("vae.models.gaussian:GaussianAutoencoder.posterior",),
        Question(
            "An odd item could be drawn from many codes about equally well. Its cloud is",
            ("small", "large", "of size 1"),
            1,
            "The standard deviation says how sure the encoder is; a careful one admits doubt.",
        ),
    ),
    Step(
        "reparameterise",
        "The reparameterisation trick",
        "To train, a code must be drawn from the cloud, and gradients must flow back through the "
        "draw. So the noise comes **from outside**: draw epsilon, then stretch and shift it. "
        "**Move mu and sigma, draw epsilon**, and see z and the picture follow.",
        r"z = \mu + \sigma \cdot \varepsilon, \qquad \varepsilon \sim \mathcal{N}(0, 1)",
        "reparameterise",
        (OURS,),
        ("vae.nn.distributions:sample_normal",),
        Question(
            "Why is epsilon drawn outside of the network?",
            (
                "So that z depends smoothly on mu and sigma",
                "It is faster",
                "So that every picture gets the same code",
            ),
            0,
            "With epsilon fixed, z is a plain sum and product of mu and sigma: both have "
            "gradients.",
        ),
    ),
    Step(
        "decoder",
        "The decoder speaks in probabilities",
        "The decoder gives a **probability for every pixel**, not a picture. **Point at a pixel** "
        "to read it; drag the mark to where classes meet and find pixels near one half.",
        r"p_\theta(x \mid z) = \prod_i \hat{x}_i^{\,x_i} (1 - \hat{x}_i)^{1 - x_i}",
        "pixel",
        (OURS,),
        ("vae.nn.likelihoods:Likelihood.nll",),
        Question(
            "A pixel has probability 0.5. What does the decoder tell you?",
            ("It is grey in the data", "It does not know", "It is broken"),
            1,
            "Grey and undecided look the same in the mean; that is why VAEs look soft.",
        ),
    ),
    Step(
        "loss",
        "The two terms of the loss",
        "Training asks for two things at once: **draw the picture again** and **keep the cloud "
        "near the middle**. Move the cloud of this picture away from where the encoder put it, or "
        "change its size: the sum should only get worse.",
        r"-\mathrm{ELBO}(x) = \underbrace{\mathbb{E}_{q}\left[-\log p_\theta(x \mid z)\right]}"
        r"_{\text{reconstruction}} + \underbrace{\mathrm{KL}\left(q_\phi(z \mid x) \,\Vert\, p(z)"
        r"\right)}_{\text{price of the code}}",
        "loss",
        (OURS,),
        (
            "vae.models.gaussian:GaussianAutoencoder._terms",
            "vae.nn.distributions:standard_normal_kl",
        ),
        Question(
            "What happens if the KL is left out?",
            ("Clouds shrink to points", "Clouds grow", "Nothing"),
            0,
            "Noise only hurts the drawing; without a price for it, sigma goes to nought and the "
            "VAE becomes a plain autoencoder.",
        ),
    ),
    Step(
        "kl",
        "The KL divergence",
        "How far is the cloud from the standard normal? For two Gaussians there is a **closed "
        "form**; drawing samples gives the same on average. **Move mu and sigma**, and draw more "
        "samples.",
        r"\mathrm{KL} = \tfrac{1}{2}\left(\mu^2 + \sigma^2 - 1 - \log \sigma^2\right) \approx "
        r"\tfrac{1}{n}\sum_{i} \log \tfrac{q(z_i)}{p(z_i)}",
        "kl",
        (),
        ("vae.nn.distributions:standard_normal_kl", "vae.nn.distributions:normal_log_prob"),
        Question(
            "When is the KL zero?",
            ("When mu is 0", "When sigma is 1", "When mu is 0 and sigma is 1"),
            2,
            "Only then both curves are the same: the code says nothing and costs nothing.",
        ),
    ),
    Step(
        "beta",
        "The beta trade",
        "**Beta** sets the price of the code. Cheap codes draw sharply and sprawl; dear ones fill "
        "one round cloud and blur. The numbers are measured on 10,000 test images.",
        r"\mathcal{L} = \text{reconstruction} + \beta \cdot \mathrm{KL}",
        "beta",
        (),
        ("vae.models.gaussian:GaussianAutoencoder.loss",),
        Question(
            "You want to draw new items from the middle of the plane. Beta should rather be",
            ("small", "large"),
            1,
            "A larger beta leaves fewer gaps; a smaller one redraws better.",
        ),
    ),
    Step(
        "sample",
        "Sampling and interpolating",
        "New pictures: draw z from the standard normal and decode. **Temperature** widens or "
        "narrows the draw. Below, the way between two items.",
        r"z \sim \mathcal{N}(0, \tau^2 I), \qquad z(t) = (1 - t)\, z_a + t\, z_b",
        "sample",
        (OURS,),
        ("vae.latent.traversal:linear_path",),
        Question(
            "With a low temperature the samples",
            ("get stranger", "get more alike"),
            1,
            "They all come from the middle of the plane.",
        ),
    ),
    Step(
        "relatives",
        "Relatives",
        "A **conditional** VAE is told the class, so its plane is left for style. A "
        "**hierarchical** one has further codes below for detail. An **adversarial** one lets its "
        "clouds take any shape. Drag the mark, change the class or the seed.",
        r"p(x \mid z, y) \qquad p(x \mid z_1)\, p(z_1 \mid z) \qquad q_\phi(z \mid x, "
        r"\varepsilon)",
        "relatives",
        ("fashion-cvae", "fashion-hvae", "fashion-avb"),
        ("vae.models.base:Autoencoder.decode", "vae.models.hvae:HVAE.context_vector"),
        Question(
            "You want a sneaker and nothing else. Which relative do you ask?",
            ("The conditional one", "The hierarchical one", "The adversarial one"),
            0,
            "It is the one that is told a class.",
        ),
    ),
    Step(
        "uses",
        "What it is good for",
        "**Anomalies**: what the model cannot redraw is unlike what it has seen. Here are real "
        "pictures and spoilt ones, each with its error. **Reduction**: 784 numbers became two. "
        "**Augmentation**: samples near real items are new training data.",
        r"\mathrm{score}(x) = -\log p_\theta\left(x \mid \mu(x)\right)",
        "uses",
        (OURS,),
        ("vae.nn.likelihoods:Likelihood.nll",),
        Question(
            "A picture has a high error. What do you know?",
            ("It is broken", "It is unlike the training data", "It is a bag"),
            1,
            "Odd is not the same as wrong: a rare but good item scores high too.",
        ),
    ),
)

SLUGS = tuple(step.slug for step in STEPS)

PLANS = {
    "45 minutes": (
        ("code", 5, "Everyone drags; who finds the bag?"),
        ("holes", 7, "Walk through the hole together; ask before you show."),
        ("posterior", 5, "Two pictures, two clouds."),
        ("reparameterise", 8, "Draw by hand on paper first, then move the sliders."),
        ("loss", 8, "Find the lowest sum by hand, then compare with the encoder."),
        ("sample", 7, "Each group draws sixteen and chooses one."),
        ("uses", 5, "Which spoilt picture has the highest error?"),
    ),
    "90 minutes": tuple(
        (step.slug, minutes, "The question first, the figure second, the code third.")
        for step, minutes in zip(STEPS, (6, 9, 7, 10, 8, 12, 10, 8, 8, 7, 5), strict=True)
    ),
}


def source(where: str) -> str:
    """The lines of a function of this project, named `module:name`, as they stand."""
    return inspect.cleandoc("\n" + inspect.getsource(pkgutil.resolve_name(where)))
