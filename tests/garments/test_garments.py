"""Garments: the same on every machine, determined by their factors, and the same as an SVG."""

import hashlib
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

import vae
from vae import garments
from vae.__main__ import main
from vae.data.preview import preview
from vae.garments import dataset, factors, raster
from vae.garments.colours import GROUND, rgb
from vae.garments.factors import COLOURS, KINDS, NAMES, typical
from vae.validation import ConfigError

PLAIN = {"pattern": "plain", "trims": "none", "shade": 0.0}
OLDER = "garments-64-older"
EVERY = garments.sample(10, 5)  # one of each kind


def picture(*some, size=64):
    return garments.render(garments.table(list(some)), size).astype(int)


def silhouette(image):
    return (image != np.array(rgb(GROUND))[:, None, None]).any(0)


def test_a_seed_gives_the_same_garments_in_the_same_bytes_everywhere():
    again = garments.sample(10, 5)
    assert all(np.array_equal(again[name], EVERY[name]) for name in garments.FACTORS)
    assert not np.array_equal(garments.sample(10, 6)["length"], EVERY["length"])
    images = garments.render(EVERY)
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    assert digest == "2b10f3d3b44265b8994a32616629540150ac19b3d4f65d4a2fd99f8a89da40e2", (
        "other pictures are another data set"
    )
    few = {name: values[[3]] for name, values in EVERY.items()}  # whatever they are drawn with
    assert np.array_equal(garments.render(few)[0], images[3])


def test_factors_are_balanced_and_within_their_ranges():
    table = garments.sample(2000, 0)
    assert len(garments.FACTORS) == 12
    for name, options in {"kind": NAMES, "colour": COLOURS, "pattern": factors.PATTERNS}.items():
        counts = [np.sum(table[name] == option) for option in options]
        assert sum(counts) == 2000 and min(counts) > 0.7 * max(counts), name
    assert {np.sum(table["kind"] == kind) for kind in NAMES} == {200}
    for row in range(300):
        garments.garment(table, row).check()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"kind": "Shrit"}, "did you mean 'Shirt'"),
        ({"neckline": "hood"}, "expected one of round, V, boat"),
        ({"length": 2000}, "length is 2000; expected 560 to 760"),
        ({"colour": "puce"}, "expected one of ecru"),
        ({"shade": 2}, "expected -1 to 1"),
    ],
)
def test_a_factor_that_a_kind_does_not_have_is_one_sentence(wrong, words):
    with pytest.raises(ConfigError, match=words):
        garments.to_svg(replace(typical("T-shirt"), **wrong))


@pytest.mark.parametrize("kind", ["Dress", "Trousers"])
def test_every_factor_changes_the_pixels(kind):
    of, one = KINDS[kind], replace(typical(kind), pattern="check", trims="pockets")
    numbers = ("length", "width", "waist", "flare", "sleeve")
    changed = {name: getattr(of, name)[1] for name in numbers} | {"neckline": of.necklines[-1]}
    changed |= {"colour": "rust", "shade": 0.5, "pattern": "dots", "scale": 160, "trims": "none"}
    changed = {name: value for name, value in changed.items() if value != getattr(one, name)}
    others = [replace(one, **{name: value}) for name, value in changed.items()]
    before, *after = picture(one, *others)
    for name, image in zip(changed, after, strict=True):
        assert np.abs(image - before).max() > 20, name


def test_lengths_are_drawn_to_scale():
    one, pixel = replace(typical("Dress"), sleeve=0, flare=1.0), KINDS["Dress"].frame / 128
    sizes = [
        replace(one, length=length, width=width) for length, width in ((900, 400), (1200, 500))
    ]
    first, last = map(silhouette, picture(*sizes, size=128))
    rows = [np.flatnonzero(image.any(1))[-1] for image in (first, last)]
    assert (rows[1] - rows[0]) * pixel == pytest.approx(300, abs=pixel)
    widths = [image.sum(1).max() for image in (first, last)]
    assert (widths[1] - widths[0]) * pixel == pytest.approx(100, abs=2 * pixel)


@pytest.mark.parametrize("colour", COLOURS)
def test_the_colour_is_that_of_the_factor(colour):
    one = replace(typical("T-shirt"), colour=colour, **PLAIN)
    chest = (slice(None), 32, 32)
    plain, light, dark = picture(one, replace(one, shade=1), replace(one, shade=-1))
    assert plain[chest].tolist() == list(rgb(COLOURS[colour]))
    assert (light[chest] > plain[chest]).all() and (dark[chest] < plain[chest]).all()
    assert plain[:, 0, 0].tolist() == list(rgb(GROUND))


def test_garments_are_symmetric():
    some = [
        replace(typical(kind), pattern=pattern, trims="contrast")
        for kind in NAMES
        if kind not in ("Trousers", "Shorts")  # their fly is on one side
        for pattern in factors.PATTERNS
    ]
    images = picture(*some)
    assert np.abs(images - images[..., ::-1]).max() <= 4  # lines that cross, one over the other


def polygons(svg):
    """The filled paths of an SVG as points in its user units, [(x, y), ...] each."""
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    group = root.find(f"{space}g")
    origin = np.array(re.findall(r"[-\d.]+", group.get("transform")), float)
    for path in group.iter(f"{space}path"):
        if path.get("fill") == "none":
            continue
        points = []
        for letter, text in re.findall(r"([MLC])([^MLCZ]+)", path.get("d")):
            numbers = np.array(text.split(","), float).reshape(-1, 2) + origin
            if letter == "C":
                a, (b, c, d) = np.array(points[-1]), numbers
                t = np.linspace(0.05, 1, 20)[:, None]
                curve = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c
                points += map(tuple, curve + t**3 * d)
            else:
                points.append(tuple(numbers[0]))
        yield points


@pytest.mark.parametrize("kind", NAMES)
def test_the_svg_is_in_millimetres_and_has_the_outline_of_the_pixels(kind):
    row = int(np.flatnonzero(EVERY["kind"] == kind)[0])
    one, frame = garments.garment(EVERY, row), KINDS[kind].frame
    svg = garments.to_svg(one)
    root = ET.fromstring(svg)
    assert (
        root.get("width") == f"{frame:g}mm" and root.get("viewBox") == f"0 0 {frame:g} {frame:g}"
    )
    assert f"length: {one.length:.4g};" in svg and f">{kind}<" in svg
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids)) and not any(" " in name for name in ids)
    side = 512
    drawn = Image.new("L", (side, side))
    for points in polygons(svg):
        ImageDraw.Draw(drawn).polygon(
            [(x * side / frame, y * side / frame) for x, y in points], 255
        )
    inside = np.asarray(drawn.reduce(2)) > 127
    seen = silhouette(picture(one, size=256)[0])
    assert not (inside & ~seen).any()
    # The line around it, half of which is outside, is 2 pixels wide.
    assert np.sum(seen & ~inside) < 2.2 * border(inside)


def test_the_command_draws_svg_and_png(tmp_path):
    def draw(*options):
        return CliRunner().invoke(main, ["draw", "--out", str(tmp_path / "a.svg"), *options])

    assert draw("--kind", "Coat", "--neckline", "lapels", "--colour", "plum").exit_code == 0
    one = replace(typical("Coat"), colour="plum")
    assert (tmp_path / "a.svg").read_text() == garments.to_svg(one)
    done = draw("--kind", "Coat", "--length", "12")
    assert done.exit_code == 2 and done.stderr == "Error: length is 12.0; expected 860 to 1140\n"
    done = draw("--colour", "plum", "--out", str(tmp_path / "a.png"), "--size", "40")
    assert done.exit_code == 0, done.output
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (40, 40)


def border(mask):
    """The number of pixels along the border of a mask."""
    return np.sum(mask[1:] != mask[:-1]) + np.sum(mask[:, 1:] != mask[:, :-1])


def test_the_coverage_of_a_polygon_is_its_area():
    triangle = np.array([[[1.25, 1.5], [6.75, 2.0], [3.0, 7.5]]])
    (rows, columns), covered = raster.coverage([triangle], 8)
    (ax, ay), (bx, by), (cx, cy) = triangle[0]
    area = abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2
    assert covered.sum() == pytest.approx(area, rel=1e-6)
    assert covered.max() == 1 and (rows, columns) == (slice(1, 8), slice(1, 7))
    square = np.array([[[2, 2], [5, 2], [5, 4.5], [2, 4.5]]], float)
    found = raster.coverage([square], 8)[1]
    assert np.array_equal(found[0], [[1, 1, 1], [1, 1, 1], [0.5, 0.5, 0.5]])


def test_the_data_set_has_its_factors_as_columns_and_is_drawn_once(tmp_path, monkeypatch):
    kept, render = tmp_path / "latent-atelier" / "drawn", dataset.render
    (kept / OLDER).mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(dataset, "COUNTS", {"train": 12, "test": 8})
    before, told = preview("garments", 64, {}), []
    assert before.images.min((1, 2, 3)).max() < 200 and list(kept.iterdir()) == [kept / OLDER]
    data = vae.load_dataset("garments", progress=lambda *done: told.append(done))
    assert told[0] == (0, 20) and told[-1] == (20, 20)
    assert np.array_equal(before.images, data.train.images) and before.test_count == 8
    assert data.train.images.shape == (12, 3, 64, 64) and data.class_names == NAMES
    assert list(data.test_metadata.columns) == list(dataset.COLUMNS.values())
    folders = [path.name for path in kept.iterdir() if path.is_dir()]
    assert len(folders) == 1 and folders != [OLDER]
    for row in range(3):
        kind = NAMES[data.test.labels[row]]
        one = dataset.garment(kind, data.test_metadata.columns, row)
        assert np.array_equal(picture(one)[0], data.test.images[row])
    monkeypatch.setattr(dataset, "render", lambda *_: pytest.fail("drawn twice"))
    assert np.array_equal(preview("garments", 64, {}).images, data.train.images)
    assert vae.load_dataset("garments").digest == data.digest
    small = vae.load_dataset("garments", size=28)
    assert small.train.images.shape == (12, 3, 28, 28)
    assert small.preparation.ground == GROUND and not small.preparation.centre
    monkeypatch.setattr(dataset, "render", render)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")  # where nothing can be kept
    assert vae.load_dataset("garments").digest == data.digest
