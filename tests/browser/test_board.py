"""The board: save, rate, annotate, reorder, delete, undo, reload, share, export, import."""

import io
import json
import re
import zipfile
from xml.etree import ElementTree

import numpy as np
from helpers import click, go_to, torch_image
from live import wait_until
from PIL import Image
from playwright.sync_api import Page, expect

READY = '.bd[data-state="ready"]'
CARD = ".bd-card"


def cards(page: Page) -> list[str]:
    return page.locator(CARD).evaluate_all("all => all.map(c => c.dataset.id)")


def wait_for(page: Page, ids: list[str]) -> None:
    wait_until(
        page,
        "ids => JSON.stringify([...document.querySelectorAll('.bd-card')].map(c => c.dataset.id))"
        " === JSON.stringify(ids)",
        arg=ids,
    )


def board_of_three(open_page) -> Page:
    """A board with three images that were pinned on the map."""
    page = open_page()
    for fx, fy in ((0.3, 0.4), (0.5, 0.6), (0.6, 0.35)):
        click(page, fx, fy)
    page.get_by_role("button", name="Save pins to board").click()
    page.get_by_text("Saved 3 images to the board").wait_for()
    expect(page.locator('.la-thumb[data-saved="true"]')).to_have_count(3)
    go_to(page, "Board")
    page.wait_for_selector(READY)
    wait_until(page, "document.querySelectorAll('.bd-card').length === 3")
    return page


def test_an_hour_at_the_board(open_page, tmp_path):
    page = board_of_three(open_page)
    first, second, third = cards(page)
    page.locator(CARD).nth(1).get_by_role("button", name="4 stars").click()
    page.wait_for_selector(f'{CARD}[data-id="{second}"][data-stars="4"]')
    note = page.locator(CARD).nth(0).locator(".bd-note")
    page.locator(CARD).nth(0).focus()
    page.keyboard.press("n")
    expect(note).to_be_focused()
    page.keyboard.type("the quiet one")
    note.press("Enter")
    expect(page.locator(CARD).nth(0)).to_be_focused()
    page.wait_for_selector('.bd[data-revision="3"]')
    box = [page.locator(CARD).nth(i).locator(".bd-image").bounding_box() for i in (2, 0)]
    at = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in box]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=6)
    page.mouse.up()
    wait_for(page, [third, first, second])
    page.locator(CARD).nth(0).focus()
    page.keyboard.press("Alt+ArrowRight")
    wait_for(page, [first, third, second])
    page.locator(CARD).nth(2).locator(".bd-image").click()
    page.keyboard.press("Delete")
    wait_for(page, [first, third])
    page.keyboard.press("Control+z")
    wait_for(page, [first, third, second])
    page.get_by_role("button", name="Undo").click()
    wait_for(page, [third, first, second])
    page.get_by_role("button", name="Redo").click()
    wait_for(page, [first, third, second])
    page.reload()
    page.wait_for_selector(READY)
    wait_for(page, [first, third, second])
    expect(page.locator(CARD).nth(0).locator(".bd-note")).to_have_value("the quiet one")
    expect(page.locator(CARD).nth(2)).to_have_attribute("data-stars", "4")
    link = page.url
    other = open_page(link[link.index("/board") :], ready=False)
    other.wait_for_selector(READY)
    wait_for(other, [first, third, second])
    other.locator(CARD).nth(1).get_by_role("button", name="2 stars").click()
    page.bring_to_front()  # a browser slows the tabs behind
    page.wait_for_selector(f'{CARD}[data-id="{third}"][data-stars="2"]')
    page.get_by_text("changed in another window").wait_for()
    # A name given there arrives here; undo here undoes only what was done here.
    other.get_by_label("Name", exact=True).fill("Ours")
    other.get_by_label("Name", exact=True).press("Enter")
    page.bring_to_front()
    wait_until(page, "document.querySelector('input[aria-label=Name]').value === 'Ours'")
    page.locator(CARD).nth(0).get_by_role("button", name="3 stars").click()
    page.wait_for_selector(f'{CARD}[data-id="{first}"][data-stars="3"]')
    other.wait_for_selector(f'{CARD}[data-id="{first}"][data-stars="3"]')
    note = other.locator(CARD).nth(0).locator(".bd-note")
    note.fill("theirs")
    note.press("Enter")
    page.bring_to_front()
    wait_until(page, "document.querySelector('.bd-note').value === 'theirs'")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector(f'{CARD}[data-id="{first}"][data-stars="0"]')
    expect(page.locator(CARD).nth(0).locator(".bd-note")).to_have_value("theirs")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ours")
    again = open_page("/board", ready=False)  # another tab of the same browser
    again.wait_for_selector(READY)
    wait_for(again, [first, third, second])
    stranger = open_page("/board", ready=False, locale="en")  # another browser
    stranger.get_by_text("This board is empty").wait_for()
    assert link.split("b=")[1] not in stranger.url
    # A link shows a board without making it the one that images are saved to.
    stranger.goto(link)
    stranger.wait_for_selector(READY)
    stranger.get_by_role("button", name="Use this board").wait_for()
    # Both vote: it arrives without a reload, and each takes back only their own.
    votes = lambda id, n: f'{CARD}[data-id="{id}"][data-votes="{n}"]'  # noqa: E731
    stranger.locator(CARD).nth(2).get_by_role("button", name="Vote for image 3").click()
    page.bring_to_front()
    page.wait_for_selector(votes(second, 1))
    page.locator(CARD).nth(2).focus()
    page.keyboard.press("v")
    page.wait_for_selector(f'{votes(second, 2)} .bd-vote[aria-pressed="true"]')
    page.get_by_role("button", name="Votes", exact=True).click()
    wait_for(page, [second, first, third])
    stranger.bring_to_front()
    stranger.wait_for_selector(votes(second, 2))
    stranger.get_by_role("button", name="Undo").click()
    stranger.wait_for_selector(f'{votes(second, 1)} .bd-vote[aria-pressed="false"]')
    again.bring_to_front()  # whoever votes is known in every tab
    again.wait_for_selector(f'{votes(second, 1)} .bd-vote[aria-pressed="true"]')
    page.bring_to_front()
    page.get_by_role("button", name="Manual order").click()
    page.bring_to_front()
    page.get_by_role("button", name="New board").click()
    page.get_by_text("This board is empty").wait_for()
    page.get_by_role("button", name="Your boards").click()
    page.get_by_role("button", name=re.compile("^Ours · 3 images")).click()
    wait_for(page, [first, third, second])

    # The board is exported and imported again.
    codes = page.locator(CARD).evaluate_all("all => all.map(c => c.dataset.z)")
    page.get_by_role("button", name="Export").click()
    page.get_by_text("28", exact=True).click()
    page.get_by_text("transparent", exact=True).click()
    page.get_by_role("button", name="Create file").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(r"^Download board\.zip")).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        assert sum(n.startswith("png/") for n in names) == 3
        for name in names:
            if name.endswith(".png"):
                Image.open(io.BytesIO(archive.read(name))).load()
            if name.endswith(".svg"):
                assert ElementTree.fromstring(archive.read(name)).tag.endswith("svg")
        assert archive.read("sheet.pdf").startswith(b"%PDF-")
        assert archive.read("board.csv").decode().count("\n") == 4
        text = archive.read("board.json").decode()
        first = next(name for name in names if name.startswith("png/001"))
        png = np.array(Image.open(io.BytesIO(archive.read(first))))
    saved = [item["z"] for item in json.loads(text)["items"]]
    assert [",".join(map(repr, z)) for z in saved] == [
        ",".join(repr(float(v)) for v in code.split(",")) for code in codes
    ]
    expected = torch_image(saved[0])
    shown = png[..., 0].astype(int) * png[..., 3] // 255
    apart, opaque = abs(shown - expected), png[..., 3] == 255
    assert opaque.sum() > 50 and apart[opaque].max() <= 2
    assert apart.max() <= 0.15 * expected.max()  # the faintest fog around it is cut off
    page.keyboard.press("Escape")
    (tmp_path / "mine.json").write_text(text)
    (tmp_path / "bad.json").write_text(text.replace('"stars":0', '"stars":77', 1))
    page.get_by_role("button", name="New board").click()
    page.get_by_text("This board is empty").wait_for()
    page.get_by_role("button", name="Import").click()
    chooser = page.locator('input[type="file"]')
    chooser.set_input_files(tmp_path / "bad.json")
    page.get_by_text("items[0].stars is 77; expected a whole number of at most 5").wait_for()
    chooser.set_input_files(tmp_path / "mine.json")
    wait_until(page, "document.querySelectorAll('.bd-card').length === 3")
    again = page.locator(CARD).evaluate_all("all => all.map(c => c.dataset.z)")
    assert again == codes
    page.locator(CARD).nth(0).get_by_role("link", name="Explore").click()
    page.wait_for_selector('.la[data-state="ready"]')
    assert "/board" not in page.url


def test_the_lineage_and_the_pair_show_how_images_are_related(open_page):
    page = open_page("/generate?m=fashion-vae&n=16", ready=False)
    page.wait_for_selector('.sg[data-state="ready"]')
    page.get_by_role("button", name="Save to board", exact=True).click()
    page.get_by_text("Saved 1 image to the board").wait_for()
    page.get_by_role("button", name="Vary", exact=True).click()
    wait_until(page, "document.querySelectorAll('.sg-grid button').length === 13")
    page.locator(".sg-grid button").nth(4).click()
    page.locator(".sg-grid button").nth(6).click(modifiers=["Control"])
    page.get_by_role("button", name="Save 2 to board").click()
    page.get_by_text("Saved 2 images to the board").wait_for()
    go_to(page, "Board")
    page.wait_for_selector(READY)
    wait_until(page, "document.querySelectorAll('.bd-card').length === 3")
    page.get_by_role("button", name="Lineage").click()
    rows = page.locator(".bd-row")
    assert [rows.nth(i).locator(".bd-leaf").count() for i in range(2)] == [1, 2]
    expect(page.locator(".bd-tree path")).to_have_count(2)
    page.get_by_role("button", name="Cards").click()
    page.locator(".bd-image").nth(1).click()
    page.locator(".bd-image").nth(2).click(modifiers=["Control"])
    page.get_by_role("button", name="Side by side").click()
    expect(page.locator(".bd-pair figure")).to_have_count(3)
    expect(page.locator(".bd-pair")).to_contain_text("in z")
