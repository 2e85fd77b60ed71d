"""Anomaly scores against their definitions, thresholds, and the command."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from msgspec.structs import replace
from PIL import Image
from scipy import ndimage

import vae
from vae import anomaly, load_dataset
from vae.__main__ import main
from vae.anomaly import corruptions, residuals, thresholds
from vae.anomaly.scores import Scorer
from vae.anomaly.summary_statistics import fit_summary
from vae.checkpoint.artifacts import load_aggregate, load_codes, load_thresholds, save_threshold
from vae.checkpoint.folder import save
from vae.files.owners import visitor_of
from vae.latent.encoding import encode_images
from vae.models import build
from vae.nn.distributions import Mixture

ROOT = Path(vae.__file__).parents[1]


@pytest.fixture(scope="module")
def fashion():
    return vae.load(ROOT / "checkpoints/fashion-vae")


@pytest.fixture(scope="module")
def starter():
    return load_dataset("fashion-mnist-starter").test


@pytest.fixture(scope="module")
def clothes(starter):
    return starter.images


@pytest.fixture(scope="module")
def codes(fashion, starter):
    """The codes that are stored with the model."""
    kept = load_codes(fashion, starter.digest)
    return kept["mean"], kept["std"]


def normal(fashion, clothes, codes, name=anomaly.DEFAULT):
    return anomaly.score_images(Scorer(fashion.model), clothes, name, codes=codes)


def test_the_default_score_separates_digits_from_clothes(fashion, clothes, codes):
    """The README reports the value for all digits; here are fewer."""
    digits = load_dataset("digits").train.images[::8]
    known = encode_images(fashion.model, digits)
    found = {}
    for name in (anomaly.DEFAULT, "reconstruction"):
        anomalous = anomaly.score_images(Scorer(fashion.model), digits, name, codes=known)
        found[name] = thresholds.curves(normal(fashion, clothes, codes, name), anomalous).auroc
    assert found[anomaly.DEFAULT] >= 0.99 > found["reconstruction"], found


def test_known_codes_give_the_same_scores_as_encoding(fashion, clothes, codes):
    sample = tuple(v[:30] for v in codes)
    for name in ("structure", "summary"):
        scorer = Scorer(fashion.model, None, fit_summary(fashion.model, clothes[30:230], tuple(
            v[30:230] for v in codes)))  # fmt: skip
        scores = anomaly.score_images(scorer, clothes[:30], name, codes=sample)
        assert np.allclose(scores, anomaly.score_images(scorer, clothes[:30], name), rtol=2e-3), (
            name
        )


@pytest.mark.parametrize("kind", corruptions.CORRUPTIONS)
def test_corruptions_are_anomalous_and_reproducible(kind, fashion, clothes, codes):
    some = clothes[:80]
    worse = corruptions.corrupt(some, kind)
    assert worse.dtype == np.uint8 and worse.shape == some.shape
    assert np.array_equal(worse, corruptions.corrupt(some, kind)) and (worse != some).any()
    other = corruptions.corrupt(some, kind, seed=1)
    assert (other == worse).all() == (kind in ("blur", "invert"))
    found = anomaly.score_images(Scorer(fashion.model), worse)
    assert thresholds.curves(normal(fashion, clothes, codes), found).auroc > 0.8


def test_the_structural_error_agrees_with_its_definition(fashion, clothes):
    x = torch.tensor(clothes[:20]).float() / 255
    with torch.no_grad():
        picture = fashion.model.decode(fashion.model.encode(x)).sigmoid().numpy()[:, 0]
    residual = (x.numpy()[:, 0] - picture) / np.sqrt(picture * (1 - picture) + 0.003)
    smooth = ndimage.gaussian_filter(residual, (0, 1.5, 1.5), mode="constant", radius=(0, 5, 5))
    expected = np.log((smooth**2).sum((1, 2))) - 0.5 * np.log((residual**2).sum((1, 2)))
    found = anomaly.score_images(Scorer(fashion.model), clothes[:20])
    assert np.allclose(found, expected, atol=1e-3)
    hot = residuals.heatmaps(fashion.model, clothes[:20])
    assert np.allclose(hot, np.abs(smooth), atol=1e-3)


def test_a_perfect_reconstruction_has_an_error_but_no_deviance():
    """With a Bernoulli likelihood even perfectly reconstructed grey pixels cost nats."""

    class Perfect(torch.nn.Module):
        latent, image_shape, has_prior = 784, (1, 28, 28), False
        context, context_size, classes, gaussian_posterior = None, 0, 0, False
        needs_label = False
        likelihood = build(vae.ModelConfig()).likelihood

        def posterior(self, x, y=None):
            return None

        def encode(self, x, y=None):
            return x.flatten(1).clamp(1e-6, 1 - 1e-6).logit()

        def decode(self, z, y=None, generator=None):
            return z.view(-1, 1, 28, 28)

    black, grey = (np.full((2, 1, 28, 28), value, np.uint8) for value in (0, 128))
    scorer = Scorer(Perfect())
    for images in (black, grey):
        assert np.allclose(anomaly.score_images(scorer, images, "deviance"), 0, atol=0.02)
    assert np.allclose(anomaly.score_images(scorer, black, "reconstruction"), 0, atol=0.02)
    price = anomaly.score_images(scorer, grey, "reconstruction")
    assert np.allclose(price, 784 * math.log(2), atol=0.1)


@pytest.mark.parametrize("name", vae.MODELS)
def test_every_model_gives_the_scores_it_supports(name, settings, tiny):
    model = build(settings(name, latent=3 if name == "vae" else 2).model).eval()
    mixture = Mixture.standard_normal(model.latent)
    scorer = Scorer(model, mixture, fit_summary(model, tiny.train.images))
    can = anomaly.available_scores(scorer)
    assert can[0] == anomaly.DEFAULT
    assert ("neg_elbo" in can) == model.has_prior
    assert ("regret" in can) == (name in ("vae", "beta-vae", "cvae"))
    images = tiny.test.images[:3]
    for one in can:
        found = anomaly.score_images(scorer, images, one)
        assert found.shape == (3,) and np.isfinite(found).all(), one
        again = anomaly.score_images(scorer, images, one)
        assert np.array_equal(found, again), one
        # The images beside an image do not change its score.
        turned = anomaly.score_images(scorer, images[::-1].copy(), one)[::-1]
        assert found == pytest.approx(turned, abs=1e-3), one
        alone = anomaly.score_images(scorer, images[1:2], one)
        assert found[1:2] == pytest.approx(alone, abs=1e-3), one
    with pytest.raises(ValueError, match="place is not available"):
        anomaly.score_images(Scorer(model), tiny.test.images, "place")


def test_the_summary_score_is_a_mahalanobis_distance(settings, tiny):
    model = build(settings().model).eval()
    summary = fit_summary(model, tiny.train.images)
    found = anomaly.score_images(Scorer(model, None, summary), tiny.train.images, "summary")
    assert found.mean() == pytest.approx(
        len(summary.mean), rel=1e-3
    )  # of the data it was fitted to


def test_the_regret_of_a_refined_posterior_is_small(fashion, clothes, settings):
    sample = clothes[:8]
    refined = anomaly.score_images(Scorer(fashion.model), sample, "regret")
    assert (refined >= 0).all() and np.median(refined) < 1
    with torch.no_grad():
        untrained = build(settings(image_shape=(1, 28, 28)).model)
    assert (anomaly.score_images(Scorer(untrained), sample, "regret") >= 0).all()


def test_thresholds_give_the_target_false_positive_rate():
    normal = np.random.default_rng(0).normal(size=5000)
    for share in (0.01, 0.05, 0.2):
        found = thresholds.calibrate(normal, score="x", data="d", target_fpr=share)
        assert (normal > found.threshold).mean() == pytest.approx(share, abs=0.002)
        assert thresholds.Calibration.from_json(json.loads(json.dumps(found.to_json()))) == found
        assert replace(found, target_fpr=0.5).threshold == pytest.approx(
            np.median(normal), abs=1e-6
        )
    below = thresholds.percentile_rank(normal, np.array([-99.0, 0, 99]))
    assert below.tolist() == [0, (normal < 0).mean(), 1]
    by_hand = thresholds.calibrate(normal, score="x", data="d", target_fpr=0, manual_threshold=9.0)
    assert by_hand.threshold == 9
    assert thresholds.Calibration.from_json(json.loads(json.dumps(by_hand.to_json()))) == by_hand
    with pytest.raises(thresholds.CalibrationError, match="1 scores"):
        thresholds.calibrate(np.append(normal, np.nan), score="x", data="d")
    with pytest.raises(thresholds.CalibrationError, match="at least 20"):
        thresholds.calibrate(normal[:3], score="x", data="d")
    for wrong in ({}, {"quantiles": [2, 1]}, 7, found.to_json() | {"quantiles": [2.0, 1.0]},
                  found.to_json() | {"false_alarms": 3}, []):  # fmt: skip
        with pytest.raises(thresholds.CalibrationError):
            thresholds.Calibration.from_json(wrong)


def test_curves_agree_with_counting():
    rng = np.random.default_rng(1)
    normal, anomalous = rng.normal(size=80), rng.normal(1, 1, 50)
    found = thresholds.curves(normal, anomalous)
    pairs = (anomalous[:, None] > normal).mean()
    assert found.auroc == pytest.approx(pairs)
    assert (np.diff(found.fpr) >= 0).all() and found.tpr[-1] == 1
    with pytest.raises(thresholds.CalibrationError):
        thresholds.curves(normal, anomalous[:0])


def ask(*words):
    return CliRunner().invoke(main, ["score", *map(str, words)])


def test_the_command_scores_files_and_folders_and_reports_unreadable_ones(tmp_path, clothes):
    folder = tmp_path / "some"
    folder.mkdir()
    for k in range(3):
        Image.fromarray(clothes[k, 0]).save(folder / f"{k}.png")
    Image.fromarray(
        np.kron(load_dataset("digits").train.images[3, 0], np.ones((4, 4), np.uint8))
    ).save(folder / "digit.png")
    (folder / "torn.png").write_bytes(b"\x89PNG no")
    Image.new("L", (1, 1)).save(folder / "dot.png")
    Image.fromarray(clothes[5, 0].astype(np.uint16) * 257).save(folder / "wide.png")
    model = ROOT / "checkpoints/fashion-vae"
    done = ask(model, folder, tmp_path / "nowhere.png", "--json")
    assert done.exit_code == 0, done.stderr
    records = {Path(r["path"]).name: r for r in json.loads(done.stdout)}
    assert len(records) == 8
    assert all("error" in records[name] for name in ("torn.png", "dot.png", "nowhere.png"))
    assert records["digit.png"]["anomalous"]
    for k in ("0.png", "1.png", "2.png", "wide.png"):
        assert records[k].keys() == {"path", "score", "threshold", "anomalous"}
        assert not records[k]["anomalous"]
    # A file is the image that it was written from, and a 16-bit one too.
    same = anomaly.score_images(Scorer(vae.load(model).model), clothes[[0, 5]])
    found = [records["0.png"]["score"], records["wide.png"]["score"]]
    assert np.allclose(found, same, atol=1e-4)
    plain = ask(model, folder, "--threshold", "-9")
    assert plain.exit_code == 0 and plain.stdout.count("anomalous") == 5


def test_the_command_stores_thresholds_and_rejects_wrong_use_with_one_line(
    tmp_path, settings, tiny, clothes
):
    config = settings(data="digits", image_shape=(1, 8, 8))
    for name in ("m", "ae"):
        config = settings("ae" if name == "ae" else "vae", data="digits", image_shape=(1, 8, 8))
        save(tmp_path / name, build(config.model), config, {})
    assert config.train.data == "digits"
    Image.fromarray(tiny.test.images[0, 0]).save(tmp_path / "x.png")
    done = ask(tmp_path / "m", tmp_path / "x.png", "--false-alarms", "0.1", "--save", "--json")
    assert done.exit_code == 0, done.stderr
    first = json.loads(done.stdout)[0]["threshold"]
    loaded = vae.load(tmp_path / "m")
    kept = load_thresholds(loaded.path, loaded.digest)
    assert kept["structure"]["false_alarms"] == 0.1
    assert load_thresholds(loaded.path, "another") == {}
    again = json.loads(ask(tmp_path / "m", tmp_path / "x.png", "--json").stdout)[0]["threshold"]
    assert again == pytest.approx(first)
    (tmp_path / "empty").mkdir()
    for words, said in [
        ((tmp_path / "ae", tmp_path / "x.png", "--score", "neg_elbo"), "has no score"),
        ((tmp_path / "m", tmp_path / "x.png", "--score", "elbo"), "--score"),
        ((tmp_path / "m", tmp_path / "empty"), "holds no image"),
        ((tmp_path / "m", tmp_path / "x.png", "--false-alarms", "3"), "share"),
        ((tmp_path / "m", tmp_path / "x.png", "--data", "fashion-mnist-starter"), None),
        ((tmp_path / "m", tmp_path / "x.png", "--threshold", "1", "--save"), "--threshold"),
    ]:
        done = ask(*words)
        if said is None:  # data of another size is resized to the model's
            assert done.exit_code == 0, done.stderr
            continue
        assert done.exit_code == 2 and said in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert load_aggregate(loaded) is None


def test_the_command_takes_the_threshold_of_a_visitor_from_their_folder(
    tmp_path, settings, tiny, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    config = settings(data="digits", image_shape=(1, 8, 8))
    save(tmp_path / "m", build(config.model), config, {})
    Image.fromarray(tiny.test.images[0, 0]).save(tmp_path / "x.png")
    values = np.linspace(0, 1, 50)
    found = thresholds.calibrate(values, score="structure", data="digits", manual_threshold=0.125)
    folder = save_threshold(tmp_path / "m", found.to_json(), visitor_of("k"))
    assert folder != tmp_path / "m" and not (tmp_path / "m" / "anomaly.json").exists()
    done = ask(tmp_path / "m", tmp_path / "x.png", "--thresholds", folder, "--json")
    assert json.loads(done.stdout)[0]["threshold"] == 0.125
    done = ask(tmp_path / "m", tmp_path / "x.png", "--thresholds", tmp_path)
    assert done.exit_code == 2 and "has no threshold of the score structure" in done.stderr
    local = visitor_of("k", local=True)  # what has no owner is theirs
    assert save_threshold(tmp_path / "m", found.to_json(), local) == tmp_path / "m"
