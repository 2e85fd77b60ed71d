"""Train: start, follow, stop, resume, kill, restart the server in the middle, scrub through time,
export an animation, save and open in Explore. The second server is uvicorn, the other way to start
the app."""

import io
import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import choose
from live import ROOT, faults, start_server, stop_server, wait_until
from PIL import Image
from playwright.sync_api import Page, expect

READY = '.rv[data-state="ready"]'


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Checkpoints and runs of this test alone, and more epochs than the test lasts."""
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("VAE_MAX_EPOCHS", "20000")
    shutil.copytree(ROOT / "checkpoints" / "fashion-vae", tmp_path / "checkpoints" / "fashion-vae")
    return tmp_path


def fill(page: Page, label: str, value: str) -> None:
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(value)
    field.press("Enter")


def points(page: Page) -> int:
    return int(page.locator(".rv-curve canvas").first.get_attribute("data-points") or 0)


def wait_for_points(page: Page, count: int) -> None:
    wait_until(
        page,
        "n => Number(document.querySelector('.rv-curve canvas')?.dataset.points || 0) >= n",
        arg=count,
    )


def step(page: Page) -> int:
    return int(page.get_by_test_id("run-epoch").get_attribute("data-step") or 0)


def test_a_training_is_followed_from_start_to_checkpoint(visit, place):
    process, url = start_server(place / "log.txt", checkpoints=place / "checkpoints")
    try:
        page = visit(url, "/train", ready=False)
        choose(page, "Or use a data set", re.compile("^Digits"))
        page.get_by_text(re.compile(r"1,\d{3} to train on, \d{3} held out; 28 × 28")).wait_for()
        wait_until(page, "document.querySelector('[alt=\"Some images\"]').naturalWidth === 768")
        fill(page, "Epochs", "20000")
        page.get_by_label("Name", exact=True).fill("A plane of shoes")
        begun = time.monotonic()
        page.get_by_role("button", name="Start training").click()
        page.get_by_text("A plane of shoes is").wait_for()
        page.wait_for_selector(READY)
        wait_for_points(page, 1)
        print(f"first point on the screen after {time.monotonic() - begun:.1f} s")
        wait_for_points(page, 3)
        page.get_by_text(re.compile(r"images per second, .* left")).wait_for()
        wait_until(page, "document.querySelector('.rv-decoded img').naturalWidth === 336")
        plane = page.get_by_test_id("run-plane")
        box = plane.bounding_box()
        page.mouse.move(box["x"] + 50, box["y"] + 50)
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(100)
        zoomed = plane.get_attribute("data-window")
        seen = step(page)
        wait_until(
            page,
            "s => Number(document.querySelector('[data-testid=run-epoch]').dataset.step) > s",
            arg=seen,
        )
        page.wait_for_timeout(800)
        expect(plane).to_have_attribute(
            "data-window", zoomed
        )  # new snapshots leave the zoom as it is

        # The server stops; the training continues, and another server finds it.
        run = Path(next((place / "runs").glob("*/run/status.json"))).parent
        link = page.url[page.url.index("/train") :]
        page.close()
        stop_server(process)
        at = json.loads((run / "status.json").read_text())["step"]
        until = time.monotonic() + 30
        while json.loads((run / "status.json").read_text())["step"] < at + 5:
            assert time.monotonic() < until
            time.sleep(0.1)
        process, url = start_server(
            place / "log2.txt", checkpoints=place / "checkpoints", command="uvicorn"
        )
        page = visit(url, link, ready=False)
        page.wait_for_selector(READY)
        page.get_by_text("A plane of shoes is training").wait_for()

        # Killed: the end of its log is shown; it resumes from its saved state and is stopped.
        pid = int(re.search(r'"pid": (\d+)', (run / "status.json").read_text())[1])
        os.kill(pid, signal.SIGKILL)
        page.get_by_text("A plane of shoes has crashed").wait_for()
        page.get_by_text("The process exited without an error message.").wait_for()
        page.get_by_role("button", name="Resume").click()
        page.get_by_text("A plane of shoes is training").wait_for()
        count = points(page)
        wait_for_points(page, count + 2)
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_text("A plane of shoes was stopped").wait_for()

        # Through time: the first and the last snapshot show different images.
        last = json.loads((run / "status.json").read_text())["step"]
        wait_until(
            page,
            "s => Number(document.querySelector('[data-testid=run-epoch]').dataset.step) === s",
            arg=last,
        )
        shown = page.locator(".rv-decoded img").get_attribute("src")
        scrubber = page.get_by_test_id("run-scrubber")
        scrubber.focus()
        scrubber.fill("0")
        wait_until(
            page,
            "s => document.querySelector('.rv-decoded img').getAttribute('src') !== s",
            arg=shown,
        )
        first = step(page)
        assert first < last
        page.keyboard.press("ArrowRight")
        assert first < step(page) < last
        page.get_by_test_id("run-play").click()
        wait_until(
            page,
            "s => Number(document.querySelector('[data-testid=run-epoch]').dataset.step) === s",
            arg=last,
        )
        page.get_by_text("Export an animation of this run").click()
        page.get_by_role("button", name="Create file").click()
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile("^Download training.gif")).click()
        film = Image.open(io.BytesIO(download.value.path().read_bytes()))
        assert film.n_frames > 3
        film.seek(film.n_frames - 1)
        assert len(np.unique(np.array(film.convert("RGB")).reshape(-1, 3), axis=0)) > 12

        # Two on one time scale.
        shutil.copytree(run.parent, place / "runs" / "beside")
        page.goto(f"{url}/train?run={run.parent.name}&with=beside")
        wait_until(page, "document.querySelectorAll('.rv-run').length === 2")
        wait_until(
            page,
            "s => document.querySelector('[data-testid=run-epoch]').dataset.step === s",
            arg=f"{last},{last}",
        )
        found = Axe().run(page, context=".rv").response["violations"]
        assert not found, [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
        page.goto(f"{url}/train?run=beside")
        page.wait_for_selector(READY)
        table = page.get_by_test_id("stDataFrame")
        expect(page.locator(".rv-run")).to_have_count(1)
        for row in (1, 2):  # the table is one canvas
            page.wait_for_timeout(800)
            table.scroll_into_view_if_needed()
            box = table.bounding_box()
            page.mouse.click(box["x"] + 15, box["y"] + 35 * row + 18)
        wait_until(page, "document.querySelectorAll('.rv-run').length === 2")
        page.goto(f"{url}/train?run={run.parent.name}")

        # Saved under a name, refused under a taken one, opened in Explore.
        page.get_by_label("Save checkpoint as").fill("fashion-vae")
        page.get_by_label("Save checkpoint as").press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("fashion-vae exists already; choose another name").wait_for()
        page.get_by_label("Save checkpoint as").fill("shoes")
        page.get_by_label("Save checkpoint as").press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name="Open shoes in Explore").click()
        page.wait_for_selector('.la[data-state="ready"] [data-testid="latent-map"]')
        wait_until(
            page,
            "[...document.querySelectorAll('input')].some((field) => field.value === 'shoes')",
        )
        page.close()  # before its server stops
    finally:
        stop_server(process)
        for status in place.glob("runs/*/run/status.json"):
            (status.parent / "STOP").touch()
    assert not faults(place / "log2.txt")


def test_what_cannot_be_trained_is_said(open_page, tmp_path):
    page = open_page("/train", ready=False)
    (tmp_path / "not.zip").write_bytes(b"no archive")
    page.locator('input[type="file"]').set_input_files(tmp_path / "not.zip")
    page.get_by_text(re.compile(r"These images cannot be used: not\.zip ")).wait_for()
    expect(page.get_by_role("button", name="Start training")).to_have_count(0)
    page.get_by_role("button", name="Use other images").click()
    page.get_by_text("Or use a data set").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
