"""Seconds for the importance-weighted bound of 10,000 test images, K = 1,000, and the integral.

For comparison, in the same run: the bound with every sample decoded, in batches, and pythae's
`get_nll` (one image at a time) with the same K and its default network, if pythae is installed
(`pip install --no-deps pythae pydantic cloudpickle imageio rich`). Both are measured on 50 images
and scaled. The two bounds of this project must agree.
"""

import sys
import time
import warnings

import torch
from bench import table

import vae
from vae.evaluation import iwae, quadrature

K = 1000
SAMPLE = 50


def timed(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def pythae_seconds(x: torch.Tensor) -> float | None:
    """Seconds per image of pythae's default VAE with two latents, None without pythae."""
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
    """The bound with every sample decoded."""
    generator = torch.Generator().manual_seed(0)
    parts = [model.log_importance_weights(one, None, K, generator) for one in x.split(8)]
    return -torch.cat([part.logsumexp(0) for part in parts]) + torch.tensor(float(K)).log()


@torch.inference_mode()
def main() -> None:
    model = vae.load("checkpoints/fashion-vae").model
    images = vae.load_dataset("fashion-mnist-starter").test.images
    count = int(sys.argv[1]) if len(sys.argv) > 1 else len(images)
    x = torch.tensor(images[:count]).float() / 255
    model.posterior(x[:1])  # decodes the cached grid
    seconds, bound = timed(lambda: iwae.importance_weighted(model, x, samples=K))
    slow, direct = timed(lambda: decoded(model, x[:SAMPLE]))
    exact_seconds, exact = timed(lambda: quadrature.exact_nll(model, x))
    pythae = pythae_seconds(x[:SAMPLE])
    scale = len(x) / SAMPLE
    rows = [
        [f"bound, K = {K:,}, on a grid", f"{seconds:.1f}", f"{bound.nll.mean():.3f}"],
        [f"the same, every sample decoded (scaled from {SAMPLE})", f"{slow * scale:.0f}", ""],
        ["exact integral", f"{exact_seconds:.1f}", f"{exact.nll.mean():.3f}"],
    ]
    if pythae is not None:
        rows.append(["pythae get_nll, scaled", f"{pythae * len(x):.0f}", "its default network"])
        rows.append(["pythae / ours", f"{pythae * len(x) / seconds:.1f} times", ""])
    table(f"-log p(x) of {len(x):,} images", ["what", "s", "nats per image"], rows)
    difference = (direct.mean() - bound.nll[:SAMPLE].mean()).abs()
    print(f"first {SAMPLE} images, different samples: the bounds differ by {difference:.3f} nats;")
    print(f"same samples: at most {bound.error:.4f} nats per image")


if __name__ == "__main__":
    main()
