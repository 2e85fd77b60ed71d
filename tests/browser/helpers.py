"""What several browser tests read from the page."""

import io
import re
import time
from base64 import b64decode, b64encode
from functools import cache

import numpy as np
from live import ROOT, wait_until
from PIL import Image
from playwright.sync_api import Locator, Page, TimeoutError

import vae
from vae.latent.encoding import decode_uint8

IMAGE = '[data-testid="decoded-image"]'
MAP = '[data-testid="latent-map"]'


SECTIONS = {
    "Apply": ("Similarity search", "Anomalies", "Reduce", "Clusters", "Augment"),
    "Models": ("Train", "Compare", "Models"),
}


def go_to(page: Page, title: str) -> None:
    """Chooses a page in the bar at the top; those of a section are in its menu."""
    section = next((s for s, titles in SECTIONS.items() if title in titles), None)
    if section is None:
        page.get_by_role("link", name=title, exact=True).click()
    else:
        page.locator("nav").get_by_role("button", name=section, exact=True).click()
        page.get_by_role("menuitem", name=title, exact=True).click()


def choose(page: Page, field: str, option: str | re.Pattern[str]) -> None:
    """Chooses in a list. What the page still draws may close the list, or move it away under the
    pointer; then it is done once more."""
    offered = page.get_by_role("option", name=option, exact=True)
    until = time.monotonic() + 60
    while True:
        if not offered.is_visible():
            page.get_by_role("combobox", name=field, exact=True).press("ArrowDown")
        try:
            offered.click(timeout=4000)
            offered.wait_for(state="hidden", timeout=8000)
            return
        except TimeoutError:
            if time.monotonic() > until:
                raise


def look(page: Page, width: int, scheme: str) -> None:
    """Gives the window another width and theme, and waits until the page is drawn so."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    wait_until(
        page,
        "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme",
        arg=scheme,
    )
    page.wait_for_timeout(600)


def z_of(page: Page, selector: str = IMAGE) -> list[float]:
    """The code of an image, once there is one."""
    wait_until(page, "selector => document.querySelector(selector)?.dataset.z", arg=selector)
    return [float(v) for v in page.locator(selector).first.get_attribute("data-z").split(",")]


def rgba(canvas: Locator) -> np.ndarray:
    """The pixels [H, W, 4] of a canvas at its own resolution."""
    # As a PNG, because Playwright wraps each number of an array.
    png = canvas.evaluate("c => c.toDataURL('image/png').split(',')[1]")
    return np.array(Image.open(io.BytesIO(b64decode(png))).convert("RGBA"))


def pixels(canvas: Locator) -> np.ndarray:
    """Grey values [H, W] of a canvas at its own resolution."""
    return rgba(canvas)[..., 0].astype(int)


@cache
def model_of(name: str) -> vae.Autoencoder:
    return vae.load(ROOT / "checkpoints" / name).model


def torch_image(
    z: list[float], name: str = "fashion-vae", *, label: int | None = None, seed: int = 0
) -> np.ndarray:
    """Grey values [H, W] that torch decodes at z with a bundled checkpoint."""
    return decode_uint8(model_of(name), np.array([z]), label=label, seed=seed)[0, :, :, 0].astype(
        int
    )


def on_map(page: Page, fx: float, fy: float) -> tuple[float, float]:
    """Page coordinates of a fraction of the map's canvas."""
    box = page.locator(MAP).bounding_box()
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def changed(page: Page, selector: str, attribute: str, before: str | None) -> str:
    """What an element's attribute has become, once it is no longer what it was."""
    wait_until(
        page,
        "([s, a, before]) => document.querySelector(s).getAttribute(a) !== before",
        arg=[selector, attribute, before],
    )
    return page.locator(selector).first.get_attribute(attribute)


def at_rest(page: Page, selector: str, attribute: str) -> str:
    """An element's attribute once it has not changed for a while."""
    seen = None
    while (now := page.locator(selector).first.get_attribute(attribute)) != seen:
        seen = now
        page.wait_for_timeout(300)
    return seen


def hover(page: Page, fx: float, fy: float) -> list[float]:
    """Moves the pointer there and returns the code shown once it has changed."""
    before = page.locator(IMAGE).get_attribute("data-z")
    page.mouse.move(*on_map(page, fx, fy))
    changed(page, IMAGE, "data-z", before)
    return z_of(page)


def click(page: Page, fx: float, fy: float) -> list[float]:
    """Pins a place and waits for torch's image of it; returns the pin's code."""
    count = page.locator('[data-testid="pin-image"]').count()
    page.mouse.click(*on_map(page, fx, fy))
    wait_until(
        page,
        "n => { const p = document.querySelectorAll('[data-testid=pin-image]');"
        " return p.length === n + 1 && p[n].dataset.source === 'server'; }",
        arg=count,
    )
    return z_of(page, f'[data-testid="pin-list"] li:nth-child({count + 1}) canvas')


def query(page: Page) -> dict[str, str]:
    return page.evaluate("Object.fromEntries(new URL(location.href).searchParams)")


def wait_for_query(page: Page, name: str, value: str | None = None) -> None:
    wait_until(
        page,
        "([name, value]) => { const v = new URL(location.href).searchParams.get(name);"
        " return value === null ? v !== null : v === value; }",
        arg=[name, value],
    )


def drop(page: Page, picture: bytes, at: str = "h1") -> bool:
    """Drops a PNG on an element, as from the desktop. Returns whether the page took it; else a
    browser would leave the page for the picture."""
    return page.evaluate(
        """([text, at]) => {
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
            const how = { dataTransfer, bubbles: true, cancelable: true };
            const event = (name) => new DragEvent(name, how);
            const taken = (name) => !document.querySelector(at).dispatchEvent(event(name));
            return taken("dragover") && taken("drop");
        }""",
        [b64encode(picture).decode(), at],
    )
