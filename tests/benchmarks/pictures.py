"""Images of the README, taken from the running app: screenshots and an animation of hovering."""

import io
import math

from bench import app, page
from live import ROOT, wait_for_map
from PIL import Image

FOLDER = ROOT / "pages/static"
PAGES = {  # page -> its address and the selector of its ready state
    "interpolate": ("interpolate?m=fashion-vae", '.pm[data-state="ready"]'),
    "generate": ("generate?m=fashion-hvae&n=100&seed=3", '.sg[data-state="ready"]'),
    "lookup": ("lookup?i=7", '[data-testid="lookup-map"][data-marks="16"]'),
    "anomalies": ("anomalies", '.sh[data-state="ready"]'),
    "clusters": (
        "clusters?by=mixture&k=13&c=7&names=%7B%227%22:%22Sneakers%22%7D",
        '.cl[data-state="ready"]',
    ),
    "learn": ("learn?step=loss", '.ls[data-state="ready"]'),
    "compare": ("compare", ".cm-panel[data-state=ready] >> nth=3"),
}


def main() -> None:
    with app() as url:
        with page() as tab:
            tab.goto(f"{url}/?m=fashion-vae&l=points,names,density")
            wait_for_map(tab)
            box = tab.get_by_test_id("latent-map").bounding_box()
            for x, y in ((0.46, 0.3), (0.36, 0.62)):
                tab.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
                tab.wait_for_timeout(600)
            tab.mouse.move(box["x"] + 0.62 * box["width"], box["y"] + 0.42 * box["height"])
            tab.wait_for_timeout(600)
            tab.screenshot(path=FOLDER / "explore.png")
        with page(viewport={"width": 1080, "height": 680}) as tab:
            tab.goto(f"{url}/?m=fashion-vae&l=points,names")
            wait_for_map(tab)
            tab.wait_for_timeout(800)
            record(tab)
        for name, (address, ready) in PAGES.items():
            with page() as tab:
                tab.goto(f"{url}/{address}")
                tab.wait_for_selector(ready)
                tab.wait_for_timeout(3000)
                shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
                shot.quantize(256, kmeans=2).save(FOLDER / f"{name}.png", optimize=True)


def record(tab, frames: int = 48) -> None:
    """A looping GIF of the pointer on a closed curve over the map."""
    box = tab.get_by_test_id("latent-map").bounding_box()
    images = []
    for i in range(frames):
        angle = 2 * math.pi * i / frames
        x = 0.5 + 0.26 * math.cos(angle)
        y = 0.46 + 0.3 * math.sin(2 * angle)
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        tab.wait_for_timeout(40)
        shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
        images.append(shot.resize((720, 453), Image.Resampling.LANCZOS).quantize(96))
    images[0].save(
        FOLDER / "explore.gif",
        save_all=True,
        append_images=images[1:],
        duration=90,
        loop=0,
        optimize=True,
    )


if __name__ == "__main__":
    main()
