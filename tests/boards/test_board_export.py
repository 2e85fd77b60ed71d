"""Boards as files: each opened again by common libraries; limits and cancelling."""

import csv
import io
import json
import shutil
import subprocess
import zipfile
from xml.etree import ElementTree

import numpy as np
import pypdf
import pytest
from msgspec.structs import replace
from PIL import Image

from vae import boards, garments
from vae.boards import Known, captions
from vae.boards.board_export import ExportOptions, export_board
from vae.boards.item import Board, new_item
from vae.pictures.animation import ExportError

DIGEST = "ab" * 32


@pytest.fixture
def board():
    first = new_item("m", DIGEST, (0.1 + 0.2, -1.0), order=1.0, note="quiet, “soft”", stars=4)
    first = replace(first, votes=("0a" * 6, "0b" * 6, "0c" * 6))
    second = new_item("m", DIGEST, (1.0, 2.0, 3.0), order=2.0, parents=(first.id,), seed=9)
    return Board("Autumn", 3, {first.id: first, second.id: second})


@pytest.fixture
def pictures():
    """Two discs uint8 [2, 28, 28, 1], one at full brightness and one at a fifth of it."""
    y, x = np.mgrid[:28, :28] - 13.5
    disc = np.clip(10 - np.hypot(x, y), 0, 1)
    return np.stack([disc * 255, disc * 51]).round().astype(np.uint8)[..., None]


def opened(board, pictures, *, background="white", size=112):
    data = export_board(
        board, board.sorted_items, pictures, ExportOptions("zip", size, background=background)
    )
    return zipfile.ZipFile(io.BytesIO(data))


def test_the_zip_holds_every_image_in_every_format(board, pictures):
    with opened(board, pictures) as archive:
        names = ["001-m_0.30_-1.00", "002-m_1.00_2.00-from-001"]
        pngs = [f"png/{n}.png" for n in names]
        svgs = [f"{kind}/{n}.svg" for n in names for kind in ("silhouette", "tones")]
        known = {"board.json", "board.csv", "sheet.png", "sheet.pdf", *pngs, *svgs}
        assert set(archive.namelist()) == known and archive.testzip() is None
        for name in svgs:
            assert ElementTree.fromstring(archive.read(name)).tag.endswith("svg")
        text = "".join(pypdf.PdfReader(archive.open("sheet.pdf")).pages[0].extract_text().split())
        assert "1·m★★★★♥3quiet,“soft”z0.30,-1.00" in text and "seed9·from1" in text
        sheet = Image.open(archive.open("sheet.png"))
        assert sheet.width > 1000
        _, items = boards.import_json(archive.read("board.json").decode())
        assert [i.z for i in items] == [i.z for i in board.sorted_items]
        rows = list(csv.DictReader(io.StringIO(archive.read("board.csv").decode())))
    assert rows[0]["note"] == "quiet, “soft”" and float(rows[0]["z1"]) == 0.1 + 0.2
    assert (rows[0]["z3"], rows[1]["z3"], rows[1]["seed"]) == ("", "3.0", "9")
    assert [row["votes"] for row in rows] == ["3", "0"]


def test_images_have_the_chosen_background(board, pictures):
    shown = {}
    for background in ("white", "dark", "transparent"):
        with opened(board, pictures, background=background, size=28) as archive:
            names = sorted(n for n in archive.namelist() if n.startswith("png/"))
            shown[background] = [
                np.asarray(Image.open(archive.open(n))).astype(int) for n in names
            ]
    assert np.array_equal(shown["dark"], pictures[..., 0])
    assert [p.shape for p in shown["white"]] == [(28, 28, 3)] * 2
    assert (shown["white"][0][0] == 255).all() and (shown["white"][1][0] == 255).all()
    for clear, dark in zip(shown["transparent"], pictures[..., 0], strict=True):
        assert clear.shape == (28, 28, 4) and (clear[0, :, 3] == 0).all()
        assert abs(clear[..., 0] * clear[..., 3] / 255 - dark).max() <= 2  # over black as it was


def test_coloured_images_stay_coloured_and_garments_are_drawn(board):
    item, garment = board.sorted_items[0], garments.typical("Skirt")
    shown = garments.render(garments.table([garment])).transpose(0, 2, 3, 1)
    options = ExportOptions("zip", 128, background="dark")  # on their own ground
    data = export_board(board, [item], shown, options, garments={"m"})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        png = Image.open(archive.open("png/001-m_0.30_-1.00.png"))
        assert png.size == (128, 128) and png.mode == "RGB"
        small = np.asarray(png.reduce(2)).astype(int)
        assert abs(small - shown[0]).max() <= 2  # averaged back it is the same
        drawn = ElementTree.fromstring(archive.read("drawn/001-m_0.30_-1.00.svg"))
        frame = garments.KINDS["Skirt"].frame
        assert drawn.find("{*}title").text == "Skirt" and drawn.get("width") == f"{frame:g}mm"
        paths = ElementTree.fromstring(archive.read("tones/001-m_0.30_-1.00.svg")).findall(
            "{*}path"
        )
        assert len({path.get("fill") for path in paths}) > 4


@pytest.mark.skipif(shutil.which("inkscape") is None, reason="Inkscape is not installed")
def test_inkscape_opens_the_three_kinds_of_vectors_as_they_look(board, tmp_path):
    item, garment = board.sorted_items[0], garments.typical("Skirt")
    shown = garments.render(garments.table([garment])).transpose(0, 2, 3, 1)
    data = export_board(board, [item], shown, ExportOptions("vectors", 448), garments={"m"})
    zipfile.ZipFile(io.BytesIO(data)).extractall(tmp_path)
    files = sorted(tmp_path.glob("*/*.svg"))
    assert [file.parent.name for file in files] == ["drawn", "silhouette", "tones"]
    size = str(shown.shape[2])
    subprocess.run(
        ["inkscape", "--export-type=png", "-w", size, *files], check=True, capture_output=True
    )
    ground = Image.new("RGBA", shown.shape[1:3], tuple(map(int, shown[0, 0, 0])))
    drawn, outline, tones = (
        np.asarray(Image.alpha_composite(ground, Image.open(file.with_suffix(".png"))))
        for file in files
    )
    for picture in (drawn, tones):
        apart = abs(picture[..., :3].astype(int) - shown[0])
        assert apart.mean() < 7 and np.percentile(apart, 95) < 40
    away = [abs(picture[..., :3] - shown[0, 0, 0].astype(int)) for picture in (shown[0], outline)]
    rows = [np.ptp(np.flatnonzero((one > 30).any((1, 2)))) for one in away]
    assert abs(rows[0] - rows[1]) <= 2  # the outline is as high as the item


def test_images_of_several_sizes_and_colours_are_each_enlarged_from_their_own(board):
    small, large = np.full((28, 28, 1), 90, np.uint8), np.zeros((64, 32, 3), np.uint8)
    small[9:20, 9:20], large[20:40, 8:24] = 200, (200, 30, 60)
    options = ExportOptions("zip", 128, "nearest", background="dark")
    data = export_board(board, board.sorted_items, [small, large], options)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("png/"))
        shown = [Image.open(archive.open(name)) for name in names]
        assert [(one.mode, one.size) for one in shown] == [("L", (128, 128)), ("RGB", (64, 128))]
        page = pypdf.PdfReader(archive.open("sheet.pdf")).pages[0]
        assert [one.image.size for one in page.images] == [(128, 128), (64, 128)]


def test_cut_outs_and_vectors_are_files_of_their_own(board, pictures):
    for format, count in (("cut-outs", 2), ("vectors", 4)):
        data = export_board(board, board.sorted_items, pictures, ExportOptions(format, 112))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert len(archive.namelist()) == count
            for name in archive.namelist():
                if format == "cut-outs":
                    assert Image.open(archive.open(name)).mode == "RGBA"
                elif name.startswith("silhouette"):
                    (path,) = ElementTree.fromstring(archive.read(name)).findall("{*}path")
                    curves = path.get("d").count("C")
                    assert path.get("fill") == "none" and 6 <= curves <= 40  # of a disc
                    assert path.get("d").count("M") == path.get("d").count("Z") == 1


def test_every_image_is_reported_and_cancelling_stops(board, pictures):
    calls = []
    export_board(
        board,
        board.sorted_items,
        pictures,
        ExportOptions("zip", 28),
        progress=lambda *at: calls.append(at),
    )
    assert calls == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4)]

    def stop(done, total):
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        export_board(board, board.sorted_items, pictures, ExportOptions("zip", 28), progress=stop)


def test_tables_ignore_the_image_size(board, pictures):
    chosen = board.sorted_items[:1]
    data = json.loads(export_board(board, chosen, pictures[:1], ExportOptions("json", size=9999)))
    assert data["name"] == "Autumn" and [i["id"] for i in data["items"]] == [chosen[0].id]
    assert (
        export_board(board, board.sorted_items * 300, pictures, ExportOptions("csv"))
        .decode()
        .count("\n")
        == 601
    )


@pytest.mark.parametrize(
    ("options", "count", "words"),
    [
        (ExportOptions("tiff"), 2, "the format is 'tiff'; expected one of zip"),
        (ExportOptions("zip", 27), 2, "the size is 27 pixels; expected 28 to 1024"),
        (ExportOptions("zip", 1025), 2, "expected 28 to 1024"),
        (ExportOptions("zip", background="blue"), 2, "the background is 'blue'"),
        (ExportOptions("zip"), 0, "0 images are selected; expected 1 to 400"),
        (ExportOptions("zip"), 401, "401 images are selected"),
        (ExportOptions("sheet-png", 896), 400, "321 million pixels; at most 100 million"),
    ],
)
def test_options_beyond_the_limits_are_refused_before_any_work(board, options, count, words):
    items = (board.sorted_items * 201)[:count]
    none = np.zeros((count, 28, 28, 1), np.uint8)
    with pytest.raises(ExportError, match=words):
        export_board(
            board, items, none, options, progress=lambda *_: pytest.fail("work was begun")
        )


def test_captions_tell_images_apart_also_in_a_selection(board):
    first, second = board.sorted_items
    known = {first.id: Known("T-shirt/top"), second.id: Known("between Bag and Coat", "a blend")}
    found = captions(board, known)
    assert found[first.id] == (1, "T-shirt/top", "z 0.30, -1.00 · m", "001-T-shirt-top_0.30_-1.00")
    assert found[second.id] == (
        *(2, "between Bag and Coat", "z 1.00, 2.00… · a blend · m · from 1"),
        "002-between-Bag-and-Coat_1.00_2.00-from-001",
    )
    data = export_board(
        *(board, [second], np.zeros((1, 28, 28, 1), np.uint8), ExportOptions("zip", 28)),
        names=found,
    )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "png/002-between-Bag-and-Coat_1.00_2.00-from-001.png" in archive.namelist()
