"""Anomalies: drag the threshold, read the counts, upload files, download scores, open an image."""

import csv
import io
import json
import zipfile

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from helpers import query, wait_for_query
from live import ROOT, wait_until
from PIL import Image
from playwright.sync_api import Page, expect

import vae
from vae import anomaly
from vae.__main__ import main
from vae.anomaly.scores import Scorer
from vae.checkpoint.artifacts import load_codes

MODEL = "fashion-beta-1"  # its encoder is quick
READY = '.sh[data-state="ready"]'


def opened(open_page, path: str, **options) -> Page:
    page = open_page(f"/anomalies?m={MODEL}{path}", ready=False, **options)
    page.wait_for_selector(READY, timeout=60_000)
    return page


def shown(page: Page, name: str) -> str:
    return page.get_by_test_id(name).inner_text()


@pytest.fixture(scope="module")
def normal():
    """The scores of the test images, found without the page."""
    loaded = vae.load(ROOT / "checkpoints" / MODEL)
    test = vae.load_dataset("fashion-mnist-starter").test
    codes = load_codes(loaded, test.digest)
    return anomaly.score_images(
        Scorer(loaded.model), test.images, codes=(codes["mean"], codes["std"])
    )


def test_the_threshold_is_dragged_with_live_counts_and_is_part_of_the_link(open_page, normal):
    page = opened(open_page, "&of=damage&damage=invert&fa=0.05")
    assert shown(page, "fpr") == "500 of 10,000 (5.0 %)"
    assert float(shown(page, "threshold-value")) == pytest.approx(
        np.quantile(normal, 0.95), abs=1e-3
    )
    wait_for_query(page, "fa", "0.05")
    box = page.get_by_test_id("histogram-plot").bounding_box()
    line = page.get_by_test_id("threshold").bounding_box()
    y = box["y"] + 100
    page.mouse.move(line["x"] + line["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.15 * box["width"], y, steps=5)
    # The counts follow the drag without messages to the server.
    goal = (
        "n => parseFloat(document.querySelector('[data-testid=fpr]').textContent"
        ".replace(',', '')) > n"
    )
    wait_until(page, goal, arg=1000)
    moved = float(page.get_by_test_id("threshold").get_attribute("aria-valuenow"))
    count = int(shown(page, "fpr").split()[0].replace(",", ""))
    assert count == pytest.approx((normal > moved).sum(), abs=12)
    assert "t" not in query(page)
    page.mouse.up()
    wait_for_query(page, "t")
    exact = float(query(page)["t"])
    assert (normal > exact).sum() == pytest.approx(count, abs=1)
    assert float(query(page)["fa"]) == pytest.approx(count / 10_000, abs=1e-4)
    page.reload()
    page.wait_for_selector(READY, timeout=60_000)
    assert int(shown(page, "fpr").split()[0].replace(",", "")) == count
    # A target rate replaces the threshold set by hand.
    page.get_by_test_id("target-fpr").fill("1")
    page.get_by_test_id("target-fpr").press("Enter")
    wait_for_query(page, "fa", "0.01")
    assert shown(page, "fpr") == "100 of 10,000 (1.0 %)" and "t" not in query(page)
    page.get_by_test_id("threshold").focus()
    page.keyboard.press("PageUp")
    wait_for_query(page, "t")
    assert float(query(page)["t"]) > np.quantile(normal, 0.99)


def files() -> bytes:
    test = vae.load_dataset("fashion-mnist-starter").test.images
    digits = vae.load_dataset("digits").train.images

    def png(image: Image.Image) -> bytes:
        target = io.BytesIO()
        image.save(target, "PNG")
        return target.getvalue()

    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for k in range(3):
            archive.writestr(f"mine/item {k}.png", png(Image.fromarray(test[k, 0])))
        archive.writestr("mine/digit.png", png(Image.fromarray(digits[3, 0])))
        archive.writestr("mine/<b>dot.png", png(Image.new("L", (1, 1))))
        archive.writestr("mine/torn.png", b"\x89PNG no")
        archive.writestr("mine/film.gif", b"GIF89a no")
    return target.getvalue()


def test_files_are_scored_broken_ones_listed_and_all_scores_downloaded(open_page):
    page = opened(open_page, "&of=own")
    chooser = page.locator('input[type="file"]')
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    chooser.set_input_files(
        {"name": "none.zip", "mimeType": "application/zip", "buffer": empty.getvalue()}
    )
    page.get_by_text("Scoring failed: none.zip").wait_for()
    page.get_by_role("button", name="Remove none.zip").click()
    page.wait_for_selector(READY)
    chooser.set_input_files({"name": "some.zip", "mimeType": "application/zip", "buffer": files()})
    page.get_by_text("4 uploaded images").wait_for()
    page.get_by_text("3 files could not be read; the others are scored").wait_for()
    entries = page.locator('.un [role="listitem"]')
    expect(entries).to_have_count(4)
    assert entries.first.inner_text().startswith("mine/digit.png")
    scores = [float(v) for v in entries.evaluate_all("l => l.map((e) => e.dataset.score)")]
    assert scores == sorted(scores, reverse=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all scores (CSV)").click()
    text = download.value.path().read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    mine = {row["name"]: row for row in rows if row["set"] == "suspect"}
    assert len(rows) == 10_004 and len(mine) == 4
    assert float(mine["mine/digit.png"]["score"]) == scores[0]
    assert mine["mine/digit.png"]["anomalous"] == "yes"


def test_the_command_uses_a_saved_threshold_and_an_image_opens_on_the_map(
    open_page, checkpoints, tmp_path, normal
):
    page = opened(open_page, "&of=none&fa=0.03")
    page.get_by_role("button", name="Save threshold with the model").click()
    page.get_by_text("anomaly.json").wait_for()
    item = int(np.argmax(normal))
    test = vae.load_dataset("fashion-mnist-starter").test.images
    Image.fromarray(test[item, 0]).save(tmp_path / "odd.png")
    words = ["score", str(checkpoints / MODEL), str(tmp_path / "odd.png"), "--json"]
    record = json.loads(CliRunner().invoke(main, words).stdout)[0]
    assert record["anomalous"]
    assert record["threshold"] == pytest.approx(np.quantile(normal, 0.97), abs=1e-6)
    first = page.locator('.un [role="listitem"]').first
    expect(first).to_contain_text("more anomalous than all 9,999 other normal images")
    first.get_by_role("link", name="Open on the map").click()
    page.wait_for_selector('.la[data-state="ready"] [data-testid="latent-map"]', timeout=60_000)
    assert query(page)["i"] == str(item) and query(page)["m"] == MODEL


def test_a_slow_score_shows_progress_and_can_be_stopped(open_page):
    page = open_page("/anomalies?m=fashion-vae-conv&of=none&score=regret", ready=False)
    page.get_by_text("Scoring: Likelihood regret").wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Scoring was stopped.").wait_for()


def test_the_page_fits_a_phone_in_dark_mode_and_axe_finds_nothing(open_page):
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = opened(open_page, "&of=class&c=8", **phone)
    page.locator('.un [role="listitem"]').first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page, context="[data-testid=stMain]")
    serious = [v for v in found.response["violations"] if v["impact"] in ("serious", "critical")]
    assert not serious, [(v["id"], [n["html"] for n in v["nodes"]][:3]) for v in serious]
