"""Somebody's own colour pictures, on a server below a base path: from a .zip on the Train page to
a map and to look-up. The other pages: `test_own_data.py`."""

import io
import re
import shutil
import zipfile

import pytest
from helpers import query, wait_for_query
from live import ROOT, faults, start_server, stop_server, wait_until
from PIL import Image, ImageDraw
from playwright.sync_api import expect

INKS = {"boxes": (200, 40, 40), "discs": (30, 90, 200), "rings": (20, 140, 60)}


def drawn(kind: str, place: int) -> bytes:
    """A transparent picture, 40 x 40."""
    image = Image.new("RGBA", (40, 40), (255, 0, 255, 0))
    draw, x, y = ImageDraw.Draw(image), 4 + place % 5 * 3, 4 + place // 5 * 3
    box, ink = (x, y, x + 18, y + 18), INKS[kind]
    if kind == "boxes":
        draw.rectangle(box, fill=ink)
    else:
        draw.ellipse(box, fill=None if kind == "rings" else ink, outline=ink, width=4)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


@pytest.fixture
def archive(tmp_path):
    """60 pictures of 3 classes with a table, one that is damaged, and a note."""
    with zipfile.ZipFile(tmp_path / "shapes.zip", "w") as file:
        for kind in INKS:
            for place in range(20):
                file.writestr(f"shapes/{kind}/{kind} {place}.png", drawn(kind, place))
        rows = [
            f"{kind} {place}.png,{'left' if place % 5 < 2 else 'right'},{place / 2 or ''}"
            for kind in INKS
            for place in range(20)
        ]
        file.writestr("shapes/table.csv", "\n".join(["file,side,height", *rows]))
        file.writestr("shapes/boxes/torn.png", b"no picture")
        file.writestr("shapes/notes.txt", "drawn by hand\n" * 100_000)  # larger than 1 MB
    return tmp_path / "shapes.zip"


def test_from_a_zip_to_a_map_below_a_base_path(visit, archive, tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))
    checkpoints, incoming = tmp_path / "checkpoints", tmp_path / "runs/.incoming"
    shutil.copytree(ROOT / "checkpoints/fashion-vae", checkpoints / "fashion-vae")
    options, base = ("--server.baseUrlPath", "lab/maps"), "/lab/maps"
    process, url = start_server(
        tmp_path / "log.txt", checkpoints=checkpoints, options=options, base=base
    )
    try:
        page = visit(url, "/train", ready=False)
        page.locator('input[type="file"]').set_input_files(archive)
        page.get_by_text(
            "60 images found, 1 refused, 1 skipped: 54 to train on, 6 held"
        ).wait_for()
        page.get_by_text("Transparent parts on white").wait_for()
        assert not [*incoming.glob("*/*")] and incoming.exists()  # it is kept for the training
        page.get_by_text(re.compile(r"1 refused: .*boxes/torn\.png")).wait_for()
        wait_until(page, "document.querySelector('[alt^=\"Some originals\"]').naturalWidth > 500")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Files that are not used, .csv").click()
        assert "notes.txt" in waiting.value.path().read_text("utf-8")
        size = page.get_by_role("combobox", name=re.compile("Size"))
        size.fill("32")
        size.press("Enter")
        page.get_by_text("32 × 32 pixels, colour").wait_for()
        epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
        epochs.fill("12")
        epochs.press("Enter")
        page.get_by_role("button", name="Start training").click()
        page.get_by_text("has finished").first.wait_for()
        page.get_by_label("Save checkpoint as").fill("shapes")
        page.get_by_label("Save checkpoint as").press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Open shapes in Explore").click()
        page.wait_for_selector('.la[data-state="ready"] [data-testid="latent-map"]')

        # All 60 are on the map, by the names of their files, and the originals open.
        expect(page.locator(".la-points")).to_have_attribute("data-drawn", "60")
        page.get_by_test_id("neighbour-list").get_by_role("button").first.click()
        link = page.get_by_test_id("item-detail").get_by_role("link")
        assert re.fullmatch(r"shapes/\w+/\w+ \d+\.png", link.inner_text())
        original = page.request.get(link.get_attribute("href"))
        assert Image.open(io.BytesIO(original.body())).size == (40, 40)
        decoded = page.get_by_test_id("decoded-image").first
        assert decoded.evaluate("c => [c.width, c.height]") == [32, 32]

        # Their columns colour them, and those that were trained on can be shown alone.
        drawn_items, legend = page.locator(".la-points"), page.locator(".la-legend")
        page.get_by_test_id("colour-by").select_option("side")
        expect(legend.get_by_role("button")).to_have_text(["left", "right"])
        expect(page.locator('[data-fact="column"]')).to_have_text(re.compile("left|right"))
        legend.get_by_role("button", name="right").click()
        expect(drawn_items).to_have_attribute("data-drawn", "24")
        page.get_by_test_id("shown-items").select_option(label="held out (6)")
        expect(page.locator(".la-near-where")).to_contain_text("among 6 test images")
        held_out = int(drawn_items.get_attribute("data-drawn"))
        page.get_by_test_id("shown-items").select_option(label="trained on (54)")
        expect(drawn_items).to_have_attribute("data-drawn", str(24 - held_out))
        wait_for_query(page, "show", "train")
        assert (query(page)["by"], query(page)["h"]) == ("side", "1")
        page.get_by_test_id("colour-by").select_option("height")
        expect(legend).to_contain_text(re.compile(r"height\s*0\.5\s*9\.5\s*no value"))
        expect(drawn_items).to_have_attribute("data-drawn", "54")
        expect(page.get_by_test_id("shown-items")).to_have_value("train")

        # A training picture that is looked up is, pixel for pixel, the one on the map.
        # Its neighbours are among those shown, which the map colours as Explore does.
        page.goto(f"{url}/lookup?m=shapes&by=side&show=train")
        near = page.get_by_test_id("near-code").get_by_role("button")
        expect(legend.get_by_role("button")).to_have_text(["left", "right"])
        expect(near.first).to_contain_text(re.compile("left|right"))
        expect(page.locator(".lk-among").first).to_have_text(", among 54 training images")
        legend.get_by_role("button", name="right").click()
        expect(drawn_items).to_have_attribute("data-drawn", str(24 - held_out))
        page.get_by_test_id("shown-items").select_option(label="held out (6)")
        expect(near).to_have_count(5)  # without the image itself
        expect(drawn_items).to_have_attribute("data-drawn", str(held_out))
        page.get_by_test_id("colour-by").select_option("height")
        wait_for_query(page, "by", "height")
        assert query(page)["show"] == "test"
        expect(near.first.locator(".la-value")).to_have_text(re.compile(r"\d(\.5)?|no value"))
        page.get_by_role("radio", name="File").or_(
            page.get_by_role("button", name="File", exact=True)
        ).first.click()
        with zipfile.ZipFile(archive) as file:
            content = file.read("shapes/discs/discs 7.png") + bytes(5 * 2**20)
        page.locator('input[type="file"]').set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": content}
        )
        page.get_by_text("The same pixels as shapes/discs/discs 7.png, labelled discs").wait_for()
        assert [p.stat().st_size for p in incoming.glob("*/*")] == [len(content)]
        with page.expect_response(lambda answer: answer.request.method == "DELETE"):
            page.get_by_role("button", name="Remove mine.png").click()
        assert not [*incoming.glob("*/*")]
        page.close()
    finally:
        stop_server(process)
        for status in tmp_path.glob("runs/*/run/status.json"):
            (status.parent / "STOP").touch()
    assert not faults(tmp_path / "log.txt")
