"""The transformer by scikit-learn's own checks, and in its company."""

import pickle

import numpy as np
import pytest
from live import ROOT
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import vae
from vae.latent.encoding import encode_images
from vae.sklearn import UNCONDITIONAL, VAETransformer, image_shape

SMALL = {"encoder_widths": (16,), "decoder_widths": (16,)}


def quick(**options) -> VAETransformer:
    return VAETransformer(**{"epochs": 1, "batch_size": 64, **SMALL, **options})


@parametrize_with_checks([quick()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    return train_test_split(*load_digits(return_X_y=True), random_state=0)


def test_codes_separate_digits_about_as_well_as_principal_components(digits):
    rows, others, kinds, other_kinds = digits
    wide = {"encoder_widths": (128,), "decoder_widths": (128,), "epochs": 40}
    right = {}
    for name, reducer in (
        ("vae", VAETransformer(8, random_state=0, likelihood="gaussian", **wide)),
        ("pca", PCA(8, random_state=0)),
    ):
        pipe = make_pipeline(reducer, LogisticRegression(max_iter=2000)).fit(rows, kinds)
        right[name] = pipe.score(others, other_kinds)
    assert right["vae"] > 0.8 and right["vae"] > right["pca"] - 0.05, right


def test_inverse_transform_returns_the_original_units(digits):
    rows = digits[0]
    reach = (rows - rows.mean(0)) * np.linspace(0.01, 1000, 64)
    made = quick(n_components=8, epochs=30, random_state=0, likelihood="gaussian").fit(reach)
    back = made.inverse_transform(made.transform(reach))
    assert ((back - reach) ** 2).mean() < 0.6 * reach.var(0).mean()
    assert (back >= reach.min(0) - 1e-9).all() and (back <= reach.max(0) + 1e-9).all()
    assert made.loss_curve_[-1] < made.loss_curve_[0] and len(made.loss_curve_) == 30
    with pytest.raises(ValueError, match="the codes have 3 columns; expected 8"):
        made.inverse_transform(np.zeros((2, 3)))


def test_a_grid_search_prefers_the_larger_code(digits):
    rows, _, kinds, _ = digits
    search = GridSearchCV(
        make_pipeline(quick(epochs=20, random_state=0), LogisticRegression(max_iter=500)),
        {"vaetransformer__n_components": [1, 6]},
        cv=2,
    ).fit(rows[:600], kinds[:600])
    assert search.best_params_ == {"vaetransformer__n_components": 6}


def test_the_same_seed_gives_the_same_codes_also_after_pickling(digits):
    rows = digits[0][:200]
    first = quick(random_state=5).fit(rows)
    again = clone(first).fit(rows)
    assert np.array_equal(first.transform(rows), again.transform(rows))
    other = quick(random_state=6).fit(rows)
    assert not np.allclose(first.transform(rows), other.transform(rows))
    copy = pickle.loads(pickle.dumps(first))
    assert np.array_equal(first.transform(rows), copy.transform(rows))
    assert np.array_equal(first.score_samples(rows), copy.score_samples(rows))
    assert list(first.get_feature_names_out()) == ["vaetransformer0", "vaetransformer1"]


def test_a_score_is_the_elbo_of_the_engine(digits):
    import torch

    rows = digits[0][:100]
    made = quick(epochs=5, random_state=0).fit(rows)
    x = torch.tensor(made._images(rows)).float() / 255
    with torch.inference_mode():
        terms = made.model_.terms(x, generator=torch.Generator().manual_seed(0), samples=200)
    engine = -(terms.reconstruction + terms.kl).numpy()
    assert np.abs(made.score_samples(rows) - engine).mean() < 0.5
    assert made.score(rows) == pytest.approx(engine.mean(), abs=0.2)
    alone = np.concatenate([made.score_samples(rows[i : i + 1]) for i in range(5)])
    assert np.allclose(alone, made.score_samples(rows)[:5], rtol=1e-5)
    # A row of 3 is padded to 16 values; the zeros add nothing to its score.
    few = quick(likelihood="gaussian", random_state=0).fit(rows[:, 20:23])
    free = -few.model_.likelihood.nll(torch.zeros(1, 1, 1, 3), torch.full((1, 1, 1, 3), 0.5))
    assert few.score_samples(rows[:, 20:23]).max() <= float(free) + 1e-4


@pytest.mark.parametrize("model", UNCONDITIONAL)
def test_every_unconditional_model_can_be_used(digits, model):
    rows = digits[0][:100]
    made = quick(model=model, random_state=0).fit(rows)
    assert made.transform(rows).shape == (100, 2)
    assert made.inverse_transform(made.transform(rows)).shape == rows.shape
    assert hasattr(made, "score_samples") == (model in ("vae", "beta-vae"))


def test_a_trained_checkpoint_is_used_without_training():
    pictures = vae.load_dataset("fashion-mnist-starter").test.images[:50]
    path = ROOT / "checkpoints" / "fashion-vae"
    made = VAETransformer(checkpoint=str(path)).fit(pictures.reshape(50, -1))
    codes = encode_images(vae.load(path).model, pictures).mean
    assert np.array_equal(made.transform(pictures.reshape(50, -1)), codes)
    floats = VAETransformer(checkpoint=path).fit(pictures.reshape(50, -1) / 255.0)
    assert np.allclose(floats.transform(pictures.reshape(50, -1) / 255.0), codes, atol=1e-5)
    assert made.inverse_transform(codes).max() > 200 > 1 >= floats.inverse_transform(codes).max()
    for rows, words in (
        (np.zeros((2, 64)), "64 columns; fashion-vae was trained on images of 1 x 28 x 28"),
        (np.full((2, 784), 255.0), "from 255 to 255; fashion-vae expects pixels"),
    ):
        with pytest.raises(ValueError, match=words):
            VAETransformer(checkpoint=path).fit(rows)
    with pytest.raises(vae.CheckpointError, match="nowhere"):
        VAETransformer(checkpoint="nowhere").fit(np.zeros((2, 4)))


@pytest.mark.parametrize(("width", "shape"), [(784, (28, 28)), (64, (8, 8)), (16, (4, 4)),
    (1, (4, 4)), (5, (4, 4)), (20, (4, 5)), (30, (5, 6)), (65_536, (256, 256))])  # fmt: skip
def test_a_row_is_arranged_as_an_image(width, shape):
    assert image_shape(width) == (1, *shape)


def test_an_image_holds_every_row():
    for width in range(1, 3000):
        _, height, across = image_shape(width)
        assert height * across >= width and 4 <= height <= across <= 256


@pytest.mark.parametrize(("options", "words"), [
    ({"n_components": 1.5}, "n_components is 1.5; expected a whole number"),
    ({"n_components": 0}, "latent"),
    ({"model": "cvae"}, "model is 'cvae'"),
    ({"scale": "row"}, "scale is 'row'"),
    ({"likelihood": "poisson"}, "likelihood"),
    ({"epochs": 0}, "epochs"),
])  # fmt: skip
def test_invalid_settings_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        quick(**options).fit(np.random.default_rng(0).random((20, 9)))


def test_too_many_columns_are_refused():
    with pytest.raises(ValueError, match="70000 columns; expected at most 65536"):
        quick().fit(np.zeros((2, 70_000)))
