"""The job of a designer, counted: twelve variations of an ankle boot with a higher shaft, four of
them kept, two blended, a film of three seconds from T-shirt to dress, a contact sheet and vectors
for a colleague, who opens the same board."""

import io
import zipfile
from xml.etree import ElementTree

import av
import pytest
from live import wait_until
from playwright.sync_api import Locator, Page, expect
from pypdf import PdfReader

TILE = '[data-testid="sample-grid"] button'
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Hands:
    """Clicks, taps, drags and keys on a page, counted. A mouse never scrolls."""

    def __init__(self, page: Page, touch: bool) -> None:
        self.page, self.touch, self.count, self.files = page, touch, 0, []
        page.on("download", lambda download: self.files.append(download))

    def press(self, target: Locator, *, add: bool = False) -> None:
        self.count += 1
        target.wait_for()
        if self.touch:
            target.tap()
            return
        box = target.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert 0 < x < 1440 and 0 < y < 900, f"out of view: {target}"
        if add:
            self.page.keyboard.down("Control")
        self.page.mouse.click(x, y)
        if add:
            self.page.keyboard.up("Control")

    def select(self, index: int, *, add: bool = False) -> None:
        tile = self.page.locator(TILE).nth(index)
        self.press(tile.locator(".la-tick") if self.touch and add else tile, add=add)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.count += 1
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=6)
        self.page.mouse.up()

    def act(self, words: str, letter: str) -> None:
        """An action on the selected images: by its key, or on the bar."""
        if self.touch:
            self.press(self.page.get_by_role("button", name=words, exact=True))
        else:
            self.count += 1
            self.page.keyboard.press(letter)

    def go_to(self, title: str, ready: str) -> None:
        if self.touch:
            self.press(self.page.get_by_test_id("stExpandSidebarButton"))
            link = self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title).first
        else:
            link = self.page.get_by_role("link", name=title, exact=True)
        self.press(link)
        self.page.wait_for_selector(f'{ready}[data-state="ready"]')

    def download(self, words: str) -> bytes:
        self.files.clear()
        self.press(self.page.get_by_role("button", name=words, exact=True))
        self.page.get_by_role("button", name="Save again").wait_for(timeout=120_000)
        wait_until(self.page, "() => window.downloadsReady.done.size > 0")
        while not self.files:
            self.page.wait_for_timeout(100)
        return self.files[-1].path().read_bytes()


def at(locator: Locator, fx: float = 0.5, fy: float = 0.5) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def sheet_is_new(page: Page, before: str) -> str:
    """Waits until another sheet is compared with real images; its key."""
    wait_until(
        page,
        "k => { const { key, compared } = document.querySelector('.sg-grid')?.dataset ?? {}; "
        "return key && key !== k && key === compared; }",
        arg=before,
    )
    return page.locator(".sg-grid").get_attribute("data-key")


@pytest.mark.parametrize(("device", "most"), [("desktop", 15), ("phone", 25)])
def test_the_job_takes_few_clicks(open_page, device, most):
    touch = device == "phone"
    page = open_page("/", **(PHONE if touch else {}))
    hands, tiles = Hands(page, touch), page.locator(TILE)
    hands.go_to("Generate", ".sg")
    drawn = sheet_is_new(page, "")
    kinds = page.locator(f"{TILE} .sg-caption").evaluate_all(
        "all => all.map((c) => c.textContent)"
    )

    hands.select(kinds.index("T-shirt/top"))
    hands.select(kinds.index("Dress"), add=True)
    hands.press(page.get_by_role("button", name="Film", exact=True))
    page.wait_for_selector('.pm[data-state="ready"]')
    film = hands.download("Download film")

    hands.go_to("Generate", ".sg")
    sheet_is_new(page, "")
    hands.select(kinds.index("Ankle boot"))
    shaft = page.locator(".sg-track").filter(has_text="shaft height")
    shaft.wait_for()
    wait_until(page, "() => document.querySelector('.sg-strip [data-outside=true]')")
    page.wait_for_timeout(300)
    hands.press(shaft.locator('canvas[data-outside="false"]').last)
    moved = page.get_by_test_id("decoded-image").get_attribute("data-z")
    hands.act("Vary", "v")
    varied = sheet_is_new(page, drawn)
    expect(tiles).to_have_count(13)
    expect(page.get_by_test_id("sheet-note")).to_contain_text("all Ankle boot")
    assert page.get_by_test_id("decoded-image").get_attribute("data-z") == moved
    if touch:
        for n, index in enumerate((1, 2, 4, 5)):
            hands.select(index, add=n > 0)
    else:
        row = [i for i in range(6, 13) if abs(at(tiles.nth(i))[1] - at(tiles.nth(6))[1]) < 5][:4]
        left = page.locator(".sg-grid").bounding_box()["x"] + 3
        hands.drag((left, at(tiles.nth(row[0]), fy=0.3)[1]), at(tiles.nth(row[-1])))
    expect(page.locator(f'{TILE}[aria-selected="true"]')).to_have_count(4)
    hands.act("Save 4 to board", "k")
    page.get_by_text("Saved 4 images to the board").wait_for()
    if touch:
        hands.select(4)
        hands.select(5, add=True)
        hands.press(page.get_by_role("button", name="Mix 2", exact=True))
    else:
        hands.drag(at(tiles.nth(row[0])), at(tiles.nth(row[1])))
    sheet_is_new(page, varied)
    hands.act("Save to board", "k")
    page.get_by_text("Saved 1 image to the board").wait_for()
    hands.go_to("Board", ".bd")
    board = hands.download("Download all")
    assert hands.count <= most, hands.count

    with av.open(io.BytesIO(film)) as opened:
        stream = opened.streams.video[0]
        assert (stream.height, stream.average_rate) == (448, 24)
        assert sum(1 for _ in opened.decode(video=0)) == 72  # three seconds
    with zipfile.ZipFile(io.BytesIO(board)) as archive:
        names = archive.namelist()
        assert sum(name.startswith("silhouette/") for name in names) == 5
        for name in names:
            if name.endswith(".svg"):
                ElementTree.fromstring(archive.read(name))
        sheet = PdfReader(io.BytesIO(archive.read("sheet.pdf")))
        assert "Ankle boot" in sheet.pages[0].extract_text()
    colleague = open_page(page.url[page.url.index("/board") :], ready=False, locale="en-GB")
    colleague.wait_for_selector('.bd[data-state="ready"]')
    expect(colleague.locator(".bd-card")).to_have_count(5)
