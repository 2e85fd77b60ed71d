"""The similarity-search page without a browser: its results and its messages for bad files."""

import gzip
import io
import re

import numpy as np
import pytest
from live import ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.lookup import cache as lookup_cache
from pages.ui.runtime import cache, routes
from vae import latent
from vae.checkpoint.folder import save
from vae.models import build
from vae.preparation.picture import read


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=120)
    app.run()
    return app.switch_page("lookup.py").run()


@pytest.fixture(scope="module")
def clothes():
    return vae.load_dataset("fashion-mnist-starter")


def entry():
    return next(e for e in cache.checkpoints() if e.name == "fashion-vae")


def encoded(image, kind="PNG", **options) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def test_a_test_image_is_looked_up_at_once_and_is_part_of_the_address(page):
    assert not page.exception and not page.error and not page.warning
    assert page.get("bidi_component") and page.query_params["i"] == "0"
    page.number_input(key="look-item").set_value(36).run()
    assert page.query_params["i"] == "36"
    page.button[0].click().run()  # random image
    other = page.query_params["i"]
    assert other != "36" and page.number_input(key="look-item").value == int(other)
    page.number_input(key="look-item").set_value(36).run()
    page.button[0].click().run()
    assert page.query_params["i"] == other  # the sequence is the same every time
    page.session_state["look"] = {"ask": {"digest": entry().digest, "item": 77, "turn": 1}}
    page.run()
    assert page.query_params["i"] == "77" and not page.exception


@pytest.mark.parametrize("asked", ["10000", "-1", "x", "1e3", "٣"])
def test_a_link_to_a_test_image_that_does_not_exist_says_so(asked):
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=120)
    app.run()
    app.switch_page("lookup.py")
    app.query_params["i"] = asked
    app.run()
    assert "refers to an image that does not exist" in app.warning[0].value and not app.exception
    assert app.query_params["i"] == "0"


def cmyk() -> Image.Image:
    ink = np.zeros((40, 40, 4), np.uint8)
    ink[8:32, 8:32] = (0, 0, 0, 230)
    return Image.fromarray(ink, "CMYK")


def large() -> bytes:
    return encoded(Image.new("1", (14_000, 14_000)))


HOSTILE = {
    "1 x 1": (lambda: encoded(Image.new("L", (1, 1))), "1 x 1 pixels; expected 4 or more"),
    "text": (lambda: b"not a picture", "is no picture that can be read"),
    "empty": (lambda: b"", "is empty; expected a picture"),
    "too large": (large, "has far too many pixels"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_is_not_an_image_gets_a_message_and_the_page_goes_on(page, kind):
    make, words = HOSTILE[kind]
    page.segmented_control(key="look-source").set_value("File").run()
    assert not page.get("bidi_component") and "i" not in page.query_params
    page.file_uploader(key="look-file").upload("odd.png", make(), "image/png").run()
    assert not page.exception and not page.get("bidi_component")
    assert len(page.error) == 1 and words in page.error[0].value
    page.segmented_control(key="look-source").set_value("Test image").run()
    assert not page.exception and page.get("bidi_component")


@pytest.mark.parametrize("kind", ["16 bits", "CMYK", "own size"])
def test_unusual_image_formats_are_accepted(page, kind, clothes):
    deep = np.kron(clothes.test.images[2, 0], np.ones((4, 4))).astype(np.uint16) * 257
    data = {
        "16 bits": lambda: encoded(Image.fromarray(deep)),
        "CMYK": lambda: encoded(cmyk(), "JPEG"),
        "own size": lambda: encoded(Image.fromarray(clothes.test.images[36, 0])),
    }[kind]()
    page.segmented_control(key="look-source").set_value("File").run()
    page.file_uploader(key="look-file").upload("odd.png", data, "image/png").run()
    assert not page.exception and not page.error and page.get("bidi_component")
    assert "i" not in page.query_params
    if kind == "own size":  # used as it is: it equals that test image
        text = page.get("bidi_component")[1].proto.json
        urls = re.findall(r'"jsonUrl": "([^"]+)"', text)
        parts = [routes._published[url] for url in urls]
        text += "".join((gzip.decompress(p.body) if p.gzipped else p.body).decode() for p in parts)
        assert '"item": 36' in text


def test_the_image_is_what_is_in_the_crop_box(page, monkeypatch):
    seen, look_up = [], lookup_cache.look_up
    monkeypatch.setattr(
        lookup_cache, "look_up", lambda *a: seen.append(a[2]) or look_up(*a), raising=True
    )
    pixels = np.full((120, 200, 3), 200, np.uint8)
    pixels[20:60, 20:60] = pixels[50:90, 130:160] = (30, 40, 90)
    content = encoded(Image.fromarray(pixels), "JPEG", quality=95)
    page.segmented_control(key="look-source").set_value("File").run()
    page.file_uploader(key="look-file").upload("two.jpg", content, "image/jpeg").run()
    crop_key = page.toggle[0].key.replace("invert", "crop")
    how = cache.images_of("fashion-vae", entry().digest).how

    def image_for(box, dragged=None):
        page.session_state[crop_key] = {"crop": {"box": box, "dragged": dragged}}
        page.run()
        assert not page.exception
        return seen[-1]

    assert np.array_equal(seen[-1], read(content, "two.jpg", how))
    right = (0.6, 0.2, 0.9, 0.9)
    expected = read(content, "two.jpg", how, right)
    assert np.array_equal(image_for(right), expected) and not np.array_equal(seen[0], expected)
    assert np.array_equal(image_for(right, (0.05, 0.1, 0.4, 0.6)), expected)  # until it rests
    for wrong in ([0.5, 0, 0.4, 1], [0, 0, "x", 1], [0, 1], 7, [0, 0, float("nan"), 1]):
        count = len(seen)
        image_for(wrong)
        assert len(seen) == count and "crop" in page.error[0].value
    assert np.array_equal(image_for(None), seen[0])


def test_the_result_agrees_with_torch_and_numpy(clothes):
    one = entry()
    image = clothes.test.images[36]
    found = lookup_cache.look_up(one.name, one.digest, image)
    model = cache.checkpoint(one.name, one.digest).model
    codes = latent.encode_images(model, image[None])
    assert np.allclose(found.z, codes.mean[0], atol=1e-4)
    assert np.allclose(found.std, codes.std[0], atol=1e-4)
    assert found.identical.item == 36 and found.identical.label == "Sneaker"
    apart = np.sqrt(((clothes.test.images / 255.0 - image / 255.0) ** 2).mean((1, 2, 3)))
    apart[36] = np.inf
    assert [near.item for near in found.by_pixels] == apart.argsort()[:8].tolist()
    assert found.by_pixels[0].distance == pytest.approx(apart.min(), abs=1e-4)
    assert np.array_equal(found.image, image.transpose(1, 2, 0))
    assert np.array_equal(found.reconstruction, latent.decode_uint8(model, np.array([found.z]))[0])
    answer = lookup_cache.classify(one.name, one.digest, image, found.votes)
    assert answer["classes"][0]["name"] == "Sneaker" == answer["classifier"]["name"]
    assert sum(c["share"] for c in answer["classes"]) <= 1 + 1e-9
    assert 0.8 < answer["calibration"]["accuracy"] <= 1 and answer["calibration"]["count"] == 300
    typical = lookup_cache.anomaly_score(one.name, one.digest, image)["share"]
    noise = np.random.default_rng(0).integers(0, 256, image.shape).astype(np.uint8)
    assert typical < 0.9 < lookup_cache.anomaly_score(one.name, one.digest, noise)["share"]


@pytest.mark.parametrize("kind", ["ae", "avb", "hvae", "cvae"])
def test_every_kind_of_model_can_be_searched(tmp_path, monkeypatch, settings, kind):
    import torch

    classes = {"classes": 10, "unlabelled": 0.1} if kind == "cvae" else {}
    config = settings(kind, image_shape=(1, 28, 28), data="fashion-mnist-starter", **classes)
    torch.manual_seed(0)
    save(tmp_path / kind, build(config.model), config, {})
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=120)
    app.run()
    app.switch_page("lookup.py").run()
    assert not app.exception and not app.error and app.get("bidi_component")
    one = cache.checkpoints()[0]
    found = lookup_cache.look_up(
        one.name, one.digest, cache.display_dataset(kind, one.digest).test.images[0]
    )
    assert (found.std is None) == (kind in ("ae", "avb")) and bool(found.draws) == (kind == "avb")
    image = cache.display_dataset(kind, one.digest).test.images[0]
    answer = lookup_cache.classify(one.name, one.digest, image, found.votes)
    assert len(answer["classes"]) == 3 and answer["classes"][0]["share"] > 0.1


def test_explore_and_interpolate_open_at_the_code(page):
    page.number_input(key="look-item").set_value(36).run()
    images = cache.display_dataset("fashion-vae", entry().digest).test.images
    found = lookup_cache.look_up("fashion-vae", entry().digest, images[36])
    z = [float(v) for v in found.z]
    next(b for b in page.button if b.label == "Explore from here").click().run()
    assert not page.exception
    place = page.session_state["places"][entry().digest]
    assert list(place.z) == z and list(place.pins[-1].z) == z
    page.switch_page("lookup.py").run()
    assert page.query_params["i"] == "36"  # remembered
    next(b for b in page.button if b.label == "Interpolate from here").click().run()
    way = page.session_state["ways"][entry().digest]
    assert list(way.waypoints[0]) == z and len(way.waypoints) == 2 and not page.exception


def test_a_model_that_needs_labels_says_so(tmp_path, monkeypatch, settings):
    more = {"classes": 10, "unlabelled": 0.0}
    config = settings("cvae", image_shape=(1, 28, 28), data="fashion-mnist-starter", **more)
    save(tmp_path / "told", build(config.model), config, {"evaluation": {"knn5": None}})
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=120)
    app.run()
    app.switch_page("lookup.py").run()
    assert not app.exception
    (error,) = app.error
    assert "told cannot search" in error.value and "--unlabelled 0.1" in error.value


def named_images():
    """A page with nothing but the field, over four images with names."""
    import numpy as np
    import streamlit as st

    from pages.ui.lookup.name_search import name_search
    from vae.data.dataset import Dataset, Metadata, Split

    split = Split(np.zeros((2, 1, 4, 4), np.uint8), np.array([0, 1]))
    names = Metadata(("red heart", "heart suit")), Metadata(("rose", "broken heart"))
    data = Dataset("named", split, split, ("hearts", "others"), None, *names[::-1])
    item = st.session_state.get("item", 0)
    name_search(data, np.arange(4), item, lambda number: st.session_state.update(item=number))


def test_images_with_names_are_found_by_them():
    app = AppTest.from_function(named_images).run()
    assert not app.button
    app.text_input(key="look-name").set_value("Heart").run()
    assert not app.exception and app.session_state["item"] == 0
    assert [button.label for button in app.button] == ["Next of 4"]  # "rose" is one of the hearts
    seen = []
    for _ in range(4):
        app.button[0].click().run()
        seen.append(app.session_state["item"])
    assert seen == [1, 3, 2, 0]
    app.text_input(key="look-name").set_value("nothing").run()
    assert [caption.value for caption in app.caption] == ["No image has these words."]
    assert app.session_state["item"] == 0
