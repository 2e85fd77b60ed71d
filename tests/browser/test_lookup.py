"""Similarity search: a file, a drawing, a photograph, a link; what is found, where it leads."""

import base64
import io

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import IMAGE, drop, go_to, look, pixels, query, torch_image, wait_for_query, z_of
from live import READY, ROOT, browser_options, wait_until
from PIL import Image
from playwright.sync_api import Page, expect

import vae
from vae import latent
from vae.config import Preparation
from vae.data.load import ITEMS
from vae.preparation.picture import read

VIEW = '.lk[data-state="ready"]'
MARKED = '[data-testid="lookup-map"][data-marks="16"]'
SNEAKER = 36
ITEM = Preparation(**ITEMS)


@pytest.fixture(scope="module")
def clothes():
    return vae.load_dataset("fashion-mnist-starter")


@pytest.fixture(scope="module")
def model():
    return vae.load(ROOT / "checkpoints/fashion-vae")


def opened(open_page, path="/lookup", **options) -> Page:
    page = open_page(path, ready=False, **options)
    page.wait_for_selector(VIEW, timeout=60_000)  # the first visit computes the map
    page.wait_for_selector(MARKED)
    return page


def key(page: Page) -> str:
    return page.locator(".lk").get_attribute("data-key")


def wait_for_other(page: Page, before: str) -> None:
    wait_until(page, "k => document.querySelector('.lk').dataset.key !== k", arg=before)


def wait_for_answers(page: Page) -> None:
    """The classes and the anomaly score need a calibration per model and come later."""
    wait_until(
        page,
        "() => ['.lk-classes', '.lk-scale'].every((s) => "
        "document.querySelector(s).dataset.key === document.querySelector('.lk').dataset.key)",
        timeout=120_000,
    )


def png(image: np.ndarray, **size) -> dict:
    target = io.BytesIO()
    Image.fromarray(image).save(target, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": target.getvalue()}


def test_a_drawing_is_searched_a_broken_file_refused_and_an_upload_classified_and_explored(
    open_page, clothes, model
):
    page = opened(open_page)
    before = key(page)
    bag = int((clothes.test.labels == clothes.class_names.index("Bag")).argmax())
    assert drop(page, png(clothes.test.images[bag, 0])["buffer"])
    wait_for_other(page, before)
    page.wait_for_selector(MARKED)
    assert np.array_equal(pixels(page.get_by_test_id("query-image")), clothes.test.images[bag, 0])
    before = key(page)
    page.get_by_text("Drawing or clipboard").click()
    page.wait_for_selector('.dr[data-state="ready"]')
    box = page.get_by_test_id("drawing").bounding_box()
    page.get_by_role("button", name="Broad").click()
    for fx in (0.4, 0.6):  # two legs
        page.mouse.move(box["x"] + fx * box["width"], box["y"] + 0.05 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + fx * box["width"], box["y"] + 0.95 * box["height"], steps=5)
        page.mouse.up()
    page.get_by_test_id("use-drawing").click()
    page.wait_for_selector(MARKED)
    wait_for_other(page, before)
    labels = page.get_by_test_id("near-pixels").locator("button").all_inner_texts()
    assert sum("Trouser" in text for text in labels) >= 6
    page.get_by_text("File", exact=True).click()
    chooser = page.locator('input[type="file"]')
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"hello"})
    page.get_by_text("a.png is no picture that can be read").wait_for()
    expect(page.locator(".lk")).to_have_count(0)

    chooser.set_input_files(png(clothes.test.images[SNEAKER, 0]))
    page.get_by_alt_text("The prepared image").wait_for()
    page.wait_for_selector(VIEW)
    page.wait_for_selector(MARKED)
    wait_for_query(page, "m")
    assert "i" not in query(page)  # an uploaded image is not part of the link
    z = z_of(page)
    codes = latent.encode_images(model.model, clothes.test.images[[SNEAKER]])
    assert np.allclose(z, codes.mean[0], atol=1e-3)
    seen = pixels(page.get_by_test_id("query-image"))
    assert np.array_equal(seen, clothes.test.images[SNEAKER, 0])
    assert abs(pixels(page.locator(IMAGE)) - torch_image(z)).max() <= 1
    page.get_by_role("button", name="Close-up").click()
    wait_until(
        page, "() => parseFloat(document.querySelector('.lk .la-over').dataset.ellipse) > 20"
    )
    wide, high = map(
        float, page.get_by_test_id("lookup-map").get_attribute("data-ellipse").split(",")
    )
    assert wide / high == pytest.approx(codes.std[0, 0] / codes.std[0, 1], rel=0.02)
    wait_for_answers(page)
    first = page.get_by_test_id("classes").locator("li").first.inner_text()
    assert first.startswith("Sneaker") and int(first.split()[1]) >= 80
    assert "of the 300 test images" in page.get_by_test_id("calibration").inner_text().lower()
    expect(page.get_by_test_id("classifier")).to_contain_text("predicts Sneaker")
    expect(page.get_by_test_id("anomaly")).to_contain_text("of 1,000 test images")
    apart = np.linalg.norm(latent.split_codes(model, clothes.test).mean - codes.mean, axis=1)
    apart[SNEAKER] = np.inf
    tiles = page.get_by_test_id("near-code").locator("button")
    shown = [int(tiles.nth(i).get_attribute("data-item")) for i in range(8)]
    assert shown == apart.argsort()[:8].tolist()

    page.get_by_role("button", name="Explore from here").click()
    page.wait_for_selector(READY)
    page.get_by_test_id("pin-image").wait_for()
    assert np.allclose(z_of(page), z, atol=1e-4)
    pinned = z_of(page, '[data-testid="pin-list"] li canvas')
    assert np.allclose(pinned, z, atol=1e-4)
    wait_for_query(page, "p")
    assert np.allclose([float(v) for v in query(page)["z"].split(",")], z, atol=1e-4)


def test_a_link_opens_a_test_image_axe_finds_nothing_and_neighbours_open_others(
    open_page, clothes
):
    page = opened(open_page, f"/lookup?m=fashion-vae&i={SNEAKER}")
    expect(page.get_by_test_id("identical")).to_contain_text(
        f"The same pixels as test image {SNEAKER}, labelled Sneaker"
    )
    wait_for_answers(page)
    for width, scheme in ((390, "dark"), (1440, "light")):
        look(page, width, scheme)
        results = Axe().run(page, context=".lk")
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    tile = page.get_by_test_id("near-pixels").locator("button").nth(2)
    tile.hover()
    page.wait_for_selector('[data-testid="near-pixels"] button[data-current="true"]')
    # The pointer over a mark on the map highlights its image below.
    page.get_by_role("button", name="Close-up").click()
    page.mouse.move(0, 0)
    area = page.get_by_test_id("lookup-map")
    box = area.bounding_box()
    for fx, fy in np.random.default_rng(0).uniform(0.2, 0.8, (400, 2)):
        page.mouse.move(box["x"] + fx * box["width"], box["y"] + fy * box["height"])
        if page.locator('.lk-near button[data-current="true"]').count():
            break
    item = page.locator('.lk-near button[data-current="true"]').first.get_attribute("data-item")
    page.mouse.down()
    page.mouse.up()
    wait_for_query(page, "i", item)
    page.get_by_test_id("identical").get_by_text(f"test image {int(item)},").wait_for()
    page.get_by_role("spinbutton", name="Index, 0 to 9,999").fill("5")
    page.keyboard.press("Enter")
    page.get_by_test_id("identical").get_by_text("test image 5,").wait_for()
    assert query(page)["i"] == "5"
    tile = page.get_by_test_id("near-code").locator("button").nth(3)
    tile.focus()
    page.wait_for_selector('[data-testid="near-code"] button[data-current="true"]')
    item = tile.get_attribute("data-item")
    page.keyboard.press("Enter")
    wait_for_query(page, "i", item)
    page.get_by_test_id("identical").get_by_text(f"test image {int(item)},").wait_for()
    before = key(page)
    page.get_by_role("button", name="Random image").click()
    wait_for_other(page, before)
    z = z_of(page)
    page.get_by_role("button", name="Interpolate from here").click()
    page.wait_for_selector(READY)
    wait_for_query(page, "p")
    assert np.allclose([float(v) for v in query(page)["p"].split(";")[0].split(",")], z, atol=1e-4)
    go_to(page, "Similarity search")
    page.wait_for_selector(VIEW)
    wait_until(page, "z => document.querySelector('.lk [data-testid=decoded-image]')"
                           ".dataset.z === z", arg=",".join(map(str, z)))  # fmt: skip


def test_a_photograph_is_searched(browser, server):
    """In a browser of its own, whose camera is Chromium's moving test picture; then what is in
    the box that is dragged on it."""
    flags = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    own = browser.browser_type.launch(**browser_options(*flags))
    try:
        page = own.new_context(permissions=["camera"]).new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{server}/lookup")
        page.wait_for_selector(VIEW)
        page.get_by_text("Camera", exact=True).click()
        wait_until(page, "document.querySelector('video')?.currentTime > 0.3")
        page.get_by_role("button", name="Take Photo").click()
        page.get_by_alt_text("The prepared image").wait_for()
        page.wait_for_selector(VIEW)
        page.wait_for_selector(MARKED)
        assert pixels(page.get_by_test_id("query-image")).std() > 10

        before = key(page)
        content = page.get_by_test_id("stCameraInput").locator("img").get_attribute("src")
        photo = base64.b64decode(content.partition(",")[2])
        area = page.get_by_test_id("crop")
        area.scroll_into_view_if_needed()
        at = area.bounding_box()
        places = [(0.1, 0.05), (0.3, 0.3), (0.6, 0.9)]
        for k, (fx, fy) in enumerate(places):
            page.mouse.move(at["x"] + fx * at["width"], at["y"] + fy * at["height"], steps=3)
            if k == 0:
                page.keyboard.down("Shift")  # any ratio
                page.mouse.down()
        page.mouse.up()
        page.keyboard.up("Shift")
        results = Axe().run(page, context=".cb")
        assert results.violations_count == 0, results.generate_report()
        wait_for_other(page, before)
        page.wait_for_selector(MARKED)
        box = [float(v) for v in page.locator(".cb").get_attribute("data-box").split(",")]
        assert np.allclose(box, [*places[0], *places[-1]], atol=0.01)
        expected = read(photo, "photo", ITEM, tuple(box))
        assert np.array_equal(pixels(page.get_by_test_id("query-image")), expected[0])
    finally:
        own.close()
