"""The core of the app in Firefox and in WebKit, Safari's engine, where they are installed."""

import shutil
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from helpers import torch_image
from live import ROOT
from other_engines import MINI_BROWSERS, Engine, firefox, webkit
from PIL import Image

IMAGE = "document.querySelector('[data-testid=decoded-image]')"
GREY = (
    f"(c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
    f".filter((_, i) => i % 4 === 0))({IMAGE})"
)
FILE = "[...document.querySelectorAll('button, label')].find(e => e.textContent === 'File')"
ENGINES = {
    "firefox": (firefox, any(map(shutil.which, ("firefox-esr", "firefox")))),
    "webkit": (webkit, all(map(shutil.which, ("WebKitWebDriver", "Xvfb"))) and MINI_BROWSERS),
}


@pytest.fixture(params=ENGINES)
def engine(request, tmp_path):
    start, present = ENGINES[request.param]
    if not present:
        pytest.skip(
            "install firefox-esr" if start is firefox else "install webkit2gtk-driver, xvfb"
        )
    with start(tmp_path) as running:
        yield running


def z_of(engine: Engine) -> list[float]:
    return [float(v) for v in engine.run(f"{IMAGE}.dataset.z").split(",")]


def moved(engine: Engine, before: list[float]) -> list[float]:
    shown = ",".join(f"{v:g}" for v in before)
    engine.wait(f"{IMAGE}.dataset.z !== '{shown}'")
    return z_of(engine)


def button(engine: Engine, name: str) -> None:
    engine.run(f"document.querySelector('[data-do={name}]').click() ?? true")


def test_the_map_works_and_every_page_opens(engine, server, tmp_path):
    engine.goto(f"{server}/")
    start = engine.wait(f"document.querySelector('.la[data-state=ready]') && {IMAGE}.dataset.z")
    engine.wait("document.querySelector('.la-points').dataset.drawn === '10000'")
    engine.move(engine.centre("[data-testid=latent-map]", 0.4, 0.4))
    hovered = moved(engine, [float(v) for v in start.split(",")])
    assert abs(np.array(engine.run(GREY)).reshape(28, 28) - torch_image(hovered)).max() <= 1
    engine.drag([engine.centre("[data-testid=latent-map]", 0.6, 0.45)])
    engine.wait("document.querySelector('[data-testid=pin-image]').dataset.source === 'server'")
    slider = [engine.centre("[data-testid=z-slider-0]", share) for share in (0.5, 0.6, 0.7)]
    pinned = z_of(engine)
    engine.drag(slider)
    slid = moved(engine, pinned)
    assert slid[0] != pinned[0] and slid[1] == pinned[1]
    button(engine, "lasso")
    corners = ((0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6), (0.3, 0.32))
    engine.drag([engine.centre("[data-testid=latent-map]", *corner) for corner in corners])
    engine.wait(
        "document.querySelector('[data-testid=region-count]').textContent.includes('of 10,000')"
    )
    link = engine.wait("new URL(location.href).searchParams.get('in') && location.href")
    assert parse_qs(urlsplit(link).query)["z"] == [",".join(f"{v:g}" for v in slid)]

    Image.fromarray(255 - torch_image(hovered).astype(np.uint8)).resize((84, 84)).save(
        tmp_path / "item.png"
    )
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"main", "explore"}
    for page in sorted(pages):
        engine.goto(f"{server}/{page}")
        engine.wait("document.querySelector('h1')")
        engine.wait("!document.querySelector('[data-state=loading], [data-testid=stSpinner]')")
        assert not engine.run("!!document.querySelector('[data-testid=stException]')"), page
        assert engine.run("document.documentElement.scrollWidth <= innerWidth"), page
        if page == "lookup":
            engine.wait("document.querySelector('.lk [data-testid=near-code] button')")
            first = engine.run("document.querySelector('.lk').dataset.key")
            engine.run(f"{FILE}.click() ?? true")
            engine.wait("document.querySelector('input[type=file]')")
            engine.choose_file("input[type=file]", tmp_path / "item.png")
            engine.wait(f"document.querySelector('.lk').dataset.key !== '{first}'")
    engine.goto(link)  # what was on the map is there again
    engine.wait("document.querySelector('[data-testid=pin-image]').dataset.source === 'server'")
    assert z_of(engine) == slid and not engine.errors, engine.errors
