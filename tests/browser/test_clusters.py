"""The Clusters page: select on the map, rename, download, generate similar images."""

import csv
import io
import json
import re
from functools import cache
from pathlib import Path

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from helpers import IMAGE, go_to, pixels, query, torch_image, wait_for_query, z_of
from live import ROOT, wait_until
from playwright.sync_api import Page, expect

import vae
from vae.analysis import clustering
from vae.latent.encoding import split_codes
from vae.latent.polylines import in_polygon

CARD = '[data-testid="cluster-facts"]'
LIST = '[data-testid="cluster-list"] button'
READY = '.cl[data-state="ready"]'
SG_READY = '.sg[data-state="ready"]'


@cache
def codes() -> np.ndarray:
    checkpoint = vae.load(ROOT / "checkpoints" / "fashion-vae")
    return split_codes(checkpoint, vae.load_dataset("fashion-mnist-starter").test).mean


@cache
def found(method: str = "k-means", number: int = 10) -> clustering.Clustering:
    return clustering.cluster(codes(), method, number)


def opened(open_page, path: str = "/clusters", **options) -> Page:
    page = open_page(path, ready=False, **options)
    page.wait_for_selector(READY, timeout=60_000)
    return page


def place(page: Page, z: np.ndarray) -> tuple[float, float]:
    """Pixels on the map's canvas of a code; the view shows all that the codes cover."""
    from vae.latent.density import bounds

    box = page.get_by_test_id("cluster-map").bounding_box()
    x0, x1, y0, y1 = bounds(codes())
    width, height = box["width"] - 46, box["height"] - 32  # without the axes
    unit = max((x1 - x0) / width, (y1 - y0) / height)
    middle = 38 + width / 2, 8 + height / 2
    return (middle[0] + (z[0] - (x0 + x1) / 2) / unit, middle[1] - (z[1] - (y0 + y1) / 2) / unit)


def take(page: Page, words: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=words, exact=True).click()
    return Path(download.value.path()).read_bytes()


def test_a_cluster_is_selected_renamed_and_downloaded(open_page):
    page = opened(open_page)
    expect(page.locator(LIST)).to_have_count(10)
    data, own = vae.load_dataset("fashion-mnist-starter").test, found()
    item = int(own.members(4)[0])
    x, y = (float(v) for v in place(page, codes()[item]))
    page.get_by_test_id("cluster-map").click(position={"x": x, "y": y})
    wait_for_query(page, "c", "5")
    centre = own.centres[4].round(4)
    assert np.allclose(z_of(page), centre)
    assert abs(pixels(page.locator(IMAGE).first) - torch_image(centre.tolist())).max() <= 1
    label, share = clustering.class_shares(own.labels, data.labels, 4)[0]
    name = vae.load_dataset("fashion-mnist-starter").class_names[label]
    facts = page.locator(CARD).inner_text()
    assert f"{round(100 * share)} % {name}" in facts
    assert f"{(own.labels == 4).sum():,} of 10,000 test images" in facts
    for where, expected in (
        ("most-typical", own.members(4)[:6]),
        ("least-typical", own.members(4)[:-7:-1]),
    ):
        images = page.get_by_test_id(where).locator("img")
        sources = [images.nth(i).get_attribute("src") for i in range(6)]
        assert [int(s.split("/")[-1].split(".")[0]) for s in sources] == expected.tolist()
    field = page.get_by_test_id("cluster-name")
    field.fill("Legs, long")
    field.press("Enter")
    wait_for_query(page, "names", '{"5":"Legs, long"}')
    expect(page.locator(LIST).nth(4)).to_contain_text("Legs, long")
    rows = list(csv.DictReader(io.StringIO(take(page, "CSV").decode())))
    assert len(rows) == 10_000 and rows[item]["cluster_name"] == "Legs, long"
    assert [int(r["cluster"]) for r in rows] == own.labels.tolist()
    read = np.load(io.BytesIO(take(page, "npz")), allow_pickle=False)
    assert np.array_equal(read["codes"], codes()) and np.array_equal(read["label"], data.labels)
    assert take(page, "Parquet")[:4] == b"PAR1"
    # Another page and back, then a reload: the name is still there.
    go_to(page, "Board")
    page.wait_for_selector(".bd")
    go_to(page, "Clusters")
    page.wait_for_selector(READY)
    expect(page.locator(LIST).nth(4)).to_contain_text("Legs, long")
    page.reload()
    page.wait_for_selector(READY)
    expect(page.get_by_test_id("cluster-name")).to_have_value("Legs, long")


def test_similar_images_are_generated_inside_the_outline_of_a_cluster(open_page):
    page = opened(open_page, "/clusters?k=6&c=2")
    page.get_by_role("button", name="Generate similar images").click()
    page.wait_for_selector(SG_READY)
    wait_for_query(page, "src", "region")
    corners = [tuple(map(float, c.split(","))) for c in query(page)["in"].split(";")]
    own = found(number=6)
    core = codes()[own.members(1)[: len(own.members(1)) // 2]]
    assert in_polygon(core, corners).mean() > 0.98  # rounded corners may cut one or two
    page.locator('[data-testid="sample-grid"] button').first.click()
    wait_until(page, "document.querySelector('[data-testid=decoded-image]').dataset.z")
    assert in_polygon(np.array([z_of(page)]), corners).all()


def test_settings_change_the_clusters_a_link_restores_them_and_the_best_number_is_searched(
    open_page,
):
    page = opened(open_page)
    page.get_by_label("Clusters", exact=True).fill("4")
    page.keyboard.press("Enter")
    wait_for_query(page, "k", "4")
    expect(page.locator(LIST)).to_have_count(4)
    page.locator(LIST).first.focus()
    page.keyboard.press("ArrowRight")
    wait_for_query(page, "c", "2")
    page.get_by_role("button", name="Classes", exact=True).click()
    wait_for_query(page, "colour", "classes")
    page.get_by_role("button", name="Sneaker", exact=True).wait_for()
    link = page.url
    again = opened(open_page, link[link.index("/clusters") :])
    expect(again.locator(LIST)).to_have_count(4)
    expect(again.locator(LIST).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(again.get_by_role("button", name="Classes", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )

    page.get_by_text("How many clusters?").click()
    begin = page.get_by_role("button", name="Try 2 to 20")
    begin.click()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Continue", exact=True).click()
    expect(begin).to_be_disabled()  # all were tried
    use = page.get_by_role("button", name=re.compile(r"^Use \d"))
    best = use.inner_text().split()[1]
    tried = {k: clustering.quality(codes(), "k-means", k) for k in (2, 3, 4)}
    assert int(best) not in tried or max(tried, key=tried.get) == int(best)
    use.click()
    expect(page.locator(LIST)).to_have_count(int(best))


def test_noise_is_described_and_the_page_is_accessible_on_a_phone(open_page):
    names = json.dumps({"1": "One"})
    page = opened(
        open_page,
        f"/clusters?by=hdbscan&k=300&names={names}",
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
    )
    own = found("hdbscan", 300)
    expect(page.locator(LIST)).to_have_count(len(own.centres))
    expect(page.locator(LIST).first).to_contain_text("One")
    expect(page.locator(".cl-noise")).to_contain_text(f"{(own.labels < 0).sum():,} images")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ignored = {"color-contrast": {"enabled": False}}  # Streamlit's own captions
    report = Axe().run(page, context=".cl", options={"rules": ignored})
    assert report.violations_count == 0, report.generate_report()


def test_a_broken_link_and_a_damaged_model_are_reported(open_page):
    page = opened(open_page, "/clusters?k=900&by=spectral")
    page.get_by_text("could not be read (by, k)").wait_for()
    torn = open_page("/clusters?m=torn", ready=False)
    torn.get_by_text("torn cannot be opened").wait_for()
