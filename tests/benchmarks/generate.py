"""Milliseconds from the click on "Resample" to 400 new images on the screen, and of the parts.

The time ends two frames after the new tiles are there and their sprite is decoded. The engine is
also measured without a browser.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from bench import table
from live import ROOT, launch, start_server, stop_server
from playwright.sync_api import sync_playwright

import vae
from vae import latent
from vae.analysis import pixel_neighbours
from vae.latent import sampling
from vae.latent.density import RelativeDensity
from vae.latent.encoding import decode_uint8

CLICKS = 20
CLICK = """async () => {
  const grid = document.querySelector('[data-testid=sample-grid]'), before = grid.dataset.key;
  const button = [...document.querySelectorAll('button')].find(b => b.innerText === 'Resample');
  const start = performance.now();
  button.click();
  while (grid.dataset.key === before) await new Promise(requestAnimationFrame);
  const image = new Image();
  image.src = getComputedStyle(grid.firstChild).backgroundImage.slice(5, -2);
  await image.decode();
  await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
  return performance.now() - start;
}"""


def engine() -> list[list[str]]:
    """Median milliseconds of sampling, decoding and comparing 400 images."""
    loaded = vae.load(ROOT / "checkpoints" / "fashion-vae")
    split = vae.load_dataset("fashion-mnist-starter").test
    codes = latent.split_codes(loaded, split)
    data = {"codes": codes, "labels": split.labels, "density": RelativeDensity.fit(codes.mean)}
    gallery = pixel_neighbours.PixelIndex(split.images)
    times = {"sample": [], "decode": [], "nearest real images": []}
    for seed in range(CLICKS):
        start = time.perf_counter()
        made = sampling.sample(loaded.model, sampling.SamplingRequest(n=400, seed=seed), **data)
        drawn = time.perf_counter()
        pictures = decode_uint8(loaded.model, made.z)
        decoded = time.perf_counter()
        gallery.nearest(pictures)
        done = time.perf_counter()
        for name, span in zip(
            times, (drawn - start, decoded - drawn, done - decoded), strict=True
        ):
            times[name].append(1000 * span)
    return [[name, f"{np.median(each):.0f}", ""] for name, each in times.items()]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        process, url = start_server(Path(folder) / "log.txt")
        try:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{url}/generate?m=fashion-vae&n=400")
            page.wait_for_selector('.sg[data-state="ready"]')
            page.wait_for_timeout(2000)
            times = []
            for _ in range(CLICKS):
                times.append(page.evaluate(CLICK))
                page.wait_for_timeout(300)
            browser.close()
        finally:
            stop_server(process)
    median, late = np.percentile(times, (50, 90))
    rows = [["click to 400 images on the screen", f"{median:.0f}", f"{late:.0f}"], *engine()]
    table("400 generated images, milliseconds", ["what", "median", "90th percentile"], rows)


if __name__ == "__main__":
    main()
