"""An hour of design work as a new user would try it, in one window, from the map to files that
other tools open and a board that another day goes on with."""

import io
import json
import zipfile
from xml.etree import ElementTree

import av
import numpy as np
from helpers import choose, click, go_to, torch_image, wait_for_query
from live import wait_until
from PIL import Image
from playwright.sync_api import Page, expect

SANDAL, BOOT = "-1.2836, 0.5716", "-0.7264, -0.5964"  # among their own kind alone
CARD = ".bd-card"
TILE = '[data-testid="sample-grid"] button'
ANIMATIONS = {"Animation, GIF", "Animation, WebP", "Animation, MP4"}


def enter(page: Page, name: str, ready: str) -> None:
    go_to(page, name)
    page.wait_for_selector(ready)


def file_of(page: Page, kind: str) -> bytes:
    """The bytes of a file that the page makes."""
    choose(page, "Format", kind)
    with page.expect_download() as download:  # by itself
        page.get_by_role("button", name="Create file").click()
    page.get_by_text(f"Ready: {kind}").wait_for()
    return download.value.path().read_bytes()


def frames_of(kind: str, data: bytes) -> int:
    """How many pictures a library that knows nothing of us finds in a file."""
    if kind == "Animation, MP4":
        return sum(1 for _ in av.open(io.BytesIO(data)).decode(video=0))
    if kind == "PNG images in a .zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(n.endswith(".png") for n in archive.namelist())
    return Image.open(io.BytesIO(data)).n_frames


def cards(page: Page, count: int) -> list[str]:
    wait_until(page, "n => document.querySelectorAll('.bd-card').length === n", arg=count)
    return page.locator(CARD).evaluate_all("all => all.map(c => c.dataset.z)")


def press(page: Page, words: str) -> None:
    before = page.locator('[data-testid="sample-grid"]').get_attribute("data-key")
    page.get_by_role("button", name=words, exact=True).click()
    wait_until(
        page,
        "k => document.querySelector('[data-testid=sample-grid]').dataset.key !== k",
        arg=before,
    )


def test_from_a_silhouette_to_files(open_page, tmp_path):
    # 1. A silhouette is found on the map, pinned and saved.
    page = open_page("/?m=fashion-vae")
    pinned = click(page, 0.45, 0.4)
    page.get_by_role("button", name="Save pins to board").click()
    page.get_by_text("Saved 1 image to the board").wait_for()

    # 2. A path from a sandal to an ankle boot, first straight, then drawn by hand.
    enter(page, "Interpolate", '.pm[data-state="ready"]')
    page.locator('[data-do="clear"]').click()
    for code in (SANDAL, BOOT):
        page.get_by_test_id("typed-code").fill(code)
        page.locator('[data-do="add-code"]').click()
    page.locator(".pm-strip li:first-child", has_text="Sandal").wait_for()
    page.locator(".pm-strip li:last-child", has_text="Ankle boot").wait_for()
    page.get_by_role("button", name="Draw", exact=True).click()
    area = page.get_by_test_id("path-map").bounding_box()
    page.mouse.move(area["x"] + 0.3 * area["width"], area["y"] + 0.35 * area["height"])
    page.mouse.down()
    for fx, fy in ((0.4, 0.3), (0.5, 0.4), (0.6, 0.6)):
        page.mouse.move(area["x"] + fx * area["width"], area["y"] + fy * area["height"], steps=4)
    page.mouse.up()
    wait_for_query(page, "k", "drawn")
    page.get_by_test_id("duration").fill("0.67")
    page.get_by_test_id("duration").press("Enter")
    wait_for_query(page, "n", "8")
    page.get_by_role("button", name="Create file").scroll_into_view_if_needed()
    page.wait_for_timeout(150)  # the list of a choice closes when the page still scrolls
    for kind in (*sorted(ANIMATIONS), "PNG images in a .zip"):
        assert frames_of(kind, file_of(page, kind)) == 8, kind

    # 3. Twelve variations of one image, two of them mixed, six saved.
    enter(page, "Generate", '.sg[data-state="ready"]')
    page.locator(TILE).nth(5).click()
    press(page, "Vary")
    page.locator(TILE).nth(3).click()
    page.locator(TILE).nth(5).click(modifiers=["Control"])
    press(page, "Mix 2")
    page.get_by_role("button", name="Save to board", exact=True).click()
    page.get_by_text("Saved 1 image to the board").wait_for()
    press(page, "Undo")
    page.locator(TILE).nth(1).click()
    for index in (2, 4, 6, 8):
        page.locator(TILE).nth(index).click(modifiers=["Control"])
    page.get_by_role("button", name="Save 5 to board").click()
    page.get_by_text("Saved 5 images to the board").wait_for()

    # 4. The board: named, starred, one thrown away and brought back, the same after a reload.
    enter(page, "Board", '.bd[data-state="ready"]')
    codes = cards(page, 7)
    assert [float(v) for v in codes[0].split(",")] == pinned
    page.get_by_label("Name", exact=True).fill("Low boots")
    page.get_by_label("Name", exact=True).press("Enter")
    page.wait_for_selector('.bd[data-revision="4"]')
    page.locator(CARD).nth(1).get_by_role("button", name="5 stars").click()
    page.wait_for_selector(f'{CARD}[data-stars="5"]')
    page.locator(CARD).nth(0).locator(".bd-image").click()
    page.keyboard.press("Delete")
    cards(page, 6)
    page.get_by_role("button", name="Undo").click()
    assert cards(page, 7) == codes
    page.get_by_role("button", name="Redo").click()
    cards(page, 6)
    page.reload()
    page.wait_for_selector('.bd[data-state="ready"]')
    assert cards(page, 6) == codes[1:]
    expect(page.get_by_label("Name", exact=True)).to_have_value("Low boots")
    expect(page.locator(CARD).nth(0)).to_have_attribute("data-stars", "5")

    # 5. The files: opened again, and each picture is what torch decodes at its code.
    page.get_by_role("button", name="Export").click()
    page.get_by_text("28", exact=True).click()
    page.get_by_text("dark", exact=True).click()
    with zipfile.ZipFile(io.BytesIO(file_of(page, "Everything, .zip"))) as archive:
        text = archive.read("board.json").decode()
        pngs = sorted(n for n in archive.namelist() if n.startswith("png/"))
        items = json.loads(text)["items"]
        for name, item in zip(pngs, sorted(items, key=lambda i: i["order"]), strict=True):
            shown = np.asarray(Image.open(archive.open(name))).astype(int)
            assert np.array_equal(shown, torch_image(item["z"], item["model"]))
        svgs = [n for n in archive.namelist() if n.startswith("tones/")]
        assert len(svgs) == 6
        for name in svgs:
            ElementTree.fromstring(archive.read(name))
    assert file_of(page, "Contact sheet, PDF").startswith(b"%PDF-")
    sheet = Image.open(io.BytesIO(file_of(page, "Contact sheet, PNG")))
    assert min(sheet.size) > 50
    assert file_of(page, "Table, CSV").decode().count("\n") == 7
    page.keyboard.press("Escape")

    # 6. Another day: a new board reads the file, and takes its name since it has none.
    (tmp_path / "board.json").write_text(text)
    page.get_by_role("button", name="New board").click()
    page.get_by_text("This board is empty").wait_for()
    page.get_by_role("button", name="Import").click()
    page.locator('input[type="file"]').set_input_files(tmp_path / "board.json")
    assert cards(page, 6) == codes[1:]
    expect(page.get_by_label("Name", exact=True)).to_have_value("Low boots")
