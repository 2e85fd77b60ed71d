"""Augment: settings, preview, export, and the exported file read by torchvision."""

import zipfile

import numpy as np
from helpers import go_to, query, wait_for_query
from live import ROOT, wait_until
from playwright.sync_api import expect
from torchvision.datasets import ImageFolder

import vae
from vae.augmentation.dataset_files import decode_manifest, measured

PREVIEW = '[data-testid="made-preview"]'
SOURCES = f"Array.from(document.querySelectorAll('{PREVIEW} img')).map(i => i.src).join()"


def opened(open_page, path="/augment", **options):
    page = open_page(path, ready=False, **options)
    page.wait_for_selector(PREVIEW, timeout=60_000)
    return page


def other_pictures(page, act) -> None:
    """Does something after which other pictures are shown, all of them loaded."""
    before = page.evaluate(SOURCES)
    act()
    wait_until(page, f"before => {SOURCES} !== before", arg=before)
    wait_until(
        page,
        f"Array.from(document.querySelectorAll('{PREVIEW} img'))"
        ".every(i => i.complete && i.naturalWidth > 0)",
    )


def fill(page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")


def test_settings_export_and_reading_back_with_torchvision(open_page, tmp_path):
    page = opened(open_page, "/augment?m=fashion-cvae")
    expect(page.locator(f"{PREVIEW} img")).to_have_count(10)
    expect(page.get_by_text("Ankle boot", exact=True)).to_be_visible()
    other_pictures(page, lambda: fill(page, "Seed", "7"))
    wait_for_query(page, "seed", "7")
    slider = page.get_by_role("slider", name="Spread")
    slider.focus()
    other_pictures(page, lambda: slider.press("ArrowLeft"))
    wait_for_query(page, "sp", "0.95")
    fill(page, "Images per class", "12")
    wait_for_query(page, "n", "12")
    page.get_by_role("button", name="Create file").click()
    with page.expect_download() as waiting:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    assert waiting.value.suggested_filename == "fashion-cvae-synthetic-7.zip"
    with zipfile.ZipFile(waiting.value.path()) as archive:
        archive.extractall(tmp_path)
    folder = ImageFolder(tmp_path)
    assert len(folder) == 120 and np.bincount(folder.targets).tolist() == [12] * 10
    assert folder.classes[9] == "9-Ankle-boot"
    manifest = (tmp_path / "manifest.json").read_bytes()
    again = decode_manifest(manifest, vae.load(ROOT / "checkpoints/fashion-cvae"))
    found = np.stack([np.asarray(image.convert("L")) for image, _ in folder])
    assert abs(found.astype(int) - again[:, 0]).max() <= 1

    # The link brings the same pictures to another window.
    link = "/augment?" + "&".join(f"{k}={v}" for k, v in query(page).items())
    shown = page.evaluate(SOURCES)
    second = opened(open_page, link)
    wait_until(second, f"shown => {SOURCES} === shown", arg=shown)


def test_a_long_export_is_stopped_and_a_class_with_too_few_images_is_named(open_page):
    page = opened(open_page, "/augment?m=fashion-hvae&n=1000")
    page.get_by_role("button", name="Create file").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Export stopped.").wait_for()
    page.goto(page.url.split("/augment")[0] + "/augment?m=fashion-vae&n=300&min=0.99")
    page.wait_for_selector(PREVIEW, timeout=60_000)
    page.get_by_role("button", name="Create file").click()
    page.get_by_text("lower the minimum confidence of 0.99").wait_for(timeout=60_000)


def test_this_page_and_models_fit_a_phone_and_it_is_reached_from_the_navigation(open_page):
    page = open_page("/models", ready=False, viewport={"width": 390, "height": 844})
    page.get_by_role("heading", name="torn (damaged)").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})
    go_to(page, "Augment")
    page.wait_for_selector(PREVIEW, timeout=60_000)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_text("Does it help?").scroll_into_view_if_needed()
    expect(page.get_by_text("whichever model is chosen above")).to_be_visible()
    page.wait_for_selector(".js-plotly-plot" if measured() else "text=Not measured here")
    wide = page.evaluate(
        "Math.max(...Array.from(document.querySelectorAll('[data-testid=stMain]'))"
        ".map(e => e.scrollWidth - e.clientWidth))"
    )
    assert wide <= 0
    assert not page.evaluate("Array.from(document.images).filter(i => !i.alt).length")
