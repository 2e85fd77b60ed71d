"""Do images that a model makes help a classifier? Accuracy with 10, 50, 200 and all labels a
class, with and without made images, with and without flips and shifts, five seeds.

The set-up, so that nobody is told more than the labels at hand:

- `fashion-vae` learned from the 60,000 training images without their labels. Where a class lies in
  its plane is fitted to the codes of the n labelled images alone, and images are drawn from there;
  where a filter is used, its judge is the classifier that learned from the same n labels.
- The conditional model `fashion-cvae` was trained with all labels, so it makes images for that
  column alone.
- Every arm of a column takes the same number of steps, of the same batches of 64, with the same
  classifier and the same recipe, so made images are never merely more training.
- The made images' share of a batch, their spread and the filter are chosen for every n on 5,000
  training images with one seed, for the synthetic arm alone; the test images are looked at once.

    python tests/benchmarks/augmentation.py --partial FILE [--labels 10] [--save]

`--partial` keeps every run in a file, so that the work can be done in pieces; `--save` writes
`vae/augmentation.json`, which the Augment page reads.
"""

import argparse
import datetime
import json
import time
from pathlib import Path

import numpy as np
import torch
from bench import table
from scipy import stats
from torch import nn
from torch.nn import functional as F

import vae
from vae import latent
from vae.augmentation import synthetic
from vae.augmentation.dataset_files import MEASURED
from vae.data.dataset import Split
from vae.latent import aggregate_posterior
from vae.nn.distributions import Mixture

ROOT = Path(vae.__file__).parents[1]
LABELS = (10, 50, 200, 6000)
SEEDS = (0, 1, 2, 3, 4)
TUNED_WITH, HELD_OUT = 100, 5000
ARMS = {
    "labels": "the labels alone",
    "flips": "flips and shifts",
    "synthetic": "synthetic",
    "both": "synthetic, flips and shifts",
    "conditional": "synthetic, by a conditional model",
}
BATCH, POOL = 64, 200
STEPS = {10: 600, 50: 600, 200: 1000, 6000: 2000}  # the same for every arm
CHOICES = [
    {"share": 0.5, "spread": 1.0, "least": None},
    {"share": 0.25, "spread": 1.0, "least": 0.5},
    {"share": 0.5, "spread": 0.6, "least": 0.5},
]


class Small(nn.Sequential):
    """The judge's little sibling: images [B, 1, 28, 28] in [0, 1] -> logits [B, 10]."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        for before, after in ((4, 16), (16, 32)):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
            layers += [nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
        super().__init__(*layers, nn.Flatten(), nn.Linear(32 * 16, 10))


def moved(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Each image flipped left to right or not, and shifted by up to two pixels both ways."""
    x = torch.where(torch.rand(len(x), 1, 1, 1, generator=rng) < 0.5, x.flip(3), x)
    padded, span = F.pad(x, (2, 2, 2, 2)), torch.arange(28)
    down, right = torch.randint(0, 5, (2, len(x), 1), generator=rng) + span
    return padded[torch.arange(len(x))[:, None, None], 0, down[:, :, None], right[:, None]][
        :, None
    ]


def learn(
    real: Split, made: Split | None, *, steps: int, share: float, flips: bool, seed: int
) -> Small:
    """The classifier after the fixed recipe; `share` of every batch is made."""
    torch.manual_seed(seed)
    net, rng = Small(), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.02, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    parts = [(real, BATCH)]
    if made is not None and len(made.labels):  # a filter may let nothing pass
        few = round(share * BATCH)
        parts = [(real, BATCH - few), (made, few)]
    parts = [(torch.tensor(s.images), torch.tensor(s.labels), count) for s, count in parts]
    net.train()
    for _ in range(steps):
        rows = [torch.randint(len(y), (count,), generator=rng) for _, y, count in parts]
        x = torch.cat([x[r] for (x, _, _), r in zip(parts, rows, strict=True)]).float() / 255
        y = torch.cat([y[r] for (_, y, _), r in zip(parts, rows, strict=True)])
        loss = F.cross_entropy(net(moved(x, rng) if flips else x), y, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()


@torch.inference_mode()
def shares(net: Small, images: np.ndarray) -> np.ndarray:
    """What the classifier thinks of uint8 images [N, C, H, W]: probabilities [N, K]."""
    parts = torch.tensor(images).split(2000)
    return torch.cat([net(x.float() / 255).softmax(1) for x in parts]).numpy()


def accuracy(net: Small, split: Split) -> float:
    return float((shares(net, split.images).argmax(1) == split.labels).mean())


def unjudged(images: np.ndarray) -> np.ndarray:
    return np.zeros((len(images), 10), np.float32)


class Experiment:
    """Images, codes and every run so far."""

    def __init__(self, partial: Path) -> None:
        self.partial = partial
        self.known = json.loads(partial.read_text()) if partial.exists() else {}
        self.data = vae.load_dataset("fashion-mnist")
        self.model = vae.load(ROOT / "checkpoints/fashion-vae").model
        self.fitted: dict[bytes, Mixture] = {}
        self.plain = synthetic.plain(self.model)

    def once(self, key: str, work) -> dict:
        """What `work` found, or what an earlier piece of the experiment did."""
        if key not in self.known:
            begun = time.perf_counter()
            self.known[key] = work()
            self.partial.write_text(json.dumps(self.known, indent=1))
            print(f"{key}: {self.known[key]} ({time.perf_counter() - begun:.0f} s)", flush=True)
        return self.known[key]

    def rows(self, n: int, seed: int, *, until: int) -> np.ndarray:
        """n items a class among the first `until` training images; all of them for 6,000."""
        labels = self.data.train.labels[:until]
        if n == max(LABELS):
            return np.arange(until)
        rng = np.random.default_rng((seed, n))
        return np.concatenate(
            [rng.choice(np.flatnonzero(labels == k), n, replace=False) for k in range(10)]
        )

    def split(self, rows: np.ndarray) -> Split:
        return Split(self.data.train.images[rows], self.data.train.labels[rows])

    def places(self, rows: np.ndarray) -> Mixture:
        """Where the classes of these items lie; of about 5,000 at most, as on the page."""
        key = rows.tobytes()
        if key not in self.fitted:
            few = rows[:: max(1, len(rows) // synthetic.LEARNED)]
            codes = latent.encode_images(self.plain, self.data.train.images[few])
            labels = self.data.train.labels[few]
            self.fitted[key] = aggregate_posterior.fit_labels(
                codes, labels, 10, trust=synthetic.TRUST
            )
        return self.fitted[key]

    def made(self, rows: np.ndarray, seed: int, spread: float, least, judge) -> Split:
        """Images from where the codes of these items lie, and of no others."""
        places, names = self.places(rows), self.data.class_names
        found = synthetic.synthesize(
            synthetic.Source(self.model, places, names, judge, "the classifier of these labels"),
            POOL,
            spread=spread,
            seed=seed,
            least_confidence=least,
            most_tries=10 * POOL,
            short=True,
        )
        return Split(found.images, found.labels)

    def conditional(self, seed: int) -> Split:
        """Images of the conditional model that learned from all labels."""
        checkpoint, names = vae.load(ROOT / "checkpoints/fashion-cvae"), self.data.class_names
        places = synthetic.places(checkpoint, self.data.train, names)
        source = synthetic.Source(checkpoint.model, places, names, unjudged, "nobody")
        found = synthetic.synthesize(source, POOL, seed=seed)
        return Split(found.images, found.labels)

    def choose(self, n: int) -> dict:
        """The best choice for n labels, by accuracy on training images that are held out."""
        until = len(self.data.train.labels) - HELD_OUT
        held, rows = self.split(np.arange(until, until + HELD_OUT)), None
        rows = self.rows(n, TUNED_WITH, until=until)
        real = self.split(rows)
        plain = learn(real, None, steps=STEPS[n], share=0, flips=False, seed=TUNED_WITH)
        tried, pools = [], {}
        for choice in CHOICES:
            pool = (choice["spread"], choice["least"])
            if pool not in pools:
                pools[pool] = self.made(rows, TUNED_WITH, *pool, lambda x: shares(plain, x))
            net = learn(
                real,
                pools[pool],
                steps=STEPS[n],
                share=choice["share"],
                flips=False,
                seed=TUNED_WITH,
            )
            tried.append({**choice, "accuracy": accuracy(net, held)})
        best = max(tried, key=lambda t: t["accuracy"])
        return {"best": best, "labels": accuracy(plain, held), "tried": tried}

    def run(self, n: int, seed: int, choice: dict) -> dict[str, float]:
        """Test accuracy of every arm."""
        most = n == max(LABELS)
        until = len(self.data.train.labels) - (0 if most else HELD_OUT)
        rows = self.rows(n, seed, until=until)
        real = self.split(rows)
        plain = learn(real, None, steps=STEPS[n], share=0, flips=False, seed=seed)
        judge = lambda x: shares(plain, x)  # noqa: E731
        share = choice["share"]
        made = self.made(rows, seed, choice["spread"], choice["least"], judge)
        nets = {
            "labels": plain,
            "flips": learn(real, None, steps=STEPS[n], share=0, flips=True, seed=seed),
            "synthetic": learn(real, made, steps=STEPS[n], share=share, flips=False, seed=seed),
            "both": learn(real, made, steps=STEPS[n], share=share, flips=True, seed=seed),
        }
        if most:
            made = self.conditional(seed)
            nets["conditional"] = learn(
                real, made, steps=STEPS[n], share=share, flips=False, seed=seed
            )
        return {arm: accuracy(net, self.data.test) for arm, net in nets.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partial", type=Path, required=True)
    parser.add_argument("--labels", type=int, nargs="*", default=LABELS)
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    experiment = Experiment(asked.partial)
    choices, told = {}, []
    for n in asked.labels:
        choice = experiment.once(f"choice {n}", lambda n=n: experiment.choose(n))["best"]
        choices[str(n)] = {name: choice[name] for name in ("share", "spread", "least")}
        runs = [
            experiment.once(f"run {n} {s}", lambda n=n, s=s, c=choice: experiment.run(n, s, c))
            for s in SEEDS
        ]
        told += [summary(n, arm, runs) for arm in runs[0]]
    shown(told, asked.labels)
    if asked.save:
        test = vae.load_dataset("fashion-mnist").test
        facts = {
            "date": datetime.date.today().isoformat(),
            "split": f"{len(test.labels):,} official test images",
            "seeds": list(SEEDS),
            "steps": {str(n): STEPS[n] for n in asked.labels},
            "batch": BATCH,
            "pool": POOL,
            "arms": ARMS,
            "choices": choices,
            "rows": told,
        }
        MEASURED.write_text(json.dumps(facts, indent=1) + "\n")


def summary(n: int, arm: str, runs: list[dict[str, float]]) -> dict:
    """Accuracy in percent over the seeds, and the gain over the labels alone, seed by seed, so
    that the luck of which images are labelled is not counted."""
    values = 100 * np.array([run[arm] for run in runs])
    gains = values - 100 * np.array([run["labels"] for run in runs])
    told = {"mean": values.mean(), "spread": values.std(ddof=1)}
    told |= {"gain": gains.mean(), "gain_spread": gains.std(ddof=1)}
    told = {name: round(float(value), 2) for name, value in told.items()}
    half = stats.t.ppf(0.975, len(runs) - 1) * gains.std(ddof=1) / len(runs) ** 0.5
    clear = bool(abs(gains.mean()) > half)  # 0 lies outside the 95 % interval of the gain
    return {"labels": n, "arm": arm, **told, "clear": clear, "runs": values.round(2).tolist()}


def shown(told: list[dict], labels: list[int]) -> None:
    known = {(row["labels"], row["arm"]): row for row in told}
    for title, value, spread in (
        ("Test accuracy, %", "mean", "spread"),
        ("Gain over the labels alone, points, seed by seed", "gain", "gain_spread"),
    ):
        rows = [
            [
                words,
                *(
                    f"{row[value]:.1f} ± {row[spread]:.1f}"
                    if (row := known.get((n, arm)))
                    else "-"
                    for n in labels
                ),
            ]
            for arm, words in ARMS.items()
        ]
        head = ["labels a class", *(f"{n:,}" for n in labels)]
        table(f"{title}: mean ± standard deviation of {len(SEEDS)} seeds", head, rows)


if __name__ == "__main__":
    main()
