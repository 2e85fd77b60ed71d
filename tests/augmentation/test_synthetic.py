"""Synthetic labelled images: their number and origin, the classifier, the files."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from live import ROOT
from sklearn.neighbors import KNeighborsClassifier
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

import vae
from vae import latent
from vae.__main__ import run as command_line
from vae.augmentation import dataset_files, synthetic
from vae.augmentation.dataset_files import Origin, decode_manifest, folders, write
from vae.augmentation.synthetic import AugmentError, Source, SyntheticDataset, synthesize
from vae.latent import aggregate_posterior
from vae.latent.encoding import Codes
from vae.models import build
from vae.nn.distributions import Mixture

NAMES = ("left/half", "right half")


@pytest.fixture
def checkpoint(settings, tmp_path):
    """Makes an untrained checkpoint of a kind of model."""

    def make(name="vae"):
        torch.manual_seed(0)
        config = settings(name)
        model = build(config.model).eval().requires_grad_(False)
        return vae.Checkpoint(model, config, {}, "tiny", "0123456789ab" * 5, tmp_path / "none")

    return make


@pytest.fixture
def two(checkpoint):
    """Two classes far apart, one component each, and a classifier that is always confident."""
    posteriors = Mixture(
        torch.tensor([0.5, 0.5]).log(),
        torch.tensor([[-2.0, 0.0], [2.0, 1.0]]),
        torch.diag_embed(torch.tensor([[0.5, 0.1], [0.2, 0.3]])),
    )
    model = checkpoint().model
    return Source(model, posteriors, NAMES, lambda x: np.ones((len(x), 2), np.float32), "nobody")


def origin(source, per_class=5, digest="0123456789ab" * 5):
    return Origin(
        "tiny", digest, "tiny", per_class, 1.0, 0, None, source.classifier_name, source.class_names
    )


@pytest.mark.parametrize("name", sorted({k for k in vae.MODELS if k != "beta-vae"}))
def test_every_model_gives_as_many_images_per_class_as_requested_reproducibly(
    checkpoint, tiny, name
):
    source = synthetic.create_source(checkpoint(name), tiny)
    one, again = (synthesize(source, 21, seed=3) for _ in range(2))
    assert one.images.shape == (42, 1, 8, 8) and one.images.dtype == np.uint8
    assert one.labels.tolist() == [0] * 21 + [1] * 21
    for a, b in zip(one, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (synthesize(source, 21, seed=4).z != one.z).any(1).all()
    fewer = synthesize(source, 3, seed=3)  # a draw does not depend on the number of images
    first = np.r_[0:3, 21:24]
    np.testing.assert_array_equal(fewer.z, one.z[first])
    np.testing.assert_array_equal(fewer.seeds, one.seeds[first])
    assert (one.seeds > 0).all() == (name in ("hvae", "exemplar"))


def test_a_single_record_decodes_to_its_image_within_one_grey_level(checkpoint, tiny):
    for name in ("cvae", "hvae"):
        model = checkpoint(name).model
        made = synthesize(synthetic.create_source(checkpoint(name), tiny), 12)
        for i in (0, 11, 20):
            condition = int(made.labels[i]) if name == "cvae" else None
            alone = latent.decode_uint8(
                model, made.z[i : i + 1], label=condition, seed=int(made.seeds[i])
            )
            apart = alone[0, :, :, 0].astype(int) - made.images[i, 0]
            assert abs(apart).max() <= 1


def test_spread_multiplies_deviations_from_the_centre_of_a_class(two):
    centres = np.repeat(two.class_posteriors.means.numpy(), 40, 0)
    normal, wide, none = (synthesize(two, 40, spread=s).z for s in (1.0, 2.0, 0.0))
    np.testing.assert_allclose(none, centres, atol=1e-6)
    np.testing.assert_allclose(wide - centres, 2 * (normal - centres), atol=2e-4)
    deviations = (normal - centres).reshape(2, 40, 2).std(1)
    np.testing.assert_allclose(deviations, [[0.5, 0.1], [0.2, 0.3]], rtol=0.4)


def test_small_classes_are_shrunk_to_the_common_covariance():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(30, 2)).astype(np.float32) * np.repeat([[1.0], [3.0]], 15, 0)
    labels = np.repeat([0, 1], 15)
    found = aggregate_posterior.fit_per_class(Codes(codes, None), labels, 2, pseudo_count=5.0)
    within = [np.cov(codes[labels == k].T, bias=True) for k in (0, 1)]
    common = np.mean(within, 0)
    for k in (0, 1):
        part = found.block(k, 2)
        np.testing.assert_allclose(part.means[0], codes[labels == k].mean(0), atol=1e-5)
        scale = part.scales[0].numpy()
        expected = (15 * within[k] + 5 * common) / 20
        np.testing.assert_allclose(scale @ scale.T, expected, rtol=2e-3, atol=2e-3)


def test_a_conditional_model_draws_from_the_codes_of_the_class(checkpoint, tiny):
    ck = checkpoint("cvae")
    source = synthetic.create_source(ck, tiny)
    made = synthesize(source, 200)
    codes = latent.encode_images(
        synthetic.without_refinement(ck.model), tiny.train.images, tiny.train.labels
    )
    for label in (0, 1):
        real = codes.mean[tiny.train.labels == label].mean(0)
        away = np.abs(made.z[made.labels == label].mean(0) - real)
        assert (away < 0.35).all()  # of draws with a deviation near 1


def test_the_filter_keeps_images_that_the_classifier_assigns_to_their_class():
    ck = vae.load(ROOT / "checkpoints/fashion-vae")
    source = synthetic.create_source(ck, vae.load_dataset("fashion-mnist-starter"), most=1000)
    assert source.classifier_name == "the bundled classifier"
    free, kept = synthesize(source, 12), synthesize(source, 12, min_confidence=0.5)
    right = [(source.classifier(m.images).argmax(1) == m.labels).mean() for m in (free, kept)]
    assert right[0] < 0.95 and right[1] > 0.97
    assert (kept.confidence >= 0.49).all() and (free.confidence < 0.5).any()
    assert (kept.accepted <= kept.draws).all() and kept.accepted.sum() < kept.draws.sum()
    assert np.bincount(kept.labels).tolist() == [12] * 10


def test_the_nearest_neighbour_classifier_agrees_with_scikit_learn(checkpoint, tiny):
    ck = checkpoint()
    classify, name = synthetic.choose_classifier(ck.model, tiny.train, tiny.class_names)
    assert "15" in name and "nearest" in name
    codes = [latent.encode_images(ck.model, s.images).mean for s in (tiny.train, tiny.test)]
    oracle = KNeighborsClassifier(15).fit(codes[0], tiny.train.labels)
    np.testing.assert_allclose(
        classify(tiny.test.images), oracle.predict_proba(codes[1]), atol=1e-6
    )


def test_a_class_with_too_few_images_raises_after_a_bounded_number_of_draws(two):
    classified = []

    def classify(images):
        classified.append(len(images))
        return np.tile(np.float32([1.0, 0.2]), (len(images), 1))

    hard = Source(two.model, two.class_posteriors, NAMES, classify, "a classifier")
    with pytest.raises(AugmentError, match=r"right half gave 0 of 4 images in 400 draws; lower"):
        synthesize(hard, 4, min_confidence=0.5)
    assert sum(classified) == 16 + 400  # the easy class, then a hundred draws for each image
    fewer = synthesize(hard, 4, min_confidence=0.5, max_draws=64, allow_fewer=True)
    assert np.bincount(fewer.labels, minlength=2).tolist() == [4, 0]
    assert fewer.draws.tolist() == [16, 64] and fewer.accepted.tolist() == [16, 0]
    with pytest.raises(AugmentError, match="gave 0 of 1,000 images in 1,024 draws"):
        synthesize(hard, 1000, min_confidence=0.5)  # given up early


def test_progress_reaches_its_end_and_can_stop_the_work(two):
    calls = []
    synthesize(two, 600, progress=lambda done, total: calls.append((done, total)))
    assert [d for d, _ in calls] == sorted(d for d, _ in calls)
    assert calls[-1] == (1200, 1200) and {total for _, total in calls} == {1200}

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(two, 5, progress=stop)


def test_a_data_set_for_torch(two):
    made = synthesize(two, 10)
    plain = SyntheticDataset(made)
    x, y = next(iter(DataLoader(plain, batch_size=20)))
    assert (
        x.shape == (20, 1, 8, 8) and x.dtype == torch.float32 and y.tolist() == [0] * 10 + [1] * 10
    )
    np.testing.assert_array_equal((x.numpy() * 255).round(), made.images)
    assert len(plain) == 20
    assert torch.equal(SyntheticDataset(made, lambda image: 1 - image)[3][0], 1 - plain[3][0])


def pairs(images, labels):
    """Labelled images as a sorted list, whatever their order."""
    return sorted((int(y), x.tobytes()) for x, y in zip(images, labels, strict=True))


def test_the_zip_can_be_loaded_here_and_by_torchvision_with_the_same_labels(two, tmp_path):
    made = synthesize(two, 5)
    packed = write(made, origin(two), "zip")
    assert packed == write(made, origin(two), "zip")
    assert folders(NAMES) == ["0-left-half", "1-right-half"]
    (tmp_path / "made.zip").write_bytes(packed)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path / "made")
    folder = ImageFolder(tmp_path / "made")
    found = [(np.asarray(image)[None, :, :, 0], label) for image, label in folder]
    assert pairs(*zip(*found, strict=True)) == pairs(made.images, made.labels)
    ours = vae.load_dataset(tmp_path / "made.zip", size=8)
    assert ours.class_names == ("0-left-half", "1-right-half")
    read = [np.concatenate(part) for part in zip(ours.train, ours.test, strict=True)]
    assert pairs(*read) == pairs(made.images, made.labels)


def test_colour_stays_colour(two, tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (6, 3, 8, 8), dtype=np.uint8)
    made = synthesize(two, 3)._replace(images=colours)
    with zipfile.ZipFile(io.BytesIO(write(made, origin(two, 3), "zip"))) as archive:
        archive.extractall(tmp_path)
    found = np.stack([np.asarray(image) for image, _ in ImageFolder(tmp_path)])
    np.testing.assert_array_equal(found.transpose(0, 3, 1, 2), colours)


def test_folder_names_are_safe_and_sort_like_the_labels():
    odd = ("../../up", "a\\b:c*?", "", "  ", "Ünï", "con", "x" * 99, "a/b", "a b", "A", "z")
    found = folders(odd)
    assert found == sorted(found) and len(set(found)) == len(odd)
    assert all(set(name) <= set("-0123456789") | set(map(chr, range(65, 123))) for name in found)
    assert found[0] == "00-up" and found[2] == "02" and max(map(len, found)) < 50


def test_the_manifest_decodes_to_the_same_pixels(checkpoint, tiny):
    for name in ("vae", "cvae", "hvae"):
        ck = checkpoint(name)
        made = synthesize(synthetic.create_source(ck, tiny), 700, seed=7)
        facts = origin(synthetic.create_source(ck, tiny), 700, ck.digest)
        with zipfile.ZipFile(io.BytesIO(write(made, facts, "zip"))) as archive:
            manifest = archive.read("manifest.json")
        np.testing.assert_array_equal(decode_manifest(manifest, ck), made.images)
        images = json.loads(manifest)["images"]
        assert images[700]["file"] == "1-right/00000.png" and images[700]["label"] == 1
    other = json.dumps(json.loads(manifest) | {"digest": "f" * 64})
    with pytest.raises(AugmentError, match="created with the model ffffffffffff"):
        decode_manifest(other, ck)
    for damaged in (b"{", b"[]", b'{"digest": "0", "images": [{"z": ["a"]}]}'):
        with pytest.raises(AugmentError, match="manifest cannot be read"):
            decode_manifest(damaged, ck)


def test_the_npz_can_be_loaded_here_and_by_numpy(two, tmp_path):
    made = synthesize(two, 5)
    (tmp_path / "made.npz").write_bytes(write(made, origin(two), "npz"))
    ours = vae.load_dataset(tmp_path / "made.npz", size=8)
    read = [np.concatenate(part) for part in zip(ours.train, ours.test, strict=True)]
    assert pairs(*read) == pairs(made.images, made.labels)
    with np.load(tmp_path / "made.npz", allow_pickle=False) as file:
        assert tuple(file["class_names"]) == NAMES
        assert json.loads(str(file["origin"]))["digest"] == "0123456789ab" * 5
        np.testing.assert_array_equal(file["z"], made.z)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"per_class": 0}, "0 images per class; expected 1 to 50,000"),
        ({"per_class": 50_001}, "expected 1 to 50,000"),
        ({"spread": -1}, "the spread is -1; expected 0 to 3"),
        ({"spread": float("nan")}, "the spread is nan"),
        ({"seed": -1}, "the seed is -1"),
        ({"min_confidence": 1.5}, "the minimum confidence is 1.5"),
    ],
)
def test_invalid_requests_are_rejected(two, wrong, sentence):
    with pytest.raises(AugmentError, match=sentence):
        synthesize(two, **({"per_class": 3} | wrong))


def test_data_that_do_not_fit_the_model_are_rejected(checkpoint, tiny):
    lonely = vae.Split(tiny.train.images, np.zeros_like(tiny.train.labels))
    with pytest.raises(AugmentError, match="right has 0 images"):
        synthetic.create_source(
            checkpoint(), vae.Dataset("tiny", lonely, tiny.test, tiny.class_names)
        )
    wide = vae.Split(np.zeros((4, 1, 28, 28), np.uint8), np.arange(4) % 2)
    with pytest.raises(AugmentError, match=r"images of \(1, 28, 28\), tiny decodes \(1, 8, 8\)"):
        synthetic.create_source(checkpoint(), vae.Dataset("wide", wide, wide, tiny.class_names))
    with pytest.raises(AugmentError, match="has 2 classes, the data have 3"):
        three = vae.Dataset("three", tiny.train, tiny.test, ("a", "b", "c"))
        synthetic.create_source(checkpoint("cvae"), three)


# --- the command line ---------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch, capsys):
    def run_(*arguments):
        monkeypatch.setattr(sys, "argv", ["vae", "augment", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            command_line()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, ended.value.code or 0, said.out, said.err)

    return run_


def test_the_command_creates_a_data_set(run, tmp_path):
    out = tmp_path / "new" / "made.zip"
    model = ROOT / "checkpoints/fashion-cvae"
    done = run(
        *(model, "--per-class", 3, "--least-confidence", 0.5, "--out", out),
        *("--data", "fashion-mnist-starter"),
    )
    assert done.returncode == 0, done.stderr
    assert "30 images, 3 per class, seed 0; " in done.stdout
    assert "Ankle boot: " in done.stdout and "draws accepted" in done.stdout
    assert [path.name for path in out.parent.iterdir()] == ["made.zip"]
    with zipfile.ZipFile(out) as archive:
        assert len(archive.namelist()) == 31 and "9-Ankle-boot/00002.png" in archive.namelist()
        again = decode_manifest(archive.read("manifest.json"), vae.load(model))
    read = vae.load_dataset(out)
    assert pairs(again, np.repeat(np.arange(10), 3)) == pairs(
        *(np.concatenate(part) for part in zip(read.train, read.test, strict=True))
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (["--out", "made.csv"], "expected a name that ends in .zip or .npz"),
        (["--out", "made.zip", "--spread", 9], "the spread is 9; expected 0 to 3"),
        (["--out", "made.zip", "--least-confidence", 8], "the minimum confidence is 8"),
        (["--out", "made.zip", "--per-class", 0], "--per-class"),
        (["--out", "made.zip", "--data", "no-such"], "no-such"),
        ([], "--out"),
    ],
)
def test_wrong_use_gives_one_line_and_no_file(run, tmp_path, monkeypatch, wrong, sentence):
    monkeypatch.chdir(tmp_path)
    data = [] if "--data" in wrong else ["--data", "fashion-mnist-starter"]
    done = run(ROOT / "checkpoints/fashion-hvae", *data, *wrong)
    assert done.returncode == 2 and not list(tmp_path.iterdir())
    assert done.stderr.count("\n") == 1 and sentence in done.stderr, done.stderr


def test_the_stored_benchmark_is_complete():
    benchmark = dataset_files.measured()
    if benchmark is None:
        pytest.skip("not measured: tests/benchmarks/augmentation.py --save")
    counts, arms = {row["labels"] for row in benchmark["rows"]}, set(benchmark["arms"])
    assert counts == {int(n) for n in benchmark["choices"]} == {int(n) for n in benchmark["steps"]}
    for row in benchmark["rows"]:
        values = np.array(row["runs"])
        assert len(values) == len(benchmark["seeds"]) and row["arm"] in arms
        np.testing.assert_allclose(row["mean"], values.mean(), atol=0.02)
        np.testing.assert_allclose(row["spread"], values.std(ddof=1), atol=0.02)
        assert row["arm"] != "labels" or row["gain"] == 0
