"""Screening: the same scores as one by one, with everything fitted to the normal images only."""

import numpy as np
import pytest

from vae import anomaly, latent
from vae.anomaly.scores import Scorer
from vae.anomaly.screening import Images, NormalData, screen
from vae.anomaly.summary_statistics import fit_summary
from vae.models import build


@pytest.fixture
def model(settings):
    return build(settings().model).eval()


@pytest.mark.parametrize("name", ["structure", "summary", "neg_elbo"])
def test_screening_gives_the_scores_of_a_scorer(name, model, tiny):
    learned, normal, suspects = tiny.train.images[:30], tiny.test.images, tiny.train.images[40:]
    codes = latent.encode_images(model, normal)
    seen = []
    first, second = screen(
        model, name, [Images(normal, codes), Images(suspects)], NormalData(learned),
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    scorer = Scorer(model, None, fit_summary(model, learned))
    for found, images in ((first, normal), (second, suspects)):
        assert np.allclose(found.scores, anomaly.score_images(scorer, images, name), rtol=1e-4)
        assert np.allclose(
            found.baseline, anomaly.score_images(scorer, images, "reconstruction"), rtol=1e-4
        )
        assert np.allclose(found.codes.mean, latent.encode_images(model, images).mean, atol=1e-5)
    done = [d for d, _ in seen]
    assert done == sorted(done) and seen[-1][0] == seen[-1][1]


def test_everything_is_fitted_to_the_normal_images_only(model, tiny):
    left = tiny.train.images[tiny.train.labels == 0]
    group = [Images(tiny.test.images), Images(tiny.test.images[:0])]
    one, none = screen(model, "place", group, NormalData(left))
    both, _ = screen(model, "place", group, NormalData(tiny.train.images))
    assert len(none.scores) == 0 and not np.allclose(one.scores, both.scores)
    again, _ = screen(model, "place", group, NormalData(left))
    assert np.array_equal(one.scores, again.scores)
