"""Generate: sample, select, vary, mix, add a direction, undo, and come back by a link."""

import io
import re

import numpy as np
import torch
from helpers import IMAGE, drop, pixels, query, torch_image, wait_for_query, z_of
from live import wait_until
from PIL import Image
from playwright.sync_api import Page, expect

import vae
from vae.analysis.pixel_neighbours import PixelIndex

READY = '.sg[data-state="ready"]'
TILE = '[data-testid="sample-grid"] button'
NOTE = '[data-testid="sheet-note"]'


def opened(open_page, path="/generate?m=fashion-vae", **options) -> Page:
    page = open_page(path, ready=False, **options)
    page.wait_for_selector(READY)
    return page


def key(page: Page) -> str:
    return page.locator('[data-testid="sample-grid"]').get_attribute("data-key")


def wait_for_new(page: Page, before: str) -> None:
    wait_until(
        page,
        "k => document.querySelector('[data-testid=sample-grid]').dataset.key !== k",
        arg=before,
    )


def wait_for_nearest(page: Page) -> None:
    """The nearest real images come after the samples."""
    wait_until(
        page,
        "() => { const { key, compared } = document.querySelector("
        "'[data-testid=sample-grid]').dataset; return key === compared; }",
    )


def press(page: Page, words: str) -> None:
    before = key(page)
    page.get_by_role("button", name=words, exact=True).click()
    wait_for_new(page, before)


def chosen(page: Page) -> list[float]:
    wait_until(page, "document.querySelector('[data-testid=decoded-image]').dataset.z !== ''")
    return z_of(page)


def test_images_are_sampled_selected_varied_mixed_undone_and_saved_by_keys(open_page):
    page = opened(open_page)
    expect(page.locator(TILE)).to_have_count(64)
    page.locator(TILE).nth(9).click()
    z = chosen(page)
    assert abs(pixels(page.locator(IMAGE).first) - torch_image(z)).max() <= 1
    wait_for_nearest(page)
    real = vae.load_dataset("fashion-mnist-starter").test.images
    item, distance = PixelIndex(real).nearest(torch_image(z)[None, :, :, None].astype(np.uint8))
    source = page.get_by_test_id("nearest-real").get_attribute("src")
    assert source.endswith(f"/{item[0]}.png")
    expect(page.get_by_test_id("sample-facts")).to_contain_text(f"{distance[0]:.3f} RMS per pixel")
    drawn = key(page)
    press(page, "Vary")
    assert page.locator(TILE).count() == 13 and chosen(page) == z
    expect(page.locator(NOTE)).to_contain_text("12 variations")
    captions = page.locator(f"{TILE} .sg-caption").all_inner_texts()[1:]
    kinds, distances = zip(*(text.split(" · ") for text in captions), strict=True)
    assert len(set(kinds)) == 1  # the class is locked
    assert list(map(float, distances)) == sorted(map(float, distances))
    page.locator(TILE).nth(3).click()
    child = chosen(page)
    assert 0 < np.linalg.norm(np.subtract(child, z)) < 1.2
    page.locator(TILE).nth(5).click(modifiers=["Control"])
    other = chosen(page)
    press(page, "Mix 2")
    middle = (np.array(child) + other) / 2
    assert np.allclose(chosen(page), middle, atol=1e-4)
    expect(page.locator(TILE)).to_have_count(3)
    press(page, "Undo")
    before = key(page)
    page.keyboard.press("Control+z")
    wait_for_new(page, before)
    assert key(page) == drawn and page.locator(TILE).count() == 64
    press(page, "Redo")
    expect(page.locator(TILE)).to_have_count(13)

    # The focus stays on the sheet after V, so that K goes on.
    before = key(page)
    page.locator(TILE).nth(3).click()
    page.keyboard.press("v")
    wait_for_new(page, before)
    page.keyboard.press("k")
    page.get_by_text("Saved 1 image to the board").wait_for()
    expect(page.locator(f'{TILE}[data-saved="true"]')).to_have_count(1)
    page.keyboard.press("k")
    page.get_by_text("Already on the board").wait_for()


def test_a_new_seed_gives_new_images_and_a_link_restores_the_old(open_page):
    page = opened(open_page, "/generate?m=fashion-vae&src=class&c=8&n=16&seed=5&t=0.5&min=0.1")
    expect(page.locator(TILE)).to_have_count(16)
    expect(page.locator(NOTE)).to_contain_text("around Bag · seed 5, temperature 0.5")
    first = chosen(page)
    before = key(page)
    page.get_by_role("button", name="Resample").click()
    wait_for_new(page, before)
    wait_for_query(page, "seed")
    assert query(page)["seed"] != "5" and chosen(page) != first
    link = page.url
    again = opened(open_page, link[link.index("/generate") :])
    assert chosen(again) == chosen(page)
    expect(again.locator(TILE)).to_have_count(16)
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_for_query(page, "seed", "5")
    wait_until(
        page,
        "z => document.querySelector('[data-testid=decoded-image]').dataset.z === z",
        arg=page.evaluate("z => z.join(',')", first),
    )


def test_a_lasso_selects_images_and_defines_a_region(open_page):
    page = opened(open_page, "/generate?m=fashion-vae&n=64&seed=1")
    page.wait_for_selector(".sg-map .la-plotly .main-svg")
    area = page.locator('[data-testid="sample-map"]')
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    at = [(box["x"] + fx * box["width"], box["y"] + fy * box["height"]) for fx, fy in
          ((0.35, 0.2), (0.8, 0.2), (0.8, 0.8), (0.35, 0.8), (0.35, 0.22))]  # fmt: skip
    page.mouse.move(*at[0])
    page.mouse.down()
    for corner in at[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()
    wait_until(page, "document.querySelectorAll('.sg-grid [aria-selected=true]').length > 3")
    picked = page.locator('.sg-grid [aria-selected="true"]').count()
    assert picked < 64
    press(page, "Sample inside the lasso")
    wait_for_query(page, "src", "region")
    corners = np.array([c.split(",") for c in query(page)["in"].split(";")], float)
    assert (
        4 <= len(corners) <= 64 and "uniformly from the lasso" in page.locator(NOTE).inner_text()
    )
    for index in (0, 20, 63):
        page.locator(TILE).nth(index).click()
        z = np.array(chosen(page))
        assert (z > corners.min(0) - 1e-3).all() and (z < corners.max(0) + 1e-3).all()
    press(page, "Undo")
    wait_until(page, "!new URL(location.href).searchParams.has('src')")


def test_a_direction_is_a_slider_that_moves_the_image_live(open_page):
    page = opened(open_page, "/generate?m=fashion-vae&n=16")
    page.get_by_text("Attribute directions").click()
    page.get_by_label("Name", exact=True).fill("longer")  # without Enter
    page.get_by_role("button", name="Add direction").click()
    slider = page.get_by_role("slider", name="longer")
    slider.wait_for()
    start = chosen(page)
    before = key(page)
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    moved = chosen(page)
    assert np.linalg.norm(np.subtract(moved, start)) > 0.1 and key(page) == before
    assert abs(pixels(page.locator(IMAGE).first) - torch_image(moved)).max() <= 1
    press(page, "Move")
    assert np.allclose(chosen(page), moved) and page.locator(TILE).count() == 2
    expect(page.locator('[data-testid="sample-facts"]')).to_contain_text("longer")

    # Own groups: select, "Group A", select, "Group B", with a name as typed.
    page.get_by_label("Name of the direction").fill("pointed toe")
    page.locator(TILE).first.click()
    page.get_by_role("button", name="Group A").click()
    expect(page.get_by_role("combobox", name="From", exact=True)).to_have_value(
        "group A (selected images)"
    )
    page.locator(TILE).nth(1).click()
    page.get_by_role("button", name="Group B").click()
    expect(page.get_by_role("slider", name="pointed toe")).to_be_visible()


def test_samples_of_a_hierarchical_model_have_noise_seeds_and_are_sorted_by_novelty(open_page):
    page = opened(open_page, "/generate?m=fashion-hvae&n=16&seed=2")
    wait_for_nearest(page)
    counts = re.findall(r"(\d+) ", page.locator(NOTE).inner_text().partition("images: ")[2])
    assert sum(map(int, counts)) == 16  # the classes of the nearest real images
    page.locator(TILE).nth(4).click()
    facts = page.locator('[data-testid="sample-facts"]').inner_text()
    seed = int(facts.split("noise seed ")[1].split()[0])
    expected = torch_image(chosen(page), "fashion-hvae", seed=seed)
    assert abs(pixels(page.locator(IMAGE).first) - expected).max() <= 1
    page.get_by_role("button", name="Most novel").click()
    page.locator(TILE).first.focus()
    page.keyboard.press("Enter")
    shown = [float(page.locator('[data-testid="sample-facts"] span').nth(1).inner_text()[:5])]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        text = page.locator('[data-testid="sample-facts"] span').nth(1).inner_text()
        shown.append(float(text[:5]))
    assert shown == sorted(shown, reverse=True)


def test_a_dark_phone_holds_the_page_and_a_finger_selects_scrolls_past_the_map_and_leaves(
    open_page,
):
    touch = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = opened(open_page, color_scheme="dark", **touch)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    asked = page.evaluate("performance.getEntriesByType('resource').map((r) => r.name)")
    assert not [url for url in asked if "/generate/_stcore" in url]  # the server is not there
    ticks, selected = (
        page.locator(".sg-grid .la-tick"),
        page.locator(f'{TILE}[aria-selected="true"]'),
    )
    for index in (1, 4):
        ticks.nth(index).tap()
    expect(selected).to_have_count(3)
    ticks.nth(4).tap()
    expect(selected).to_have_count(2)
    assert min(ticks.first.bounding_box()[side] for side in ("width", "height")) >= 24
    over = page.get_by_test_id("sample-map")
    assert over.evaluate("map => getComputedStyle(map).touchAction") == "pan-y"
    bar = page.locator(".sg-bar").bounding_box()
    assert bar["y"] + bar["height"] <= 844.5  # in view, at the thumb
    page.locator('.sg-bar [data-do="save"]').tap()
    expect(page.locator(f'{TILE}[data-saved="true"]')).to_have_count(2)
    wait_until(page, "() => document.cookie.includes('latent-atelier-boards=')")
    page.get_by_test_id("stExpandSidebarButton").tap()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Board").tap()
    wait_until(
        page, "document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().x < 0"
    )
    expect(page.locator(".bd-card")).to_have_count(2)  # also after the drawer was closed
    page.locator(".bd-card .la-tick").nth(0).tap()
    page.locator(".bd-card .la-tick").nth(1).tap()
    expect(page.locator('.bd-card[aria-selected="true"]')).to_have_count(2)


def test_images_are_blended_by_dragging_selected_by_a_rectangle_and_refused(open_page):
    page = opened(open_page, "/generate?m=fashion-vae&src=class&c=9&n=16&seed=3")
    wait_for_nearest(page)
    sliders = page.get_by_test_id("directions").get_by_role("slider")
    expect(sliders.first).to_have_accessible_name("shaft height")
    codes = []
    for index in (6, 9):
        page.locator(TILE).nth(index).click()
        codes.append(chosen(page))
    a, b = (page.locator(TILE).nth(index).bounding_box() for index in (6, 9))
    before = key(page)
    page.mouse.move(a["x"] + 20, a["y"] + 20)
    page.mouse.down()
    page.mouse.move(b["x"] + 0.75 * b["width"], b["y"] + 20, steps=8)
    blend = 0.25 * np.array(codes[0]) + 0.75 * np.array(codes[1])
    assert np.allclose(chosen(page), blend, atol=0.01) and key(page) == before  # a preview
    shown = chosen(page)
    page.mouse.up()
    wait_for_new(page, before)
    assert np.allclose(chosen(page), shown, atol=1e-4)
    expect(page.locator(TILE)).to_have_count(3)
    press(page, "Undo")

    grid = page.locator(".sg-grid").bounding_box()
    page.mouse.move(grid["x"] + 3, grid["y"] + 3)
    page.mouse.down()
    page.mouse.move(grid["x"] + grid["width"] - 2, grid["y"] + 60, steps=5)
    page.mouse.up()
    columns = page.locator(TILE).evaluate_all(
        "tiles => tiles.filter((t) => t.offsetTop === tiles[0].offsetTop).length"
    )
    expect(page.locator(f'{TILE}[aria-selected="true"]')).to_have_count(columns)

    page.locator(TILE).nth(6).click()
    press(page, "Vary")
    expect(page.locator(TILE)).to_have_count(13)
    page.locator(TILE).nth(4).click()
    refused = pixels(page.locator(IMAGE).first)
    press(page, "Less like this")
    expect(page.locator(NOTE)).to_contain_text("unlike 1")
    page.locator(TILE).first.click()
    original = pixels(page.locator(IMAGE).first)
    for index in range(1, page.locator(TILE).count()):
        page.locator(TILE).nth(index).click()
        picture = pixels(page.locator(IMAGE).first)
        assert ((picture - refused) ** 2).mean() > ((picture - original) ** 2).mean()
    link = page.evaluate("location.href")
    again = opened(open_page, link[link.index("/generate") :])
    assert key(again) == key(page)

    # A picture that is dropped on the page starts a sheet at its code.
    image = vae.load_dataset("fashion-mnist-starter").test.images[23]
    file = io.BytesIO()
    Image.fromarray(image[0]).save(file, "PNG")
    assert drop(again, file.getvalue(), ".sg-grid")
    start = again.get_by_role("button", name="Start from here")
    start.wait_for()
    before = key(again)
    start.click()
    wait_for_new(again, before)
    expect(again.locator(TILE)).to_have_count(13)
    model = vae.load("checkpoints/fashion-vae").model
    with torch.inference_mode():
        code = model.encode(torch.tensor(image[None]) / 255)[0].tolist()
    assert np.allclose(chosen(again), code, atol=1e-3)
    press(again, "Undo")  # the image alone
    expect(again.locator(TILE)).to_have_count(1)
