"""MIG and DCI against values computed by hand."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from vae import checkpoint
from vae.commands import evaluate
from vae.data.dataset import Dataset, Metadata, Split, evenly_spaced
from vae.evaluation import disentanglement as scores
from vae.evaluation import measure
from vae.evaluation.preview import SAMPLES
from vae.latent.encoding import Codes
from vae.models import build


def test_mutual_information_and_gap_are_those_of_a_table_of_counts():
    factor = np.repeat([0, 1], 8)
    exact = factor.astype(float)
    agrees = factor.copy()
    agrees[[0, 1, 8, 9]] ^= 1  # in three of four cases
    told = 1 + 0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)  # bits
    assert scores.mutual_information(agrees, factor) == pytest.approx(told * np.log(2))
    assert scores.mutual_information(factor, factor) == pytest.approx(np.log(2))
    codes = np.stack([exact, agrees.astype(float), np.tile([0.0, 1.0], 8)], 1)
    assert scores.information_gap(codes, factor) == pytest.approx(1 - told)
    assert scores.information_gap(codes[:, ::2], factor) == pytest.approx(1)


@pytest.mark.parametrize(
    "importance, disentanglement, completeness",
    [
        ([[1, 0], [0, 1]], 1, 1),
        ([[0.5, 0.5], [0.5, 0.5]], 0, 0),
        ([[0.9, 0.1], [0.1, 0.9]], 0.531, 0.531),  # 1 - H(0.1) in bits
        # The second latent tells of both factors and counts for three quarters: 0.25 * 1 + 0.75 *
        # (1 - H(1/3)); each factor is told by both latents, (1/2, 1/2) and (0, 1).
        ([[0.5, 0], [0.5, 1]], 0.25 + 0.75 * (1 - 0.9183), 0.5),
    ],
)
def test_dci_is_one_minus_the_entropy_of_the_importance(importance, disentanglement, completeness):
    found = scores.dci(np.array(importance, float))
    assert found == pytest.approx((disentanglement, completeness), abs=1e-3)


def test_codes_that_are_the_factors_are_told_from_mixed_ones():
    rng = np.random.default_rng(0)
    size, colour = rng.uniform(0, 10, 600), rng.integers(0, 3, 600)
    missing = np.where(rng.random(600) < 0.2, np.nan, size)
    factors = {
        "size, mm": missing,
        "colour": np.array(["red", "green", "blue"])[colour],
        "id": np.array([f"item {i}" for i in range(600)]),  # no factor: all are different
    }
    parts = [{name: values[rows] for name, values in factors.items()}
             for rows in (slice(400), slice(400, None))]  # fmt: skip

    def of(codes):
        return scores.factor_scores(codes[:400], parts[0], codes[400:], parts[1])

    pure = of(np.stack([size, colour + rng.normal(0, 0.05, 600)], 1))
    assert list(pure.gaps) == ["size, mm", "colour"] == list(pure.informativeness)
    assert pure.mig > 0.8 and pure.disentanglement > 0.9 and pure.completeness > 0.9
    assert min(pure.informativeness.values()) > 0.95
    mixed = of(np.stack([size + 3 * colour, size - 3 * colour], 1))
    assert mixed.mig < 0.3 and mixed.disentanglement < 0.5
    assert scores.factor_scores(np.zeros((4, 2)), {}, np.zeros((4, 2)), {}) is None


def test_the_factors_of_a_data_set_are_its_class_and_its_columns():
    labels, length = np.arange(60) % 2, np.linspace(300, 900, 60)
    split = Split(np.zeros((60, 1, 4, 4), np.uint8), labels)
    known = Metadata((), {"length, mm": length})
    data = Dataset("few", split, split, ("skirt", "dress"), None, known, known)
    rows = evenly_spaced(60, 40)  # as many as were encoded
    codes = Codes(np.stack([length, labels], 1)[rows], None)
    found = measure.factor_metrics(data, codes, codes, 1000)
    assert list(found["factors"]) == ["class", "length, mm"]
    assert found["factors"]["class"]["informativeness"] == 1
    assert found["mig"] == np.mean([factor["gap"] for factor in found["factors"].values()])
    assert found["mig"] > 0.3 and found["disentanglement"] > 0.3 and found["completeness"] > 0.3


def test_a_model_that_was_measured_on_factors_opens_again(settings, tiny, tmp_path):
    config = settings("vae")
    checkpoint.save(tmp_path / "m", build(config.model), config, {})
    columns = {name: np.arange(n) % 3 for name, n in (("train", 60), ("test", 20))}
    known = {f"{name}_metadata": Metadata((), {"size": v}) for name, v in columns.items()}
    data = replace(tiny, **known)
    evaluate.evaluate_model(checkpoint.load(tmp_path / "m"), data, save=True, seconds=1)
    loaded = checkpoint.load(tmp_path / "m")
    assert set(loaded.metrics["evaluation"]["factors"]) == {"class", "size"}
    side = tiny.test.images.shape[2]
    picture = Image.open(tmp_path / "m" / "preview.webp")
    assert picture.size == (SAMPLES * side, side) and picture.getextrema()[0][1] > 0
