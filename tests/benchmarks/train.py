"""Seconds until the test -ELBO of the common recipe is reached, against that recipe.

The common recipe is that of most tutorials: torchvision's data set, a DataLoader, batches of 128,
Adam at 1e-3, a 784-400-2 MLP in both directions, 10 epochs. Ours is one command of this project.
Both train in turn in this process, on the full 60,000 images; only the training is timed.
"""

import sys
import tempfile
import time
from pathlib import Path

import torch
from bench import table
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

import vae
from vae import ModelConfig, TrainConfig, training
from vae.data.load import write_starter
from vae.evaluation.metrics import elbo_terms

EPOCHS = 10
OURS = {
    "model": {"encoder_widths": (400,), "decoder_widths": (256, 384), "refine": 3},
    "train": {"epochs": 1, "batch_size": 320, "lr": 4e-3, "ema": 0.98, "lr_warmup": 0.2},
}


class Common(nn.Module):
    latent = 2

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.mean, self.log_var = (
            nn.Linear(a, b) for a, b in ((784, 400), (400, 2), (400, 2))
        )
        self.outside, self.pixels = nn.Linear(2, 400), nn.Linear(400, 784)

    def forward(self, x):
        h = F.relu(self.inside(x.view(-1, 784)))
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + torch.randn_like(mean) * (0.5 * log_var).exp()
        return self.pixels(F.relu(self.outside(z))), mean, log_var


def loss(logits, x, mean, log_var):
    misses = F.binary_cross_entropy_with_logits(logits, x.view(-1, 784), reduction="sum")
    return misses - 0.5 * (1 + log_var - mean.square() - log_var.exp()).sum()


def common(full: vae.Dataset) -> tuple[float, float, Common]:
    """Seconds of 10 epochs, the test -ELBO after them in nats per image, and the model."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "FashionMNIST" / "raw"
        write_starter(full, raw, train=len(full.train.images))
        for file in raw.glob("*.gz"):
            import gzip

            file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        data = datasets.FashionMNIST(folder, train=True, transform=transforms.ToTensor())
        loader = DataLoader(data, batch_size=128, shuffle=True)
        torch.manual_seed(0)
        model = Common()
        optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
        begin = time.perf_counter()
        for _ in range(EPOCHS):
            for x, _label in loader:
                optimiser.zero_grad()
                logits, mean, log_var = model(x)
                loss(logits, x, mean, log_var).backward()
                optimiser.step()
        seconds = time.perf_counter() - begin
    with torch.inference_mode():
        x = torch.tensor(full.test.images).float() / 255
        total = sum(loss(*[(o := model(x))[0], x, *o[1:]]).item() for _ in range(8)) / 8
    return seconds, total / len(x), model


def ours(full: vae.Dataset) -> tuple[float, float]:
    config = vae.Config(ModelConfig(**OURS["model"]), TrainConfig(**OURS["train"]))
    begin = time.perf_counter()
    run = training.new_run(config, full, torch.device("cpu"))
    for _ in training.train(run, full):
        pass
    seconds = time.perf_counter() - begin
    run.result.refine = config.model.refine
    terms = elbo_terms(run.result, torch.tensor(full.test.images).float() / 255)
    return seconds, float((terms.reconstruction + terms.kl).mean())


def main() -> None:
    full = vae.load_dataset("fashion-mnist")
    rows = []
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 1):
        seconds, elbo, _model = common(full)
        quick, ours_elbo = ours(full)
        rows.append(["common recipe, 10 epochs", f"{seconds:.1f}", f"{elbo:.2f}", ""])
        rows.append(
            ["ours, 1 epoch", f"{quick:.1f}", f"{ours_elbo:.2f}", f"{seconds / quick:.1f}"]
        )
    table(
        "Training to the common recipe's test -ELBO",
        ["what", "s", "test -ELBO", "times faster"],
        rows,
    )


if __name__ == "__main__":
    main()
