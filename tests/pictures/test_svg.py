"""SVG outlines, parsed as XML and filled again."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

import vae
from vae.pictures.svg import LEVELS, contours, to_svg
from vae.pictures.upscale import enlarge

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pictures():
    images = vae.load_dataset("fashion-mnist-starter").test.images[:12].astype(np.float32) / 255
    return enlarge(images, 224)[:, 0]


def filled(path: str, size: int) -> np.ndarray:
    """The region of a path by the even-odd rule. It is drawn eight times larger, because Pillow
    fills a polygon's border too, and sampled at the centre of each pixel."""
    region = Image.new("1", (8 * size, 8 * size))
    t = np.linspace(0, 1, 9)[1:, None]
    for part in re.findall(r"M([^Z]*)Z", path):
        numbers = np.array([float(v) for v in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", part)])
        at, points = numbers[:2], []
        for one, two, end in numbers[2:].reshape(-1, 3, 2):
            curve = (1 - t) ** 3 * at + 3 * (1 - t) ** 2 * t * one
            curve = curve + 3 * (1 - t) * t**2 * two + t**3 * end
            points += [tuple(8 * p - 0.5) for p in curve]
            at = end
        ring = Image.new("1", region.size)
        ImageDraw.Draw(ring).polygon(points, fill=1)
        region = ImageChops.logical_xor(region, ring)
    return np.asarray(region)[4::8, 4::8]


def test_every_level_covers_the_same_region_as_the_image(pictures):
    shares = []
    for picture in pictures:
        paths = ElementTree.fromstring(to_svg(picture, size=224)).findall(f"{SVG}path")
        for path, level in zip(paths, [x for x in LEVELS if (picture > x).any()], strict=False):
            truth = picture > level
            if truth.sum() < 500:
                continue
            made = filled(path.get("d"), 224)
            shares.append((made & truth).sum() / (made | truth).sum())
    assert len(shares) > 30 and np.mean(shares) > 0.97 and min(shares) > 0.85


def test_a_disc_is_a_disc_with_few_corners():
    y, x = np.mgrid[:100, :100] + 0.5
    disc = np.clip(30.5 - np.hypot(x - 50, y - 50), 0, 1)
    (ring,) = contours(disc, 0.5)
    assert abs(np.hypot(*(ring - 50).T) - 30).max() < 0.6 and len(ring) < 60
    region = filled(re.search(r' d="([^"]*)"', to_svg(disc, levels=(0.5,), size=100))[1], 100)
    assert abs(region.sum() - np.pi * 900) < 60


def test_contours_close_at_the_border():
    full = np.ones((10, 10))
    (ring,) = contours(full, 0.5)
    assert ring.min() == pytest.approx(0, abs=0.01) and ring.max() == pytest.approx(10, abs=0.01)


def test_black_gives_no_shapes_and_titles_are_escaped():
    tree = ElementTree.fromstring(to_svg(np.zeros((28, 28)), title="a <b> & c"))
    assert tree.findall(f"{SVG}path") == [] and tree.find(f"{SVG}title").text == "a <b> & c"
    assert tree.get("viewBox") == "0 0 280 280"
