"""The map as one HTML file, opened from the disk without a network: its size, the seconds from
opening to the first decoded picture under the pointer, pictures a second while hovering, requests.
"""

import math
import tempfile
import time
from pathlib import Path

from bench import page, spread, table
from live import ROOT, wait_for_map

from vae.checkpoint.folder import load
from vae.explorer.contents import data_of
from vae.explorer.page import page as html_of

MODELS = ("fashion-vae", "fashion-vae-conv", "fashion-cvae", "fashion-hvae", "fashion-exemplar")
SECONDS, OPENED = 5, 5


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in MODELS:
            loaded = load(ROOT / "checkpoints" / name)
            start = time.perf_counter()
            file = Path(folder) / f"{name}.html"
            file.write_bytes(html_of(loaded, data_of(loaded)))
            rows.append([f"`{name}`", f"{time.perf_counter() - start:.1f}", *measure(file)])
    head = ("model", "made in, s", "MB", "first answer, s", "pictures a second", "requests")
    table("One HTML file, 10,000 items", head, rows)


def measure(file: Path) -> tuple[str, ...]:
    times, asked = [], []
    for _ in range(OPENED):
        with page(offline=True) as tab:
            tab.on("request", lambda r: asked.append(r.url))
            start = time.perf_counter()
            tab.goto(file.as_uri())
            wait_for_map(tab)
            times.append(time.perf_counter() - start)
            rate = hovered(tab)
    others = [url for url in asked if not url.startswith(("data:", "blob:", file.as_uri()))]
    median, slow = spread(times)
    size = f"{file.stat().st_size / 1e6:.2f}"
    return size, f"{median:.2f} / {slow:.2f}", f"{rate:.0f}", str(len(others))


def hovered(tab) -> float:
    """Pictures a second while the pointer moves."""
    plane = tab.get_by_test_id("latent-map")
    box = plane.bounding_box()
    tab.wait_for_timeout(500)
    plane.evaluate("canvas => { canvas.stats.decodes.length = 0; }")
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        angle = 2 * math.pi * elapsed / 2.5
        x, y = 0.5 + 0.35 * math.cos(angle), 0.5 + 0.4 * math.sin(1.3 * angle)
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    count = plane.evaluate("canvas => canvas.stats.decodes.length")
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
