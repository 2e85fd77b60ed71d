"""The Compare page as people use it: one cursor in all maps, links, the lessons."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import choose, look, pixels, query, wait_for_query
from live import wait_until
from playwright.sync_api import Page, expect

import vae
from vae.latent.encoding import decode_uint8, split_codes

ROOT = Path(__file__).parents[2]
PAIR = ("fashion-ae", "fashion-vae")
LINK = f"/compare?m={','.join(PAIR)}"


@cache
def codes(name: str) -> np.ndarray:
    checkpoint = vae.load(ROOT / "checkpoints" / name)
    return split_codes(checkpoint, vae.load_dataset("fashion-mnist-starter").test).mean


def decoded(name: str, z: list[float]) -> np.ndarray:
    model = vae.load(ROOT / "checkpoints" / name).model
    return decode_uint8(model, np.array([z]))[0, :, :, 0].astype(int)


def panel(page: Page, name: str):
    return page.locator(f'[data-testid="compare-panel"][data-model="{name}"]')


def image(page: Page, name: str):
    return panel(page, name).get_by_test_id("decoded-image")


def z_in(page: Page, name: str) -> list[float]:
    return [float(v) for v in image(page, name).get_attribute("data-z").split(",")]


def hover(page: Page, name: str, fx: float, fy: float) -> None:
    """Moves the pointer over one model's map and waits until its picture has changed."""
    canvas = panel(page, name).get_by_test_id("compare-map")
    canvas.scroll_into_view_if_needed()
    box, before = canvas.bounding_box(), image(page, name).get_attribute("data-z")
    page.mouse.move(box["x"] + fx * box["width"], box["y"] + fy * box["height"])
    wait_until(
        page,
        "([name, before]) => document.querySelector("
        "`[data-model='${name}'] [data-testid=decoded-image]`).dataset.z !== before",
        arg=[name, before],
    )


def test_hover_decodes_the_same_code_in_all_maps_or_the_same_image_and_sends_nothing(open_page):
    page = open_page(LINK, sent=(sent := []))
    page.get_by_text("3 · Adversary and hierarchy").wait_for()
    page.wait_for_timeout(2500)
    sent.clear()
    for fx, fy in [(0.3, 0.3), (0.7, 0.6)]:
        for lead in PAIR:
            hover(page, lead, fx, fy)
            codes_shown = {tuple(z_in(page, name)) for name in PAIR}
            assert len(codes_shown) == 1
            for name in PAIR:
                got, wanted = pixels(image(page, name)), decoded(name, list(*codes_shown))
                assert np.abs(got - wanted).max() <= 1
    assert sent == []

    page.get_by_role("button", name="Same image").click()
    hover(page, "fashion-vae", 0.6, 0.5)
    page.mouse.down()
    page.mouse.up()
    item = int(re.search(r"image (\d+)", page.get_by_test_id("compare-where").inner_text())[1])
    wait_for_query(page, "i", str(item))
    assert query(page)["mode"] == "item"
    data = vae.load_dataset("fashion-mnist-starter").test
    for name in PAIR:
        assert z_in(page, name) == pytest.approx(codes(name)[item], abs=6e-5)
        assert np.abs(pixels(image(page, name)) - decoded(name, z_in(page, name))).max() <= 1
        page.wait_for_selector(f'[data-model="{name}"] [data-item="{item}"]')
        original = panel(page, name).get_by_test_id("original-image")
        assert np.array_equal(pixels(original), data.images[item, 0])
        error = np.square((decoded(name, z_in(page, name)) - data.images[item, 0]) / 255).mean()
        words = panel(page, name).get_by_test_id("compare-facts").inner_text()
        shown = float(re.search(r"MSE ([\d.]+) per pixel", words)[1])
        assert shown == pytest.approx(error, abs=2e-4)


def test_a_link_restores_everything_and_keys_and_another_model_keep_the_cursor(open_page):
    models = "fashion-vae,fashion-beta-vae,fashion-ae"
    page = open_page(f"/compare?m={models}&z=1,-1&i=7&mode=item&grid=own")
    panels = page.locator('[data-testid="compare-panel"]')
    assert ",".join(p.get_attribute("data-model") for p in panels.all()) == models
    assert z_in(page, "fashion-ae") == pytest.approx(codes("fashion-ae")[7], abs=6e-5)
    pressed = page.locator('.cm :is([data-mode], [data-extent])[aria-pressed="true"]')
    assert [b.inner_text() for b in pressed.all()] == ["Same image", "Extent of the codes"]

    canvas = page.locator('[data-testid="compare-map"]').first
    canvas.focus()
    page.keyboard.press("ArrowUp")
    wait_until(page, "new URL(location.href).searchParams.get('i') !== '7'")
    page.keyboard.press("m")
    wait_until(page, "!new URL(location.href).searchParams.has('mode')")
    choose(page, "Models, two to four", "fashion-avb")
    page.wait_for_selector('[data-model="fashion-avb"][data-state="ready"]')
    wait_for_query(page, "m", f"{models},fashion-avb")
    shown = {image(page, name).get_attribute("data-z") for name in (*PAIR, "fashion-avb")}
    assert len(shown) == 1
    canvas.focus()
    before = z_in(page, "fashion-avb")
    page.keyboard.press("ArrowRight")
    wait_until(
        page,
        "z => [...document.querySelectorAll('[data-testid=decoded-image]')]"
        ".every((c) => Number(c.dataset.z.split(',')[0]) > z)",
        arg=before[0],
    )
    assert z_in(page, PAIR[0]) == z_in(page, "fashion-avb")
    wait_for_query(page, "z", image(page, PAIR[0]).get_attribute("data-z"))


def test_decoded_grids_lessons_and_metrics_react_axe_finds_nothing_and_nothing_overflows(
    open_page,
):
    page = open_page(LINK)
    wait_until(
        page,
        "[...document.querySelectorAll('[data-testid=contact-sheet]')]"
        ".every((c) => c.dataset.done === 'true')",
    )
    sheets = page.locator('[data-testid="contact-sheet"]')
    for k, name in enumerate(PAIR):
        sheet = pixels(sheets.nth(k))
        assert np.abs(sheet[:28, :28] - decoded(name, [-2.5, 2.5])).max() <= 1
        assert np.abs(sheet[5 * 28 : 6 * 28, -28:] - decoded(name, [2.5, 0])).max() <= 1
    page.get_by_role("button", name="Extent of the codes").click()
    wait_for_query(page, "grid", "own")
    extents = {s.get_attribute("data-extent") for s in sheets.all()}
    assert len(extents) == 2

    table = page.locator(".mt table").first
    table.wait_for()
    assert "★ 238.3" in table.inner_text() and "fashion-ae" in table.inner_text()
    for title in ("1 · Holes", "2 · Beta", "3 · Adversary and hierarchy"):
        page.get_by_text(f"{title}: ").click()
    expect(page.get_by_text("What to look for")).to_have_count(4)
    strip = page.get_by_alt_text("decoded by fashion-ae along")
    strip.wait_for()
    before = strip.get_attribute("src")
    page.locator(".st-key-walk-to-class").get_by_text("Coat").click()
    wait_until(
        page,
        "before => document.querySelector('img[alt*=\"by fashion-ae along\"]')"
        ".getAttribute('src') !== before",
        arg=before,
    )

    grid = page.get_by_alt_text("codes decoded at beta 1")
    grid.wait_for()
    beta_1 = grid.get_attribute("src")
    page.locator(".st-key-lesson-beta").get_by_text("10", exact=True).click()
    strong = page.get_by_alt_text("codes decoded at beta 10")
    strong.wait_for()
    assert strong.get_attribute("src") != beta_1
    page.get_by_text("fashion-avb · 1,500 samples of the posterior").wait_for()
    alts = [f"fashion-hvae: noise seed {s}" for s in (1, 8)]
    variations = [page.get_by_alt_text(alt, exact=True) for alt in alts]
    assert len({picture.get_attribute("src") for picture in variations}) == 2

    for width, scheme in ((1440, "light"), (390, "dark")):
        look(page, width, scheme)
        for context in (".la", ".mt"):
            results = Axe().run(page, context=context)
            assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
