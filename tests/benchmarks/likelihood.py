"""Seconds for the importance-weighted bound of 10,000 test images, K = 1,000, and the integral.

Beside it, in the same run: the same bound with every draw decoded, in batches, and pythae's
`get_nll` (one image at a time) at equal K on a network of its own, where pythae is installed
(`pip install --no-deps pythae pydantic cloudpickle imageio rich`). Both are measured on a few
images and scaled. The bounds of ours are compared too: they must agree.
"""

import sys
import time
import warnings

import torch
from bench import table

import vae
from vae.evaluation import iwae, quadrature

K = 1000
FEW = 50


def timed(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def pythae_seconds(x: torch.Tensor) -> float | None:
    """Seconds an image of pythae's default VAE with two latents, or None without pythae."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pythae.models import VAE, VAEConfig
    except ImportError:
        return None
    model = VAE(VAEConfig(input_dim=(1, 28, 28), latent_dim=2, reconstruction_loss="bce"))
    seconds, _ = timed(lambda: model.eval().get_nll(x, n_samples=K, batch_size=K))
    return seconds / len(x)


def decoded(model, x: torch.Tensor) -> torch.Tensor:
    """The bound with every draw decoded."""
    generator = torch.Generator().manual_seed(0)
    parts = [model.log_importance_weights(one, None, K, generator) for one in x.split(8)]
    return -torch.cat([part.logsumexp(0) for part in parts]) + torch.tensor(float(K)).log()


@torch.inference_mode()
def main() -> None:
    model = vae.load("checkpoints/fashion-vae").model
    images = vae.load_dataset("fashion-mnist-starter").test.images
    count = int(sys.argv[1]) if len(sys.argv) > 1 else len(images)
    x = torch.tensor(images[:count]).float() / 255
    model.posterior(x[:1])  # lays out the plane once, as any use of the model does
    seconds, bound = timed(lambda: iwae.importance_weighted(model, x, samples=K))
    slow, direct = timed(lambda: decoded(model, x[:FEW]))
    exact_seconds, exact = timed(lambda: quadrature.exact_nll(model, x))
    theirs = pythae_seconds(x[:FEW])
    scale = len(x) / FEW
    rows = [
        [f"bound, K = {K:,}, from the lattice", f"{seconds:.1f}", f"{bound.nll.mean():.3f}"],
        [f"the same, every draw decoded (scaled from {FEW})", f"{slow * scale:.0f}", ""],
        ["exact integral", f"{exact_seconds:.1f}", f"{exact.nll.mean():.3f}"],
    ]
    if theirs is not None:
        rows.append(["pythae get_nll, scaled", f"{theirs * len(x):.0f}", "its own network"])
        rows.append(["pythae / ours", f"{theirs * len(x) / seconds:.1f} times", ""])
    table(f"-log p(x) of {len(x):,} images", ["what", "s", "nats per image"], rows)
    difference = (direct.mean() - bound.nll[:FEW].mean()).abs()
    print(f"first {FEW} images, other draws: the two bounds differ by {difference:.3f} nats;")
    print(f"same draws: at most {bound.error:.4f} nats an image")


if __name__ == "__main__":
    main()
