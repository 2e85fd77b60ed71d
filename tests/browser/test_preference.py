"""Search by choosing: choose, none, undo, back, a link, and the result on the sheet."""

import numpy as np
from helpers import IMAGE, pixels, query, torch_image, wait_for_query, z_of
from live import wait_until
from playwright.sync_api import Page, expect

TILE = '[data-testid="choice-gallery"] button'
PAST = '[data-testid="choices"] li'


def key(page: Page) -> str:
    return page.get_by_test_id("choice-gallery").get_attribute("data-key")


def wait_for_new(page: Page, before: str) -> None:
    grid = "document.querySelector('[data-testid=choice-gallery]')"
    wait_until(page, f"k => {grid}.dataset.key !== k", arg=before)
    wait_until(page, f"{grid}.ariaBusy === 'false'")


def codes(page: Page) -> np.ndarray:
    found = page.locator(f"{TILE} canvas").evaluate_all("all => all.map(c => c.dataset.z)")
    return np.array([z.split(",") for z in found], float)


def test_choosing_thrice_undo_and_the_result_on_the_sheet(open_page):
    page = open_page("/generate?m=fashion-vae-10", ready=False)
    page.get_by_role("radio", name="Search by choosing").click()
    page.wait_for_selector('.pf[data-state="ready"]')
    expect(page.locator(TILE)).to_have_count(25)
    first, keys = codes(page), [key(page)]
    page.locator(TILE).nth(9).hover()
    assert z_of(page) == first[9].tolist()
    assert (
        abs(pixels(page.locator(IMAGE).first) - torch_image(z_of(page), "fashion-vae-10")).max()
        <= 1
    )

    page.locator(TILE).nth(9).click()
    wait_for_new(page, keys[0])
    keys.append(key(page))
    second = codes(page)
    assert second[12].tolist() == first[9].tolist()  # the last choice, in the middle
    assert second.std(0).mean() < first.std(0).mean()
    page.locator(TILE).nth(12).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wait_for_new(page, keys[1])
    assert codes(page)[12].tolist() == second[13].tolist()
    expect(page.locator(f"{TILE}:focus")).to_have_count(1)  # the keys go on
    keys.append(key(page))
    page.keyboard.press("n")
    wait_for_new(page, keys[2])
    expect(page.locator(PAST)).to_have_text(["1", "2", "none3"])

    before = key(page)
    page.keyboard.press("Control+z")
    wait_for_new(page, before)
    assert key(page) == keys[2]
    page.get_by_role("button", name="Choice 2: back to its gallery").click()
    wait_for_new(page, keys[2])
    assert key(page) == keys[1]
    wait_for_query(page, "w")
    page.reload()  # the link restores the search
    wait_until(page, "k => document.querySelector('.pf-grid')?.dataset.key === k", arg=keys[1])
    assert codes(page).tolist() == second.tolist()

    page.get_by_role("button", name="Use on the sheet").click()
    page.wait_for_selector('.sg[data-state="ready"]')
    wait_for_query(page, "src", "around")
    assert np.allclose([float(v) for v in query(page)["z"].split(",")], first[9], atol=1e-6)
    assert "w" not in query(page)
