"""The map as one file: opened from the disk without a network, it does what the app's map does."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from helpers import IMAGE, hover, on_map, pixels, torch_image, z_of
from live import ROOT, wait_for_map, wait_until
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from vae.__main__ import main


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("one") / "fashion-vae.html"
    model = ROOT / "checkpoints/fashion-vae"
    lessons = ("--lesson", "posterior", "--lesson", "loss")
    done = CliRunner().invoke(main, ["export", str(model), "--html", str(path), *lessons])
    assert done.exit_code == 0, done.stderr
    return path


@pytest.fixture
def page(browser: Browser, file: Path):
    """The file, opened without a network; nothing is asked for but the file itself."""
    context = browser.new_context(offline=True, viewport={"width": 1440, "height": 900})
    tab, said, asked = context.new_page(), [], []
    tab.on("console", lambda m: said.append(m.text))
    tab.on("pageerror", lambda e: said.append(e.stack or str(e)))
    tab.on("request", lambda r: r.url.startswith("data:") or asked.append(r.url))
    tab.goto(file.as_uri())
    wait_for_map(tab)
    yield tab
    context.close()
    assert not said and asked == [file.as_uri()]


def save(page: Page, kind: str) -> Image.Image:
    with page.expect_download() as started:
        page.get_by_role("button", name=f"Save {kind}").click()
    return Image.open(io.BytesIO(Path(started.value.path()).read_bytes()))


def test_it_decodes_pins_selects_and_makes_films(page, file):
    assert file.stat().st_size < 8_000_000
    z = hover(page, 0.4, 0.4)
    assert abs(pixels(page.locator(IMAGE)) - torch_image(z)).max() <= 1
    page.mouse.click(*on_map(page, 0.4, 0.4))
    page.locator('[data-testid="latent-map"]').press("ArrowRight")
    page.keyboard.press("Enter")
    pins = page.locator('[data-testid="pin-image"]')
    wait_until(page, "document.querySelectorAll('[data-testid=pin-image]').length === 2")
    first = z_of(page, '[data-testid="pin-image"]')
    assert pins.first.get_attribute("data-source") == "browser"
    assert abs(pixels(pins.first) - torch_image(first)).max() <= 1

    wait_until(page, "document.querySelectorAll('[data-testid=frame][data-z]').length === 16")
    film = save(page, "GIF")
    assert film.format == "GIF" and film.n_frames == 16 and film.size == (280, 280)
    shown = np.array(film.convert("L").resize((28, 28), Image.Resampling.NEAREST), int)
    assert abs(shown - torch_image(first)).max() <= 1
    assert save(page, "PNG").size == (8 * 112, 2 * 112)

    near = page.locator('[data-testid="neighbour-list"] img').first
    wait_until(
        page, "document.querySelector('[data-testid=neighbour-list] img').naturalWidth === 28"
    )
    assert near.get_attribute("src").startswith("data:image/png")
    page.get_by_role("button", name="Thumbnails").click()
    wait_until(page, "Number(document.querySelector('.la-points').dataset.thumbnails) > 20")

    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(*on_map(page, 0.45, 0.4))
    page.mouse.down()
    for at in ((0.55, 0.4), (0.55, 0.6), (0.45, 0.6), (0.45, 0.41)):
        page.mouse.move(*on_map(page, *at), steps=4)
    page.mouse.up()
    count = page.locator('[data-testid="region-count"]')
    expect(count).to_have_text(re.compile("^[1-9][0-9,]* of 10,000 test images inside"))
    assert "Below" not in count.inner_text()

    page.get_by_role("button", name="Dark").click()
    wait_until(page, "getComputedStyle(document.body).backgroundColor === 'rgb(27, 26, 25)'")
    for hidden in ("copy", "figure", "save"):
        assert page.locator(f'[data-do="{hidden}"]').is_hidden()

    page.locator("#step-loss").scroll_into_view_if_needed()
    for step in ("posterior", "loss"):
        expect(page.locator(f'[data-step="{step}"]')).to_have_attribute("data-state", "ready")
    expect(page.locator('[data-step="loss"] .ls-legend')).to_contain_text("μ₁ =")
