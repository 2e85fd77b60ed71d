"""Search by choosing: it finds what is looked for, and its parts agree with other libraries."""

import numpy as np
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from vae.nn.distributions import Mixture
from vae.preference import search as preference_search
from vae.preference.picture_regression import PictureRegression, fit_picture_regression
from vae.preference.search import RIVALS, SIDE, PreferenceError, PreferenceSearch

MIDDLE = SIDE**2 // 2


def prior(latent: int) -> Mixture:
    """Two clouds, of unlike scale in each latent."""
    means = torch.zeros(2, latent)
    means[:, 0] = torch.tensor([-2.0, 2.0])
    scale = torch.diag(torch.linspace(0.5, 2.0, latent))
    return Mixture(torch.log(torch.tensor([0.6, 0.4])), means, torch.stack([scale, scale]))


def decode(codes: np.ndarray) -> np.ndarray:
    """A smooth picture [N, 1, 4, 4] of each code, curved in all latents."""
    mixing = np.random.default_rng(7).standard_normal((codes.shape[1], 16)) / 3
    return (1 / (1 + np.exp(-np.asarray(codes) @ mixing))).reshape(-1, 1, 4, 4).astype(np.float32)


@pytest.fixture(scope="module")
def search() -> PreferenceSearch:
    return PreferenceSearch(decode, prior(5), pictures=700)


def far(codes: np.ndarray, target: np.ndarray) -> np.ndarray:
    """RMS per pixel between the pictures of codes and of a target."""
    return np.sqrt(np.square(decode(codes) - decode(target[None])).mean((1, 2, 3)))


def find(search: PreferenceSearch, target: np.ndarray, steps: int, choices=()) -> list[np.ndarray]:
    """The choices of somebody who knows the target."""
    choices = list(choices)
    for _ in range(steps):
        shown = search.gallery(choices).codes
        choices.append(search.choose(shown, int(far(shown, target).argmin())))
    return choices


def test_hidden_pictures_are_found_in_six_choices_nearer_than_by_random_draws(search):
    targets = prior(5).sample(3, torch.Generator().manual_seed(5)).numpy()
    draws = prior(5).sample(6 * SIDE**2, torch.Generator().manual_seed(6)).numpy()
    found = [far(find(search, target, 6)[-1][:1], target)[0] for target in targets]
    random = [far(draws, target).min() for target in targets]  # the best of as many pictures
    assert np.median(found) < 0.5 * np.median(random)
    assert max(found) < np.median(random)


def test_a_gallery_is_determined_by_the_choices_and_holds_the_last_one_in_the_middle(search):
    target = np.array([2.0, 0.3, -0.5, 1.0, 1.5], np.float32)
    choices = find(search, target, 2)
    first, again = search.gallery(choices), search.gallery(choices)
    assert np.array_equal(first.codes, again.codes)
    assert first.codes.shape == (SIDE**2, 5) and len(np.unique(first.codes, axis=0)) == SIDE**2
    assert first.codes[MIDDLE] == pytest.approx(choices[-1][0], abs=1e-6)
    shown = search.gallery(choices[:1]).codes
    farthest = search.choose(shown, int(far(shown, target).argmax()))
    other = search.gallery([*choices[:1], farthest])
    assert not np.array_equal(first.codes, other.codes)


def test_galleries_narrow_with_choices_and_widen_where_nothing_was_near(search):
    target = np.array([-2.0, 0.0, 0.5, -1.0, 1.0], np.float32)
    choices = find(search, target, 3)
    spreads = [search.gallery(choices[:n]).spread for n in range(4)]
    assert spreads[3] < spreads[1] < spreads[0] and spreads[3] < 0.5 * spreads[0]
    nothing = np.zeros((0, 5), np.float32)
    wider = search.gallery([*choices, nothing, nothing, nothing])
    assert wider.spread > 1.3 * spreads[3]
    assert search.gallery([nothing]).spread == spreads[0]


def test_a_wrong_choice_can_be_made_good(search):
    target = np.array([2.0, 0.3, -0.5, 1.0, 1.5], np.float32)
    shown = search.gallery([]).codes
    wrong = search.choose(shown, int(far(shown, target).argmax()))
    found = find(search, target, 6, [wrong, np.zeros((0, 5), np.float32)])
    assert far(found[-1][:1], target)[0] < 0.35 * np.median(far(shown, target))


def test_a_choice_holds_the_chosen_code_its_nearest_rivals_and_far_ones(search):
    shown = search.gallery([]).codes
    choice = search.choose(shown, 3)
    assert choice[0].tolist() == shown[3].tolist()
    assert len(np.unique(choice, axis=0)) == len(choice) == 1 + RIVALS
    near, others = choice[1 : 1 + RIVALS // 2], choice[1 + RIVALS // 2 :]

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(search.pictures(a)[:, None] - search.pictures(b), axis=2)

    order = apart(choice[:1], shown)[0].argsort()
    assert near.tolist() == shown[order[1 : 1 + RIVALS // 2]].tolist()
    # No picture is farther from those kept than the last one of these was from those before it.
    assert apart(shown, choice).min(1).max() <= apart(others[-1:], choice[:-1]).min() + 1e-6


def test_the_probability_of_a_choice_is_that_of_luce():
    rng = np.random.default_rng(0)
    targets, shown = rng.random((4, 3)).astype(np.float32), rng.random((6, 3)).astype(np.float32)
    worth = (np.square(targets[:, None] - shown).sum(2) + 1e-4) ** -5.0
    expected = np.log(worth[:, 0] / worth.sum(1))
    assert preference_search._log_chosen(targets, shown) == pytest.approx(expected, rel=1e-4)


def test_the_log_density_is_that_of_the_mixture_up_to_a_constant():
    codes = np.random.default_rng(3).standard_normal((9, 4)).astype(np.float32)
    scales = torch.tensor([[[1.5, 0], [0.4, 0.3]], [[0.7, 0], [-0.2, 2.0]]])
    mixture = Mixture(torch.tensor([0.3, 0.7]).log(), torch.tensor([[0.0, 1], [2, -1]]), scales)
    difference = preference_search._log_density(mixture)(codes[:, :2])
    difference -= mixture.log_prob(torch.from_numpy(codes[:, :2])).numpy()
    assert difference == pytest.approx(np.full(9, difference[0]), abs=1e-4)


def test_too_many_choices_are_refused(search):
    with pytest.raises(PreferenceError, match="41 choices; a search has at most 40"):
        search.gallery([np.zeros((1, 5), np.float32)] * 41)


def test_the_regression_is_scikit_learn_s_gaussian_process():
    rng = np.random.default_rng(1)
    codes = (rng.standard_normal((60, 3)) * (0.5, 1, 3)).astype(np.float32)
    values, new = rng.standard_normal((60, 2)), codes[:7] + 0.3
    found = PictureRegression(codes, values, 1.3)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(codes.T))).T
    known = GaussianProcessRegressor(RBF(1.3), alpha=1e-3, optimizer=None)
    known.fit(codes @ whiten, values - values.mean(0))
    expected = known.predict(new @ whiten) + values.mean(0)
    assert found(new) == pytest.approx(expected, abs=2e-3)


def test_distances_of_picture_components_are_those_of_pictures():
    pictures = fit_picture_regression(decode, prior(4), pictures=500)
    codes = prior(4).sample(40, torch.Generator().manual_seed(9)).numpy()
    apart = np.linalg.norm(pictures(codes)[1:] - pictures(codes)[:-1], axis=1)
    pixels = decode(codes).reshape(40, -1)
    expected = np.sqrt(np.square(pixels[1:] - pixels[:-1]).mean(1))
    assert pictures.error < 0.02
    assert np.sqrt(np.square(apart - expected).mean()) < 0.1 * expected.mean()
    assert np.median(np.abs(apart - expected)) < 0.01


def test_large_pictures_are_averaged_before_they_are_compared():
    """A tall picture in colour, whose sides are no multiples of the squares."""

    def checked(codes: np.ndarray) -> np.ndarray:
        small = decode(codes)
        colour = np.repeat(small, 3, 1).repeat(12, 2).repeat(9, 3)  # 48 x 36
        noise = np.indices(colour.shape[2:]).sum(0) % 2 - 0.5  # vanishes in squares of two
        return colour + noise.astype(np.float32)

    large, small = (fit_picture_regression(d, prior(3), pictures=300) for d in (checked, decode))
    codes = prior(3).sample(5, torch.Generator().manual_seed(2)).numpy()

    def lengths(pictures: PictureRegression) -> np.ndarray:
        return np.linalg.norm(np.diff(pictures(codes), axis=0), axis=1)

    assert lengths(large) == pytest.approx(lengths(small), rel=0.1)
