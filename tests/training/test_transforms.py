"""Random changes of training images: what they keep, and that several processes draw the same."""

import numpy as np
import pytest
import torch

from vae.config import TrainConfig
from vae.data.dataset import Dataset, Split
from vae.training.batches import Batches
from vae.training.suggestions import suggest
from vae.training.transforms import transform

IMAGES = torch.arange(6 * 2 * 5 * 7, dtype=torch.uint8).reshape(6, 2, 5, 7)


def test_a_flip_mirrors_about_half_of_the_images_and_nothing_else():
    rng = torch.randint(0, 256, (400, 1, 4, 6), dtype=torch.uint8)
    found = transform(rng, slice(0, 400), 400, flip=True, shift=0, seed=1, step=0)
    mirrored = (found == rng.flip(3)).flatten(1).all(1)
    assert ((found == rng).flatten(1).all(1) | mirrored).all()
    assert 150 < mirrored.sum() < 250


def test_a_shift_moves_by_whole_pixels_and_repeats_the_border():
    image = torch.zeros(200, 1, 20, 20, dtype=torch.uint8)
    image[:, :, 10, 10] = 255
    found = transform(image, slice(0, 200), 200, flip=False, shift=0.1, seed=1, step=3)
    rows, columns = found.flatten(1).argmax(1) // 20, found.flatten(1).argmax(1) % 20
    assert (found.flatten(1).sum(1) == 255).all()
    assert set(rows.tolist()) == set(columns.tolist()) == {8, 9, 10, 11, 12}
    edge = torch.zeros(50, 1, 20, 20, dtype=torch.uint8)
    edge[:, :, :, 0] = 9
    moved = transform(edge, slice(0, 50), 50, flip=False, shift=0.2, seed=1, step=3)
    assert ((moved == 9).flatten(1).sum(1) % 20 == 0).all() and moved.shape == edge.shape


def test_the_draws_depend_on_seed_step_and_row_alone():
    options = {"flip": True, "shift": 0.3, "seed": 4, "step": 9}
    whole = transform(IMAGES, slice(0, 6), 6, **options)
    parts = [transform(IMAGES[r], r, 6, **options) for r in (slice(0, 2), slice(2, 6))]
    assert torch.equal(whole, torch.cat(parts))
    assert not torch.equal(whole, transform(IMAGES, slice(0, 6), 6, **options | {"step": 10}))


def test_batches_apply_them_to_training_images_only():
    rng = np.random.default_rng(0)
    part = Split(rng.integers(0, 256, (40, 1, 6, 6)).astype(np.uint8), np.arange(40) % 2)
    data = Dataset("x", part, part, ("a", "b"))
    plain, changed = (
        Batches(data, TrainConfig(batch_size=40, shift=shift), torch.device("cpu"))
        for shift in (0, 0.3)
    )
    rows = slice(0, 40)
    assert not torch.equal(plain.batch(0, rows).images, changed.batch(0, rows).images)
    assert torch.equal(plain.batch(0, rows).labels, changed.batch(0, rows).labels)
    for name in ("train_probe", "validation"):
        assert torch.equal(getattr(plain, name).images, getattr(changed, name).images)


def test_balance_draws_rare_classes_as_often():
    labels = np.repeat([0, 1], [190, 10])
    part = Split(np.zeros((200, 1, 4, 4), np.uint8), labels)
    data = Dataset("x", part, part, ("many", "few"))
    batches = Batches(data, TrainConfig(batch_size=200, balance=True), torch.device("cpu"))
    drawn = torch.cat([batches.batch(step, slice(0, 200)).labels for step in range(5)])
    assert drawn.float().mean().item() == pytest.approx(0.5, abs=0.06)


def test_suggestions_follow_number_size_and_colour():
    small = suggest(300, (3, 64, 64), [100, 100, 100])
    assert small["network"] == "resnet" and small["epochs"] == 40 and small["batch_size"] == 32
    assert small["shift"] > 0 and not small["balance"]
    assert suggest(300, (3, 50, 64), [300])["network"] == "mlp"  # no halving serves both sides
    assert suggest(300, (3, 128, 128), [300])["epochs"] == 13  # of four times the pixels
    large = suggest(60_000, (1, 28, 28), [50_000, 10])
    assert (large["network"], large["epochs"], large["batch_size"]) == ("mlp", 10, 256)
    assert large["balance"] and not large["shift"]
    assert suggest(9, (1, 28, 28), [9])["batch_size"] == 8
    TrainConfig(**{k: v for k, v in small.items() if k != "network"})
