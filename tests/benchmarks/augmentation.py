"""Do synthetic images help a classifier? Accuracy with 10, 50, 200 and all labels per class, with
and without synthetic images, with and without flips and shifts, five seeds.

No arm uses more labels than the n per class of its column:

- `fashion-vae` was trained on the 60,000 training images without their labels. The class
  posteriors are fitted to the codes of the n labelled images only; the classifier of the filter
  is the one that was trained with the same n labels.
- The conditional model `fashion-cvae` was trained with all labels, so it is used in that column
  only.
- Every arm of a column takes the same number of steps with batches of 64, the same classifier and
  the same schedule, so synthetic images are never just more training.
- The share of synthetic images in a batch, their spread and the filter are chosen for every n on
  5,000 training images with one seed, for the synthetic arm only; the test images are used once.

    python tests/benchmarks/augmentation.py --partial FILE [--labels 10] [--save]

`--partial` stores every run in a file, so that the work can be interrupted; `--save` writes
`vae/augmentation/augmentation.json`, which the Augment page shows.
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
    """A small classifier: images [B, 1, 28, 28] in [0, 1] -> logits [B, 10]."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        for before, after in ((4, 16), (16, 32)):
            layers += [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after)]
            layers += [nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
        super().__init__(*layers, nn.Flatten(), nn.Linear(32 * 16, 10))


def augment(x: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Random horizontal flips and shifts by up to two pixels per image."""
    x = torch.where(torch.rand(len(x), 1, 1, 1, generator=rng) < 0.5, x.flip(3), x)
    padded, span = F.pad(x, (2, 2, 2, 2)), torch.arange(28)
    down, right = torch.randint(0, 5, (2, len(x), 1), generator=rng) + span
    return padded[torch.arange(len(x))[:, None, None], 0, down[:, :, None], right[:, None]][
        :, None
    ]


def train(
    real: Split, synthetic_split: Split | None, *, steps: int, share: float, flips: bool, seed: int
) -> Small:
    """A classifier trained with a fixed schedule; `share` of every batch is synthetic."""
    torch.manual_seed(seed)
    net, rng = Small(), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=0.02, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    parts = [(real, BATCH)]
    if synthetic_split is not None and len(synthetic_split.labels):  # a filter may reject all
        count = round(share * BATCH)
        parts = [(real, BATCH - count), (synthetic_split, count)]
    parts = [(torch.tensor(s.images), torch.tensor(s.labels), count) for s, count in parts]
    net.train()
    for _ in range(steps):
        rows = [torch.randint(len(y), (count,), generator=rng) for _, y, count in parts]
        x = torch.cat([x[r] for (x, _, _), r in zip(parts, rows, strict=True)]).float() / 255
        y = torch.cat([y[r] for (_, y, _), r in zip(parts, rows, strict=True)])
        loss = F.cross_entropy(net(augment(x, rng) if flips else x), y, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net.eval()


@torch.inference_mode()
def classify(net: Small, images: np.ndarray) -> np.ndarray:
    """Class probabilities [N, K] of uint8 images [N, C, H, W]."""
    parts = torch.tensor(images).split(2000)
    return torch.cat([net(x.float() / 255).softmax(1) for x in parts]).numpy()


def accuracy(net: Small, split: Split) -> float:
    return float((classify(net, split.images).argmax(1) == split.labels).mean())


def no_classifier(images: np.ndarray) -> np.ndarray:
    return np.zeros((len(images), 10), np.float32)


class Experiment:
    """The data, the model and the results so far."""

    def __init__(self, partial: Path) -> None:
        self.partial = partial
        self.known = json.loads(partial.read_text()) if partial.exists() else {}
        self.data = vae.load_dataset("fashion-mnist")
        self.model = vae.load(ROOT / "checkpoints/fashion-vae").model
        self.fitted: dict[bytes, Mixture] = {}
        self.amortised = synthetic.without_refinement(self.model)

    def once(self, key: str, work) -> dict:
        """The result of `work`, or the stored one of an earlier call."""
        if key not in self.known:
            begun = time.perf_counter()
            self.known[key] = work()
            self.partial.write_text(json.dumps(self.known, indent=1))
            print(f"{key}: {self.known[key]} ({time.perf_counter() - begun:.0f} s)", flush=True)
        return self.known[key]

    def rows(self, n: int, seed: int, *, until: int) -> np.ndarray:
        """n items per class among the first `until` training images; all of them for 6,000."""
        labels = self.data.train.labels[:until]
        if n == max(LABELS):
            return np.arange(until)
        rng = np.random.default_rng((seed, n))
        return np.concatenate(
            [rng.choice(np.flatnonzero(labels == k), n, replace=False) for k in range(10)]
        )

    def split(self, rows: np.ndarray) -> Split:
        return Split(self.data.train.images[rows], self.data.train.labels[rows])

    def class_posteriors(self, rows: np.ndarray) -> Mixture:
        """The class posteriors of these items, of about 5,000 at most, as on the page."""
        key = rows.tobytes()
        if key not in self.fitted:
            rows = rows[:: max(1, len(rows) // synthetic.TRAIN_IMAGES)]
            codes = latent.encode_images(self.amortised, self.data.train.images[rows])
            labels = self.data.train.labels[rows]
            self.fitted[key] = aggregate_posterior.fit_per_class(
                codes, labels, 10, pseudo_count=synthetic.TRUST
            )
        return self.fitted[key]

    def synthetic(self, rows: np.ndarray, seed: int, spread: float, least, classifier) -> Split:
        """Synthetic images from the class posteriors of these items."""
        posteriors, names = self.class_posteriors(rows), self.data.class_names
        name = "the classifier of these labels"
        found = synthetic.synthesize(
            synthetic.Source(self.model, posteriors, names, classifier, name),
            POOL,
            spread=spread,
            seed=seed,
            min_confidence=least,
            max_draws=10 * POOL,
            allow_fewer=True,
        )
        return Split(found.images, found.labels)

    def conditional(self, seed: int) -> Split:
        """Images of the conditional model, which was trained with all labels."""
        checkpoint, names = vae.load(ROOT / "checkpoints/fashion-cvae"), self.data.class_names
        posteriors = synthetic.fit_class_posteriors(checkpoint, self.data.train, names)
        source = synthetic.Source(
            checkpoint.model, posteriors, names, no_classifier, "no classifier"
        )
        found = synthetic.synthesize(source, POOL, seed=seed)
        return Split(found.images, found.labels)

    def choose(self, n: int) -> dict:
        """The best choice for n labels, by accuracy on training images that are held out."""
        until = len(self.data.train.labels) - HELD_OUT
        held, rows = self.split(np.arange(until, until + HELD_OUT)), None
        rows = self.rows(n, TUNED_WITH, until=until)
        real = self.split(rows)
        plain = train(real, None, steps=STEPS[n], share=0, flips=False, seed=TUNED_WITH)
        tried, pools = [], {}
        for choice in CHOICES:
            pool = (choice["spread"], choice["least"])
            if pool not in pools:
                pools[pool] = self.synthetic(rows, TUNED_WITH, *pool, lambda x: classify(plain, x))
            net = train(
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
        plain = train(real, None, steps=STEPS[n], share=0, flips=False, seed=seed)
        classifier = lambda x: classify(plain, x)  # noqa: E731
        share = choice["share"]
        made = self.synthetic(rows, seed, choice["spread"], choice["least"], classifier)
        nets = {
            "labels": plain,
            "flips": train(real, None, steps=STEPS[n], share=0, flips=True, seed=seed),
            "synthetic": train(real, made, steps=STEPS[n], share=share, flips=False, seed=seed),
            "both": train(real, made, steps=STEPS[n], share=share, flips=True, seed=seed),
        }
        if most:
            made = self.conditional(seed)
            nets["conditional"] = train(
                real, made, steps=STEPS[n], share=share, flips=False, seed=seed
            )
        return {arm: accuracy(net, self.data.test) for arm, net in nets.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partial", type=Path, required=True)
    parser.add_argument("--labels", type=int, nargs="*", default=LABELS)
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    experiment = Experiment(arguments.partial)
    choices, rows = {}, []
    for n in arguments.labels:
        choice = experiment.once(f"choice {n}", lambda n=n: experiment.choose(n))["best"]
        choices[str(n)] = {name: choice[name] for name in ("share", "spread", "least")}
        runs = [
            experiment.once(f"run {n} {s}", lambda n=n, s=s, c=choice: experiment.run(n, s, c))
            for s in SEEDS
        ]
        rows += [summary(n, arm, runs) for arm in runs[0]]
    show(rows, arguments.labels)
    if arguments.save:
        test = vae.load_dataset("fashion-mnist").test
        facts = {
            "date": datetime.date.today().isoformat(),
            "split": f"{len(test.labels):,} official test images",
            "seeds": list(SEEDS),
            "steps": {str(n): STEPS[n] for n in arguments.labels},
            "batch": BATCH,
            "pool": POOL,
            "arms": ARMS,
            "choices": choices,
            "rows": rows,
        }
        MEASURED.write_text(json.dumps(facts, indent=1) + "\n")


def summary(n: int, arm: str, runs: list[dict[str, float]]) -> dict:
    """Accuracy in percent over the seeds, and the paired gain over the labels alone, which does
    not depend on which images are labelled."""
    values = 100 * np.array([run[arm] for run in runs])
    gains = values - 100 * np.array([run["labels"] for run in runs])
    numbers = {"mean": values.mean(), "spread": values.std(ddof=1)}
    numbers |= {"gain": gains.mean(), "gain_spread": gains.std(ddof=1)}
    numbers = {name: round(float(value), 2) for name, value in numbers.items()}
    half = stats.t.ppf(0.975, len(runs) - 1) * gains.std(ddof=1) / len(runs) ** 0.5
    clear = bool(abs(gains.mean()) > half)  # 0 lies outside the 95 % interval of the gain
    return {"labels": n, "arm": arm, **numbers, "clear": clear, "runs": values.round(2).tolist()}


def show(measured: list[dict], labels: list[int]) -> None:
    known = {(row["labels"], row["arm"]): row for row in measured}
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
        head = ["labels per class", *(f"{n:,}" for n in labels)]
        table(f"{title}: mean ± standard deviation of {len(SEEDS)} seeds", head, rows)


if __name__ == "__main__":
    main()
