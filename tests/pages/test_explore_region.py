"""The region on the Explore page, headless: counts, samples, links, invalid regions."""

import numpy as np
import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

import vae
from vae.latent.encoding import split_codes
from vae.latent.polylines import in_polygon

SQUARE = ((-1.0, -0.5), (1.5, -0.5), (1.5, 1.0), (-1.0, 1.0))
LINK = ";".join(f"{x:g},{y:g}" for x, y in SQUARE)


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=90)


def counts_of(name: str, polygon, hidden=()) -> np.ndarray:
    ck = vae.load(ROOT / "checkpoints" / name)
    split = vae.load_dataset("fashion-mnist-starter").test
    chosen = in_polygon(split_codes(ck, split).mean, polygon) & ~np.isin(split.labels, hidden)
    return np.bincount(split.labels[chosen], minlength=10)


def words(app: AppTest) -> str:
    return " ".join(c.value for c in app.caption)


def samples(app: AppTest) -> list[str]:
    captions = [image.proto.imgs[0].caption for image in app.get("image")]
    return [caption for caption in captions if "samples from" in caption]


def test_a_link_restores_a_region_and_its_seed(app):
    app.query_params["in"], app.query_params["rs"] = LINK, "7"
    app.query_params["h"] = "3"
    app.run()
    assert not app.exception and not app.warning
    many = counts_of("fashion-vae", SQUARE, hidden=(3,)).sum()
    assert f"{many:,} of 10,000 test images; hidden and not counted: Dress." in words(app)
    assert app.number_input[0].value == 7 and "seed 7" in samples(app)[0]
    app.number_input[0].set_value(8).run()
    assert app.query_params["rs"] == "8" and app.query_params["in"] == LINK
    assert "seed 8" in samples(app)[0]
    assert [b.label for b in app.get("download_button")] == [
        "Items, CSV",
        "Items, NPZ",
        "Outline, JSON",
    ]


def test_the_map_sets_and_clears_a_region(app):
    app.run()
    assert "Inside the lasso" not in [s.value for s in app.subheader]
    digest = vae.load(ROOT / "checkpoints/fashion-vae").digest
    location = {"digest": digest, "z": [0.5, 0.5], "view": None, "layers": ["points"], "pins": []}
    location |= {"item": None, "hidden": [], "label": None, "seed": 0}
    app.session_state["map"] = {"location": {**location, "region": [list(c) for c in SQUARE]}}
    app.run()
    assert not app.exception and app.query_params["in"] == LINK
    assert f"{counts_of('fashion-vae', SQUARE).sum():,} of 10,000" in words(app)
    app.session_state["map"] = {"location": {**location, "region": [[0, 0], ["x", 1], [1, 0]]}}
    app.run()
    assert not app.exception and "invalid location" in app.warning[0].value
    app.session_state["map"] = {"location": {**location, "region": None}}
    app.run()
    assert not app.exception and "in" not in app.query_params
    assert "Inside the lasso" not in [s.value for s in app.subheader]


def test_samples_have_the_condition_of_the_map(app):
    app.query_params["m"], app.query_params["c"], app.query_params["in"] = (
        "fashion-cvae",
        "8",
        LINK,
    )
    app.run()
    assert not app.exception and "conditioned on “Bag”" in samples(app)[0]


def test_samples_of_a_hierarchical_model_have_the_noise_seed_of_the_map(app):
    app.query_params["m"], app.query_params["s"], app.query_params["in"] = (
        "fashion-hvae",
        "5",
        LINK,
    )
    app.run()
    assert not app.exception and "noise seed 5" in samples(app)[0]


def test_a_region_without_items_says_so(app):
    app.query_params["in"] = "90,90;91,90;90,91"
    app.run()
    assert not app.exception and "0 of 10,000 test images" in words(app)
    messages = [i.value for i in app.info]
    assert any("No image lies here" in m for m in messages)
    assert any("samples the region uniformly" in m for m in messages) and not samples(app)


@pytest.mark.parametrize(
    "broken", ["1,2;3,4", "a,b;1,2;3,4", "nan,0;1,1;2,0", ";".join(["0,1"] * 65)]
)
def test_a_broken_region_is_named(app, broken):
    app.query_params["in"] = broken
    app.run()
    assert not app.exception and "(in)" in app.warning[0].value


def test_generate_opens_with_the_region(app):
    app.query_params["in"], app.query_params["rs"] = LINK, "3"
    app.run()
    next(b for b in app.button if b.label == "Open in Generate").click().run()
    assert not app.exception
    assert (
        app.selectbox(key=next(s.key for s in app.selectbox if s.label == "Sample from")).value
        == "inside"
    )
    query = app.query_params
    assert (query["src"], query["in"], query["n"], query["seed"]) == ("inside", LINK, "24", "3")
