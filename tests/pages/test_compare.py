"""What stands behind the Compare page: families, links, walks, figures, the table of numbers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pages.ui.compare import figures as compare_figures
from pages.ui.compare.settings import Comparison, comparison_from_map, comparison_from_query
from pages.ui.models.families import (
    NETWORK_TITLES,
    beta_family,
    comparable_groups,
    default_models,
    exclusion_reason,
    kind_of,
    representative,
)
from pages.ui.models.metrics_table import METRICS, metrics_table, number
from vae import Config, Entry, ModelConfig, TrainConfig
from vae.config import NETWORKS
from vae.latent.traversal import Traversal
from vae.pictures.grid import mosaic


def entry(name, kind="vae", *, data="fashion-mnist", evaluation=None, error=None, **model):
    config = None if error else Config(ModelConfig(name=kind, **model), TrainConfig(data=data))
    return Entry(name, Path(name), config, {"evaluation": evaluation or {}}, name, error)


def test_beta_family_is_the_largest_group_that_differs_in_beta_alone():
    family = [entry(f"b{b}", beta=b) for b in (10.0, 0.1, 1.0)]
    family.append(entry("preset", "beta-vae", beta=4.0))  # the same model under its preset's name
    others = [
        entry("conv", network="conv", beta=3.0),
        entry("ae", "ae", beta=2.0),
        entry("refined", refine=2, beta=5.0),
        entry("torn", error="damaged"),
    ]
    longer = entry("longer", beta=7.0)
    longer = replace(longer, config=replace(longer.config, train=TrainConfig(epochs=99)))
    found = beta_family([*family, *others, longer])
    assert [e.name for e in found] == ["b0.1", "b1.0", "preset", "b10.0"]
    assert beta_family(family[:2]) == [] and beta_family([]) == []


def test_only_models_of_the_same_images_and_two_latents_are_comparable():
    shown = {"fashion-mnist": "starter", "starter": "starter", "digits": "digits"}.get
    entries = [
        entry("a"),
        entry("b", data="starter"),
        entry("wide", latent=16),
        entry("large", image_shape=(1, 32, 32)),
        entry("digit", data="digits"),
        entry("torn", error="damaged"),
    ]
    groups = comparable_groups(entries, shown)
    assert {k: [e.name for e in g] for k, g in groups.items()} == {"starter, 28 × 28": ["a", "b"]}
    key = next(iter(groups))
    assert (
        exclusion_reason(entries[2], key) == "16 latents"
        and exclusion_reason(entries[5], key) == "damaged"
    )
    assert key in exclusion_reason(entries[4], key)


def test_the_first_comparison_is_of_the_most_different_models():
    entries = [
        entry("x", "vae"),
        entry("fashion-vae", "vae"),
        entry("a", "ae"),
        entry("c", "cvae", classes=10),
    ]
    assert default_models(entries) == ("a", "fashion-vae")
    assert default_models([entry("x"), entry("y")]) == ("x", "y")
    assert (
        representative(entries, "vae").name == "fashion-vae"
        and representative(entries, "avb") is None
    )
    assert kind_of(entry("b", "beta-vae", beta=4.0)) == "beta-VAE · MLP · beta 4"
    assert set(NETWORK_TITLES) == {*NETWORKS, "graph"}


def test_links_are_read_back_and_unreadable_keys_are_named():
    full = Comparison(("a", "b"), (0.5, -1.25), 7, "item", "own")
    assert comparison_from_query(full.to_query(), Comparison()) == (full, [])
    start = Comparison(("a", "b"), (1.0, 2.0))
    assert comparison_from_query({}, start) == (start, [])
    query = {"m": "a,b,c,d,e,a", "z": "nan,0", "i": "-1", "mode": "both", "grid": "none"}
    found, broken = comparison_from_query(query, start)
    assert found == replace(start, models=("a", "b", "c", "d"))
    assert sorted(broken) == ["grid", "i", "mode", "z"]


def test_what_the_maps_commit_is_checked():
    value = {"z": [0.1, 0.2], "item": 5, "mode": "item", "extent": "same"}
    assert comparison_from_map(value, ("a",), 10) == Comparison(("a",), (0.1, 0.2), 5, "item")
    assert comparison_from_map(value, ("a",), 5).item is None  # of a larger data set
    for broken in ({"z": [1e9, 0]}, {"z": [0]}, {"item": -1}, {"mode": "x"}, {"extent": 3}):
        with pytest.raises(ValueError):
            comparison_from_map(value | broken, (), 10)
    with pytest.raises(ValueError):
        comparison_from_map({"z": [0, 0]}, (), 10)


def test_the_table_marks_the_best_and_says_what_is_missing():
    models = [
        entry("<b>bad", evaluation={"neg_elbo": 250.0, "kl": 5.0, "mse": 0.02, "knn1": 0.7}),
        entry("good", evaluation={"neg_elbo": 245.0, "kl": 7.0, "mse": 0.03, "knn1": "broken"}),
        entry("plain", "ae", evaluation={"neg_elbo": 240.0, "mse": 0.02}),
    ]
    html = metrics_table(models)
    assert "&lt;b&gt;bad" in html and "<b>bad" not in html
    best = [cell.split("</td>")[0] for cell in html.split("<td><strong>")[1:]]
    # An autoencoder has no ELBO; two equal readings are both best; KL has no better way.
    assert ["0.0200" in b for b in best] == [True, False, True] and "245.0" in best[1]
    assert "this model has no prior" in html and "not measured" in html
    assert "Not measured for any of these: Reconstruction" in html
    assert number(models[1], next(m for m in METRICS if m.key == "knn1")) is None
    assert "5-NN" not in metrics_table(models, ("kl",))


def test_traversal_figure_fills_the_width_of_its_strip():
    rng = np.random.default_rng(0)
    path = Traversal(rng.normal(size=(29, 2)), rng.random(29), rng.random(29), rng.random(29))
    figure = compare_figures.traversal_figure(path, 15, (2.0, 1.0, 0.7))
    low, high = figure.layout.xaxis.range
    frame = (high - low) / 15  # the first frame's middle is the start, the last one's the end
    assert low + frame / 2 == pytest.approx(0) and high - frame / 2 == pytest.approx(1)
    assert len(figure.data) == 3 and figure.layout.yaxis.range[1] > 2


def test_the_ellipse_contains_95_percent_of_a_gaussian():
    rng = np.random.default_rng(0)
    mean, std = np.array([1.0, -2.0]), np.array([0.5, 2.0])
    outline = compare_figures.ellipse(mean, std)
    reach = np.square((outline - mean) / std).sum(1)
    draws = rng.normal(size=(100_000, 2))
    assert np.ptp(reach) < 1e-9
    assert (np.square(draws).sum(1) < reach[0]).mean() == pytest.approx(0.95, abs=0.003)


def test_figures_of_codes_betas_and_clouds_hold_what_they_are_given():
    rng = np.random.default_rng(0)
    codes, labels = rng.normal(size=(300, 2)), np.arange(300) % 2
    figure = compare_figures.codes_figure(codes, labels, ("left", "right", "none"), limit=200)
    assert [len(t.x) for t in figure.data] == [100, 100, 0]
    assert len({t.marker.symbol for t in figure.data}) == 3
    plane = compare_figures.rate_distortion_figure([0.1, 1, 10], [9, 7, 4], [230, 238, 255], 1)
    assert plane.data[0].text[1] == "<b>β = 1</b>" and plane.data[0].marker.size[1] == 15
    cloud = compare_figures.posterior_figure(
        codes, compare_figures.ellipse(codes.mean(0), codes.std(0)), "95 %"
    )
    assert len(cloud.data[0].x) == 300 and cloud.layout.yaxis.scaleanchor == "x"


def test_mosaic_places_images_row_by_row():
    pictures = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    assert mosaic(pictures, 3)[..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert mosaic(pictures, 3, scale=2).shape == (4, 6, 3)
    colour = np.random.default_rng(0).integers(0, 255, (2, 4, 5, 3)).astype(np.uint8)
    assert np.array_equal(mosaic(colour, 2)[:, 5:], colour[1])


def test_likelihoods_that_are_not_comparable_get_no_star():
    """Those of binarised images, and those given a label."""

    def entry(name: str, **numbers):
        config = Config(ModelConfig(name=name, classes=10 * (name == "cvae")))
        return Entry(name, Path(name), config, {"evaluation": {"mse": 0.02} | numbers}, "d")

    table = metrics_table(
        [
            entry("vae", neg_elbo=246.0),
            entry("beta-vae", neg_elbo=256.0),
            entry("hvae", neg_elbo=230.0, binarized=True),
            entry("cvae", neg_elbo=243.0),
        ]
    )
    assert "★</span> 246.0" in table and "★</span> 230.0" not in table
    assert "230.0 <abbr" in table and "243.0 <abbr" in table
