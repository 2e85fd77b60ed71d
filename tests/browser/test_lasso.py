"""The lasso on the map: by mouse, finger and keys; counted, greyed, kept in the link, exported."""

import csv
import io
import json
import time

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import MAP, click, go_to, look, on_map, query, rgba, wait_for_query, z_of
from live import ROOT, wait_for_map, wait_until
from playwright.sync_api import Page, expect

import vae
from vae.latent.encoding import split_codes
from vae.latent.polylines import in_polygon

CORNERS = ((0.35, 0.25), (0.6, 0.2), (0.7, 0.5), (0.5, 0.75), (0.36, 0.5), (0.35, 0.27))
COUNT = '[data-testid="region-count"]'
LINK = "-1,1;1.5,1.2;1.8,-0.5;0.2,-1.6;-0.9,-0.6"


def press_lasso(page: Page) -> None:
    page.get_by_role("button", name="Lasso", exact=True).click()


def draw(page: Page) -> None:
    page.mouse.move(*on_map(page, *CORNERS[0]))
    page.mouse.down()
    for corner in CORNERS[1:]:
        page.mouse.move(*on_map(page, *corner), steps=8)
    page.mouse.up()
    wait_for_query(page, "in")


def polygon(page: Page) -> np.ndarray:
    return np.array([c.split(",") for c in query(page)["in"].split(";")], float)


def members(corners: np.ndarray) -> tuple[np.ndarray, vae.Dataset]:
    """Which test images numpy finds inside, with the bundled model's codes."""
    data = vae.load_dataset("fashion-mnist-starter")
    codes = split_codes(vae.load(ROOT / "checkpoints/fashion-vae"), data.test).mean
    return np.flatnonzero(in_polygon(codes, corners)), data


def coloured(page: Page) -> np.ndarray:
    """Where the marks have a colour: places [n, 2] on the canvas, as shares of its sides."""
    marks = rgba(page.locator(".la-points")).astype(int)
    colour = marks[..., :3]
    seen = (marks[..., 3] > 200) & (colour.max(-1) - colour.min(-1) > 60)
    return np.argwhere(seen)[:, ::-1] / seen.shape[::-1]


def test_a_lasso_counts_greys_and_survives(open_page):
    page = open_page("/")
    held = z_of(page)
    press_lasso(page)
    draw(page)
    corners = polygon(page)
    found, data = members(corners)
    counts = np.bincount(data.test.labels[found], minlength=10)
    assert 4 <= len(corners) <= 64
    expect(page.locator(COUNT)).to_contain_text(f"{len(found):,} of 10,000 test images inside")
    chips = page.locator(".la-legend button").all_inner_texts()
    assert [chip.split()[-1] for chip in chips] == [f"{n:,}" for n in counts]
    page.get_by_text(f"{len(found):,} of 10,000 test images.").wait_for()  # what Python says
    # A drag that draws does not scrub, and the next one scrubs again.
    page.mouse.move(2, 2)
    wait_until(
        page,
        "z => document.querySelector('[data-testid=decoded-image]').dataset.z === z",
        arg=",".join(f"{v:g}" for v in held),
    )
    low, high = np.min(CORNERS, 0), np.max(CORNERS, 0)
    seen = coloured(page)
    assert len(seen) > 500 and (seen > low - 0.02).all() and (seen < high + 0.02).all()
    page.get_by_role("button", name="Bag", exact=False).first.click()  # hides the class
    page.get_by_text("hidden and not counted: Bag").wait_for()
    fewer = len(found) - counts[8]
    assert f"{fewer:,} of 10,000 test images inside; hidden, not counted: Bag" in (
        page.locator(COUNT).inner_text()
    )
    page.reload()
    wait_for_map(page)
    page.get_by_text(f"{fewer:,} of 10,000 test images;").wait_for()
    assert np.array_equal(polygon(page), corners) and len(coloured(page)) > 500
    page.locator(MAP).focus()
    page.keyboard.press("Escape")
    wait_until(page, "!new URL(location.href).searchParams.has('in')")
    expect(page.locator(COUNT)).not_to_be_visible()
    assert (coloured(page) < low - 0.02).any()
    page.keyboard.press("u")
    wait_for_query(page, "in")
    assert np.array_equal(polygon(page), corners)
    page.get_by_role("button", name="Clear lasso").click()
    wait_until(page, "!new URL(location.href).searchParams.has('in')")
    expect(page.get_by_text("Inside the lasso")).to_have_count(0)


def test_axe_finds_nothing_in_a_region_and_files_and_generate_go_on_from_it(open_page):
    page = open_page(f"/?m=fashion-vae&in={LINK}&rs=5")
    page.get_by_text("samples from the aggregate posterior").wait_for()
    for scheme in ("light", "dark"):
        look(page, 1440, scheme)
        for context in (".la", ".stImage"):
            results = Axe().run(page, context=context)
            assert results.violations_count == 0, results.generate_report()
    corners = np.array([c.split(",") for c in LINK.split(";")], float)
    found, data = members(corners)

    def saved(label: str) -> bytes:
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        return download.value.path().read_bytes()

    rows = list(csv.DictReader(io.StringIO(saved("Items, CSV").decode())))
    assert [int(row["index"]) for row in rows] == found.tolist()
    assert rows[0]["class"] == data.class_names[data.test.labels[found[0]]]
    with np.load(io.BytesIO(saved("Items, NPZ")), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["label"], data.test.labels[found])
        assert np.allclose(arrays["mean"], data.test.images[found].mean(0) / 255)
    outline = json.loads(saved("Outline, JSON"))
    assert outline["polygon"] == corners.tolist() and outline["inside"] == len(found)
    assert outline["digest"] == vae.load(ROOT / "checkpoints/fashion-vae").digest
    page.get_by_role("button", name="Save to board").click()
    page.get_by_text("Saved 24 images").wait_for()
    page.get_by_role("button", name="Open in Generate").click()
    page.wait_for_selector('.sg[data-state="ready"]')
    wait_until(page, "document.querySelectorAll('[data-testid=sample-grid] button').length === 24")
    asked = query(page)
    assert (asked["src"], asked["seed"], asked["in"]) == ("inside", "5", LINK)
    for index in (0, 11, 23):
        page.locator('[data-testid="sample-grid"] button').nth(index).click()
        assert in_polygon(np.array([z_of(page)]), corners).all()
    go_to(page, "Explore")
    page.get_by_text(f"{len(found):,} of 10,000 test images inside.").wait_for()
    page.get_by_text("inside the lasso, seed 5").wait_for()


def drawn_z(page) -> list[float]:
    """The code shown once the picture has caught up with the keys."""
    page.evaluate(
        "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
    )
    return z_of(page)


def test_keys_set_corners_and_a_tap_pins(open_page):
    page = open_page("/")
    click(page, 0.45, 0.6)
    page.keyboard.press("l")
    lasso = page.get_by_role("button", name="Lasso", exact=True)
    expect(lasso).to_have_attribute("aria-pressed", "true")
    places = []
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press("Enter")
        places.append(drawn_z(page))
        for _ in range(3):
            page.keyboard.press(f"Shift+{key}")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")  # takes the fourth corner back
    page.keyboard.press("Enter")
    places.append(drawn_z(page))
    page.keyboard.press("Enter")  # here again: closed
    wait_for_query(page, "in")
    assert polygon(page) == pytest.approx(np.array(places))
    found, _ = members(np.array(places))
    expect(page.locator(COUNT)).to_contain_text(f"{len(found):,} of 10,000")
    expect(lasso).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_test_id("pin-image")).to_have_count(1)
    page.keyboard.press("l")
    click(page, 0.6, 0.6)  # a press that is no drag pins, as ever
    expect(lasso).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(lasso).to_have_attribute("aria-pressed", "false")
    expect(page.locator(COUNT)).to_be_visible()


def test_a_finger_draws_and_two_zoom(open_page):
    page = open_page("/", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
        time.sleep(0.02)

    page.get_by_role("button", name="Lasso", exact=True).tap()
    page.locator(MAP).scroll_into_view_if_needed()
    view = page.locator(MAP).get_attribute("data-view")
    x, y = on_map(page, 0.5, 0.5)
    touch("touchStart", (x, y))
    touch("touchStart", (x, y), (x + 40, y))
    for i in range(6):
        touch("touchMove", (x - 8 * i, y), (x + 40 + 8 * i, y))
    touch("touchEnd")
    wait_until(
        page,
        "v => document.querySelector('[data-testid=latent-map]').dataset.view !== v",
        arg=view,
    )
    expect(page.locator(COUNT)).not_to_be_visible()
    touch("touchStart", on_map(page, 0.3, 0.3))
    for a, b in ((0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)):
        for share in (0.5, 1):
            touch("touchMove", on_map(page, 0.5 + share * (a - 0.5), 0.5 + share * (b - 0.5)))
    touch("touchEnd")
    wait_for_query(page, "in")
    found, _ = members(polygon(page))
    expect(page.locator(COUNT)).to_contain_text(f"{len(found):,} of 10,000")
    page.get_by_text("samples from the aggregate posterior").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
