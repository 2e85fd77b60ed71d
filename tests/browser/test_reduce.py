"""The Reduce page: what is highlighted or selected in one plane is so in all."""

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import plotly.io
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from helpers import choose, go_to, look, pixels, query, torch_image, wait_for_query
from live import wait_until
from playwright.sync_api import Page, expect

import vae
from vae import Config, ModelConfig, TrainConfig
from vae.analysis import projections
from vae.checkpoint.folder import save
from vae.data.dataset import evenly_spaced
from vae.latent.encoding import decode_uint8, split_codes
from vae.models import build

ROOT = Path(__file__).parents[2]
COUNT = 500
LINK = f"/reduce?n={COUNT}&k=pca"
MARGIN = {"l": 38, "t": 8, "r": 8, "b": 24}


@cache
def shown():
    """Test images, labels, codes of `fashion-vae` and PCA of the items that LINK shows."""
    data = vae.load_dataset("fashion-mnist-starter").test
    items = evenly_spaced(len(data.images), COUNT)
    codes = split_codes(vae.load(ROOT / "checkpoints/fashion-vae"), data).mean[items]
    images = data.images[items]
    return images, data.labels[items], codes, projections.project(images, "pca").points


def plane(page: Page, method: str):
    return page.locator(f'[data-testid="plane"][data-method="{method}"]')


def over(page: Page, method: str):
    return plane(page, method).get_by_test_id("plane-map")


def ready(page: Page, *methods: str) -> None:
    for method in methods:
        page.wait_for_selector(f'[data-method="{method}"][data-state="ready"]', timeout=100_000)
        wait_until(
            page,
            "m => document.querySelector(`[data-method=${m}] [data-testid=plane-map]`)"
            ".dataset.view",
            arg=method,
        )


def at(page: Page, method: str, place) -> tuple[float, float]:
    """Page coordinates of a point of a plane."""
    place = [float(v) for v in place]
    canvas = over(page, method)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x0, x1, y0, y1 = map(float, canvas.get_attribute("data-view").split(","))
    width = box["width"] - MARGIN["l"] - MARGIN["r"]
    height = box["height"] - MARGIN["t"] - MARGIN["b"]
    return (
        box["x"] + MARGIN["l"] + (place[0] - x0) / (x1 - x0) * width,
        box["y"] + MARGIN["t"] + (y1 - place[1]) / (y1 - y0) * height,
    )


def lonely(places: np.ndarray) -> int:
    """The central item whose nearest neighbour is farthest: easy to hit."""
    far = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(far, np.inf)
    low, high = np.percentile(places, (5, 95), axis=0)
    central = ((places > low) & (places < high)).all(1)
    return int(np.where(central, far.min(1), 0).argmax())


def test_an_item_is_highlighted_in_all_planes_with_its_image_and_both_inverses(open_page):
    from sklearn.decomposition import PCA

    page = open_page(LINK, ready=False, sent=(sent := []))
    images, labels, codes, places = shown()
    ready(page, "model", "pca")
    item = lonely(places)
    number = evenly_spaced(10_000, COUNT)[item]
    page.mouse.move(*at(page, "pca", places[item]))
    where = page.get_by_test_id("reduce-where")
    expect(where).to_contain_text(f"test image {number}")
    names = vae.load_dataset("fashion-mnist-starter").class_names
    expect(where).to_contain_text(names[labels[item]])
    page.wait_for_selector(f'[data-testid="original-image"][data-item="{item}"]')
    assert np.array_equal(pixels(page.get_by_test_id("original-image")), images[item, 0])
    decoded = page.get_by_test_id("decoded-image")
    z = [float(v) for v in decoded.get_attribute("data-z").split(",")]
    assert z == pytest.approx(codes[item], abs=6e-5)
    assert np.abs(pixels(decoded) - torch_image(z)).max() <= 1
    flat = images.reshape(COUNT, -1) / 255.0
    theirs = PCA(2).fit(flat)
    back = theirs.inverse_transform(theirs.transform(flat[[item]])).reshape(28, 28)
    straight = pixels(page.get_by_test_id("linear-image"))
    assert np.abs(straight - back.clip(0, 1) * 255).max() <= 1
    page.mouse.down()
    page.mouse.up()  # a click holds it after the pointer has left
    page.mouse.move(5, 300)
    expect(where).to_contain_text(f"test image {number}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Open in Plotly").click()
    figure = opened.value
    wait_until(figure, "document.querySelectorAll('#map path.point').length === 1000")
    assert figure.locator("#map .legendtext").all_text_contents()[9] == names[9]
    with figure.expect_download() as download:
        figure.get_by_text("Download the figure as JSON").click()
    traces = plotly.io.read_json(download.value.path()).data  # of both planes, valid for plotly.py
    assert sum(len(trace.x) for trace in traces) == 2 * COUNT
    figure.close()

    # Empty areas decode new images, without messages.
    expect(page.get_by_test_id("reduce-table")).not_to_contain_text("measuring", timeout=100_000)
    sent.clear()
    for place in ((-2.6, -3.2), (2.9, 2.4)):
        page.mouse.move(*at(page, "model", place))
        expect(page.get_by_test_id("reduce-where")).to_contain_text("No image here")
        expect(plane(page, "model")).to_contain_text("New image")
        decoded = page.get_by_test_id("decoded-image")
        z = [float(v) for v in decoded.get_attribute("data-z").split(",")]
        assert z == pytest.approx(place, abs=0.05)
        assert np.abs(pixels(decoded) - torch_image(z)).max() <= 1
        expect(page.get_by_test_id("linear-image")).to_have_attribute("data-z", "")
    assert sent == []


def test_a_lasso_selects_in_all_planes_and_the_page_is_accessible_and_fits_a_phone(open_page):
    page, (_, labels, _, places) = open_page(LINK, ready=False), shown()
    ready(page, "model", "pca")
    low, high = np.percentile(places, (2, 60), axis=0)
    corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    page.mouse.move(*at(page, "pca", corners[0]))
    page.mouse.down()
    for corner in (*corners[1:], corners[0]):
        page.mouse.move(*at(page, "pca", corner), steps=12)
    page.mouse.up()
    chosen = page.get_by_test_id("selection")
    expect(chosen).not_to_have_attribute("data-count", "")
    inside = ((places >= low) & (places <= high)).all(1)
    count = int(chosen.get_attribute("data-count"))
    assert abs(count - inside.sum()) <= 4  # those on the hand-drawn line
    told = dict(re.findall(r"(\D+?)\s+(\d+)\s*", chosen.locator("ol").inner_text()))
    counted = {name.strip(): int(n) for name, n in told.items()}
    names = vae.load_dataset("fashion-mnist-starter").class_names
    assert sum(counted.values()) == count
    for name, expected in zip(names, np.bincount(labels[inside], minlength=10), strict=True):
        assert abs(counted.get(name, 0) - expected) <= 4, name
    for method in ("model", "pca"):  # the others are grey in every plane
        points = plane(page, method).locator(".la-points")
        expect(points).to_have_attribute("data-drawn", str(count))
    over(page, "model").focus()
    page.keyboard.press("s")
    expect(chosen).to_have_attribute("data-count", "100")
    page.keyboard.press("Escape")
    expect(chosen).to_have_attribute("data-count", "")
    expect(page.get_by_role("button", name="Clear selection")).to_be_disabled()

    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    expect(page.get_by_test_id("reduce-table")).not_to_contain_text("measuring", timeout=100_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = "[...document.querySelectorAll('.rm *')].filter(e => !e.closest('.la-plotly') &&"
    wide += " e.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.evaluate(wide) == 0
    for scheme in ("light", "dark"):
        look(page, 390, scheme)
        found = Axe().run(page, context={"include": [[".rm"]]})
        violations = found.response["violations"]
        assert not [v["id"] for v in violations if v["impact"] in ("serious", "critical")]


def test_tsne_shows_progress_stops_restarts_and_continues_across_pages(open_page):
    page = open_page("/reduce?n=400&k=pca,tsne&px=20&seed=3", ready=False)
    ready(page, "model", "pca")
    tsne = plane(page, "tsne")
    tsne.get_by_role("button", name="Stop").click(timeout=100_000)
    expect(tsne).to_contain_text("Stopped.")
    row = page.get_by_test_id("reduce-table").get_by_role("row", name="t-SNE")
    expect(row).to_contain_text("stopped")
    tsne.get_by_role("button", name="Restart").click()
    expect(tsne.locator("progress")).to_be_visible()
    go_to(page, "Models")  # it continues meanwhile
    page.get_by_role("heading", name="fashion-vae", exact=True).wait_for()
    go_to(page, "Reduce")
    ready(page, "model", "pca", "tsne")
    expect(row).to_contain_text(re.compile(r"\d\.\d{3}.*%.*%"), timeout=100_000)
    assert query(page)["px"] == "20" and query(page)["seed"] == "3"
    expect(tsne).to_contain_text("No inverse")


@pytest.fixture
def eight(checkpoints: Path) -> Iterator[vae.Autoencoder]:
    """An untrained model with eight latents."""
    config = Config(
        ModelConfig(latent=8, encoder_widths=(32,), decoder_widths=(32,)),
        TrainConfig(data="fashion-mnist-starter"),
    )
    torch.manual_seed(1)
    model = build(config.model).eval()
    save(checkpoints / "eight", model, config, {})
    yield model
    shutil.rmtree(checkpoints / "eight")


def test_two_of_more_latents_span_the_plane_and_the_others_have_sliders(open_page, eight):
    page = open_page("/reduce?m=eight&n=300&k=pca&axes=3,1", ready=False, new_tab=True)
    ready(page, "model")
    decoded = page.get_by_test_id("decoded-image")

    def z() -> list[float]:
        return [float(v) for v in decoded.get_attribute("data-z").split(",")]

    def right() -> None:
        made = decode_uint8(eight, np.array([z()]))[0, :, :, 0].astype(int)
        assert np.abs(pixels(decoded) - made).max() <= 1

    expect(page.locator('[data-testid^="z-slider-"]')).to_have_count(6)
    slider = page.get_by_test_id("z-slider-2")
    behind = slider.get_attribute("aria-label")  # z1 and z3 span the plane
    assert behind in ("z2", "z4", "z5", "z6", "z7", "z8")
    page.get_by_test_id("z-number-2").fill("1.5")
    page.get_by_test_id("z-number-2").press("Enter")
    expect(plane(page, "model")).to_contain_text("New image")
    assert z()[int(behind[1]) - 1] == pytest.approx(1.5, abs=1e-4)
    right()
    over(page, "model").focus()
    before = z()
    page.keyboard.press("Shift+ArrowRight")
    wait_until(
        page,
        "z => document.querySelector('[data-testid=decoded-image]').dataset.z !== z",
        arg=",".join(f"{v:g}" for v in before),
    )
    if "New image" in plane(page, "model").inner_text():
        moved = [d for d in range(8) if abs(z()[d] - before[d]) > 1e-6]
        assert moved == [2]  # the x axis is z3
    right()
    expect(page.get_by_test_id("reduce-table")).not_to_contain_text(
        re.compile("measuring|waiting|computing"), timeout=100_000
    )
    choose(page, "The model's plane", "Principal components")
    wait_for_query(page, "axes", "pca")
    expect(plane(page, "model")).to_contain_text("principal components 1 and 2 of 8")
    ready(page, "model")
    expect(page.get_by_test_id("z-slider-2")).to_have_attribute("aria-label", "PC3")
    page.get_by_test_id("z-number-2").fill("0.5")
    page.get_by_test_id("z-number-2").press("Enter")
    expect(plane(page, "model")).to_contain_text("New image")
    right()
    expect(page.get_by_test_id("reduce-table")).to_contain_text("eight, all latents")

    # A slow layout does not replace a later one.
    held, slow = [], True
    page.route("**/content/*", lambda route: held.append(route) if slow else route.continue_())
    choose(page, "The model's plane", "Two latents")
    while not held:
        page.wait_for_timeout(50)
    slow = False
    choose(page, "The model's plane", "Principal components")
    wait_for_query(page, "axes", "pca")
    page.wait_for_timeout(1000)
    for route in held:
        route.continue_()
    ready(page, "model")
    page.wait_for_timeout(1000)
    expect(plane(page, "model")).to_contain_text("principal components 1 and 2 of 8")
    expect(page.get_by_test_id("z-slider-2")).to_have_attribute("aria-label", "PC3")
