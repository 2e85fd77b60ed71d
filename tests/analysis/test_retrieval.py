"""Similarity search: neighbours against scikit-learn, calibration by hand, and the command."""

import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from live import ROOT
from PIL import Image
from sklearn.calibration import calibration_curve
from sklearn.neighbors import NearestNeighbors

import vae
from vae import latent
from vae.__main__ import main
from vae.analysis import retrieval
from vae.analysis.pixel_neighbours import Neighbours
from vae.analysis.retrieval import Index

N = 600


@pytest.fixture(scope="module")
def clothes():
    return vae.load_dataset("fashion-mnist-starter")


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).standard_normal((N, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def index(clothes, codes):
    return Index(codes, clothes.test.images[:N], clothes.test.labels[:N], 10)


def test_neighbours_match_scikit_learn(index, codes, clothes):
    queries = np.random.default_rng(1).standard_normal((40, 3))
    distance, item = NearestNeighbors(n_neighbors=7).fit(codes).kneighbors(queries)
    near = index.by_code(queries, 7)
    assert np.array_equal(near.item, item) and np.allclose(near.distance, distance, atol=1e-6)
    flat = clothes.test.images[:N].reshape(N, -1) / 255.0
    pictures = clothes.train.images[:40]
    distance, item = (
        NearestNeighbors(n_neighbors=7).fit(flat).kneighbors(pictures.reshape(40, -1) / 255.0)
    )
    near = index.by_pixels(pictures, 7)
    assert np.array_equal(near.item, item)
    assert np.allclose(near.distance, distance / 28, atol=1e-6)  # the root of 784 pixels


def test_an_excluded_item_is_not_its_own_neighbour(index, codes, clothes):
    excluded = np.array([5, 17, -1])
    near = index.by_code(codes[[5, 17, 3]], 4, exclude=excluded)
    whole = index.by_code(codes[[5, 17, 3]], 5)
    assert np.array_equal(near.item[:2], whole.item[:2, 1:])  # the first was itself
    assert np.array_equal(near.item[2], whole.item[2, :4]) and near.item[2, 0] == 3
    near = index.by_pixels(clothes.test.images[[5, 17, 3]], 4, exclude=excluded)
    assert not (near.item[:2] == excluded[:2, None]).any() and near.item[2, 0] == 3
    assert index.by_code(codes[:1], 10_000).item.shape == (1, N)
    assert index.by_code(codes[:1], 10_000, exclude=np.array([0])).item.shape == (1, N - 1)


def test_identical_images_are_found_and_changed_ones_are_not(index, clothes):
    changed = clothes.test.images[8].copy()
    changed[0, 14, 14] ^= 1
    queries = np.stack([clothes.test.images[8], changed, clothes.train.images[0]])
    assert index.identical(queries).tolist() == [8, -1, -1]


def test_codes_images_and_labels_must_have_the_same_length(codes, clothes):
    with pytest.raises(
        ValueError, match="600 codes, 5 images and 600 labels; expected the same number"
    ):
        Index(codes, clothes.test.images[:5], clothes.test.labels[:N], 10)


def test_vote_shares_by_hand():
    pictures = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    small = Index(np.arange(4.0)[:, None], pictures, np.array([0, 0, 1, 2]), 4)
    near = Neighbours(np.array([[0, 1, 2]]), np.zeros((1, 3)))
    assert small.vote_shares(near)[0] == pytest.approx([2.25 / 4, 1.25 / 4, 0.25 / 4, 0.25 / 4])


def test_the_log_loss_is_that_of_its_definition():
    p = np.array([[0.9, 0.1], [0.86, 0.14], [0.3, 0.7], [0.45, 0.55], [1.0, 0.0]])
    expected = -np.log([0.9, 0.14, 0.7, 0.45, 1.0]).mean()
    assert retrieval.log_loss(p, np.array([0, 1, 1, 0, 0])) == pytest.approx(expected)


def overconfident(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares whose fourth root are the true probabilities, and labels drawn from those."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet(np.ones(5), n)
    labels = (true.cumsum(1) > rng.random((n, 1))).argmax(1)
    shares = true**4
    return shares / shares.sum(1, keepdims=True), labels


def test_the_true_temperature_is_found_and_probabilities_are_calibrated():
    shares, labels = overconfident(8000, 0)
    fitted = retrieval.LogOpinionPool.fit([shares], labels)
    assert fitted.weights[0] == pytest.approx(0.25, abs=0.01)
    other, truth = overconfident(8000, 1)
    before = retrieval.LogOpinionPool.uniform(1).probabilities([other])
    after = fitted.probabilities([other])
    assert np.allclose(before, other) and np.array_equal(before.argmax(1), after.argmax(1))
    assert retrieval.log_loss(after, truth) < retrieval.log_loss(before, truth)
    for p, low, high in ((after, 0, 0.03), (before, 0.2, 1)):
        accuracy, confidence = calibration_curve(p.argmax(1) == truth, p.max(1), n_bins=10)
        assert low <= np.abs(accuracy - confidence)[3:].mean() < high  # of well-filled bins


def test_a_vote_of_noise_gets_no_weight():
    shares, labels = overconfident(4000, 2)
    noise = np.random.default_rng(3).dirichlet(np.ones(5), 4000)
    fitted = retrieval.LogOpinionPool.fit([shares, noise], labels)
    assert fitted.weights[0] == pytest.approx(0.25, abs=0.02) and fitted.weights[1] < 0.05


def test_reliability_counts_predictions_of_similar_confidence():
    p = np.linspace(0.5, 1, 1001)
    labels = (p < 0.75).astype(int)  # the first answer, 0, is right from 0.75 on
    reliability = retrieval.Reliability(np.stack([p, 1 - p], 1), labels)
    assert reliability.accuracy_at(0.99, sample=100) == (1, 100) and reliability.accuracy_at(
        0.51, sample=100
    ) == (0, 100)
    right, of = reliability.accuracy_at(0.75, sample=100)
    assert right == pytest.approx(0.5, abs=0.02) and of == 100
    assert reliability.accuracy_at(0.2, sample=5000)[1] == 1001


def test_calibration_improves_predictions_for_unseen_images(clothes):
    """Pixels serve as codes; the weights are fitted to training images."""
    flat = [
        s.images.reshape(len(s.images), -1)[:, ::28] / 255.0 for s in (clothes.test, clothes.train)
    ]
    small = Index(flat[0][:3000], clothes.test.images[:3000], clothes.test.labels[:3000], 10)
    votes = small.votes(flat[1][:600], clothes.train.images[:600])
    fitted = retrieval.LogOpinionPool.fit(votes, clothes.train.labels[:600])
    unseen = small.votes(flat[0][3000:4000], clothes.test.images[3000:4000])
    truth = clothes.test.labels[3000:4000]
    losses = [
        retrieval.log_loss(c.probabilities(unseen), truth)
        for c in (fitted, retrieval.LogOpinionPool.uniform(2))
    ]
    assert losses[0] <= losses[1]
    fitted_losses = [retrieval.log_loss(c.probabilities(votes), clothes.train.labels[:600])
           for c in (fitted, retrieval.LogOpinionPool.uniform(2))]  # fmt: skip
    assert fitted_losses[0] <= fitted_losses[1]


def run(*words):
    return CliRunner().invoke(main, ["lookup", *map(str, words)])


def test_the_command_answers_for_readable_files_and_reports_the_others(tmp_path, clothes):
    sneaker = int(np.flatnonzero(clothes.test.labels == 7)[3])
    Image.fromarray(clothes.test.images[sneaker, 0]).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_text("no picture")
    Image.fromarray(255 - np.kron(clothes.test.images[2, 0], np.ones((8, 8), np.uint8))).save(
        tmp_path / "c.jpg"
    )
    Image.new("L", (1, 1)).save(tmp_path / "d.png")
    deep = clothes.test.images[2, 0].astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "e.png")
    model = ROOT / "checkpoints/fashion-vae"
    done = run(model, tmp_path, tmp_path / "none.png", "--json", "--near", 3)
    assert done.exit_code == 0, done.output
    records = {r["path"].split("/")[-1]: r for r in json.loads(done.stdout)}
    found = records["a.png"]
    assert found["class"] == "Sneaker" and found["test_image"] == sneaker
    assert 0.8 < found["confidence"] <= 1 and 0 <= found["unusual"] <= 1
    ck = vae.load(model)
    code = latent.encode_images(ck.model, clothes.test.images[[sneaker]]).mean[0]
    assert np.allclose(found["z"], code, atol=1e-3)
    known = latent.split_codes(ck, clothes.test).mean
    distances = np.linalg.norm(known - code, axis=1)
    distances[sneaker] = np.inf
    items = [near["item"] for near in found["nearest_by_code"]]
    assert items == distances.argsort()[:3].tolist()
    assert found["nearest_by_code"][0]["distance"] == pytest.approx(distances.min(), abs=2e-3)
    assert records["b.png"].keys() == records["d.png"].keys() == {"path", "error"}
    assert "is no picture that can be read" in records["b.png"]["error"]
    assert "1 x 1 pixels; expected 4 or more" in records["d.png"]["error"]
    assert "none.png" in records["none.png"]["error"]
    assert records["c.jpg"]["class"] == records["e.png"]["class"] == "Trouser"
    assert records["e.png"]["test_image"] == 2  # 16 bits, the same picture


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["checkpoints/nobody", "README.md"], "nobody"),
        (["checkpoints/fashion-vae", "vae/files"], "holds no image"),
        (["checkpoints/fashion-vae", "README.md", "--near", "0"], "0"),
        (["checkpoints/fashion-vae", "README.md", "--data", "nothing-here"], "nothing-here"),
    ],
)
def test_wrong_use_gives_one_line_and_exit_code_2(words, said, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = run(*words)
    assert done.exit_code == 2 and said in done.output and "Traceback" not in done.output


def test_only_unreadable_files_give_errors_without_a_search(tmp_path):
    target = io.BytesIO()
    Image.new("L", (60, 60)).save(target, "PNG")
    (tmp_path / "cut.png").write_bytes(target.getvalue()[:60])
    done = run(ROOT / "checkpoints/fashion-vae", tmp_path / "cut.png")
    assert done.exit_code == 0 and "cut.png" in done.stderr and done.stdout == ""
