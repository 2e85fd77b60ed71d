"""Somebody's own photographs on the Train page: from dropping 500 of them to hovering over their
map, and what the server's memory grows by for 300 of 24 megapixels. Arguments: the number of
photographs of both; 0 leaves one out.
"""

import io
import os
import re
import sys
import tempfile
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from bench import page, table
from live import start_server, stop_server, wait_for_map
from PIL import Image
from playwright.sync_api import Page

MINUTES = 10  # at most, of one step on the page
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def photograph(k: int, size: tuple[int, int], detail: int, quality: int) -> bytes:
    """A JPEG with the smooth shades of a photograph and noise of `detail` pixels."""
    rng = np.random.default_rng(k)
    image = Image.new("RGB", size)
    for side, weight in ((4, 1.0), (24, 0.5), (size[0] // detail, 0.15)):
        patches = rng.integers(0, 256, (side * 3 // 4, side, 3)).astype(np.uint8)
        layer = Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)
        image = Image.blend(image, layer, weight)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality)
    return target.getvalue()


def pack(path: Path, count: int, size: tuple[int, int], different: int, *how: int) -> None:
    contents = [photograph(k, size, *how) for k in range(min(count, different))]
    with zipfile.ZipFile(path, "w") as archive:
        for k in range(count):
            archive.writestr(f"photographs/IMG_{k:04}.jpg", contents[k % len(contents)])


class Memory:
    """The memory of a process in MB, and its peak while it is watched."""

    def __init__(self, pid: int) -> None:
        self._process, self._ended = psutil.Process(pid), threading.Event()
        self.start = self.peak = self.now()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def now(self) -> float:
        return self._process.memory_info().rss / 2**20

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self.peak = max(self.peak, self.now())

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@contextmanager
def server():
    """The process and the URL of an app with no models but one, and no runs."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["VAE_RUNS_DIR"] = f"{folder}/runs"
        models = Path(folder) / "models"
        bundled = Path(__file__).parents[2] / "checkpoints" / "fashion-vae"
        models.mkdir()
        (models / "fashion-vae").symlink_to(bundled)
        process, url = start_server(Path(folder) / "log", checkpoints=models)
        try:
            yield process, url
        finally:
            stop_server(process)


def drop(shown: Page, path: Path, count: int) -> None:
    """Drops an archive of `count` pictures, and waits until its images are shown."""
    shown.locator('input[type="file"]').first.set_input_files(path)
    shown.get_by_text(re.compile(f"to train on, {count // 10} held out")).first.wait_for()
    shown.wait_for_selector(IDLE)  # its suggested settings are shown


def train(shown: Page) -> int:
    """Trains with the settings on the page and opens the map; returns the number of clicks."""
    shown.get_by_role("button", name="Start training").click()
    state = shown.get_by_text(re.compile("has finished$|failed$|has crashed$")).first
    state.wait_for()
    assert "finished" in state.inner_text()
    shown.get_by_role("button", name="Save", exact=True).click()
    shown.get_by_role("button", name=re.compile("Open .* in Explore")).click()
    wait_for_map(shown)
    shown.get_by_test_id("latent-map").hover()
    return 3


def ready(shown: Page, url: str) -> None:
    """Opens the form, which is closed where there is a run already."""
    shown.set_default_timeout(MINUTES * 60_000)
    shown.goto(f"{url}/train")
    shown.get_by_role("heading", name="Train", exact=True).wait_for()
    shown.wait_for_selector(IDLE)
    if not shown.get_by_text("Bring your pictures").is_visible():
        shown.get_by_text("Train a model", exact=True).click()
    shown.get_by_text("Bring your pictures").wait_for()


def time_to_map(path: Path, count: int) -> None:
    with server() as (_, url), page() as shown:
        ready(shown, url)
        begun = time.perf_counter()
        drop(shown, path, count)
        seen = time.perf_counter() - begun
        clicks = 1 + train(shown)
        whole = time.perf_counter() - begun
    rows = [("shown beside their originals", f"{seen:.0f} s"), ("hovering over their map",
            f"{whole:.0f} s, {clicks} actions")]  # fmt: skip
    table(f"{count} photographs of 1600 x 1200, automatic settings", ("from drop to", ""), rows)


def growth(small: Path, path: Path, count: int) -> None:
    """A few small pictures first take the same way, which loads the libraries that it needs."""
    with server() as (process, url), page() as shown:
        for archive, pictures in ((small, 40), (path, count)):
            ready(shown, url)
            memory, rows = Memory(process.pid), []
            drop(shown, archive, pictures)
            rows.append(("uploaded, checked, shown", memory.peak - memory.start))
            epochs = shown.get_by_role("spinbutton", name="Epochs", exact=True)
            epochs.fill("2")
            epochs.press("Enter")
            shown.wait_for_timeout(1000)
            shown.wait_for_selector(IDLE)
            train(shown)
            rows.append(("trained on, and on the map", memory.peak - memory.start))
            shown.wait_for_timeout(3000)
            rows.append(("afterwards", memory.now() - memory.start))
            memory.end()
    size = path.stat().st_size / 2**20
    title = f"The server with {count} photographs of 24 megapixels, {size:.0f} MB in a .zip"
    table(title, ("until", "MB above the start"), [(what, f"{mb:.0f}") for what, mb in rows])


def main() -> None:
    given = [int(number) for number in sys.argv[1:]]
    timed, large = given + [500, 300][len(given) :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photographs.zip"
        if large:
            small = Path(folder) / "small.zip"
            pack(small, 40, (640, 480), 40, 8, 85)
            pack(path, large, (6000, 4000), 3, 400, 50)
            growth(small, path, large)
        if timed:
            pack(path, timed, (1600, 1200), timed, 8, 85)
            time_to_map(path, timed)


if __name__ == "__main__":
    main()
