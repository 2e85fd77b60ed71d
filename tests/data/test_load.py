"""Data sets from real files, valid and hostile."""

import gzip
import io
import struct
import zipfile
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image
from sample_files import idx

from vae import DataError, load_dataset


def png(value=128, size=(8, 8), mode="L"):
    """Of one value, but for a pixel in the middle."""
    buffer, image = io.BytesIO(), Image.new(mode, size, value)
    image.putpixel((size[0] // 2, size[1] // 2), 200 if mode == "L" else (0, 200, 0))
    image.save(buffer, "PNG")
    return buffer.getvalue()


def bomb_png(side):
    """A PNG whose header claims side x side pixels but that holds almost none."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def zipped(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def rejected(path):
    with pytest.raises(DataError) as caught:
        load_dataset(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check(dataset, channels=1, size=28):
    for split in (dataset.train, dataset.test):
        assert split.images.dtype == np.uint8 and split.labels.dtype == np.int64
        assert split.images.shape == (len(split.labels), channels, size, size)
    assert len(dataset.test.images) >= 1


def test_digits_need_no_download_and_are_identical_each_time():
    one, two = load_dataset("digits"), load_dataset("digits")
    check(one)
    assert one.digest == two.digest
    assert len(one.train.images) + len(one.test.images) == 1797
    assert one.train.images.max() > 200


def test_starter_is_the_bundled_part_of_fashion_mnist():
    data = load_dataset("fashion-mnist-starter")
    check(data)
    assert (len(data.train.images), len(data.test.images)) == (10_000, 10_000)
    assert np.bincount(data.test.labels).tolist() == [1000] * 10
    assert data.class_names[7] == "Sneaker"


def test_the_folder_in_VAE_DATA_DIR_comes_first(tmp_path, monkeypatch):
    images = np.arange(5 * 28 * 28, dtype=np.uint8).reshape(5, 28, 28)
    for stem in ("train", "t10k"):
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(idx(images))
        labels = gzip.compress(idx(np.arange(5, dtype=np.uint8)))
        (tmp_path / f"{stem}-labels-idx1-ubyte.gz").write_bytes(labels)
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    data = load_dataset("fashion-mnist")
    assert np.array_equal(data.train.images[:, 0], images)
    assert data.test.labels.tolist() == [0, 1, 2, 3, 4]


def test_a_folder_with_one_subfolder_per_class_and_a_flat_one(tmp_path):
    for name, value in (("cats", 10), ("dogs", 240)):
        (tmp_path / name).mkdir()
        for k in range(6):
            (tmp_path / name / f"{k}.png").write_bytes(png(value, (40, 30)))
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    data = load_dataset(tmp_path)
    check(data)
    assert data.class_names == ("cats", "dogs")
    bright = data.train.images.mean((1, 2, 3)) > 128
    assert np.array_equal(bright, data.train.labels == 1)
    flat = load_dataset(tmp_path / "cats", size=16)
    check(flat, size=16)
    assert len(flat.class_names) == 1


def test_a_colour_zip_with_tricky_names_writes_nothing(tmp_path):
    inside = tmp_path / "box"
    inside.mkdir()
    names = ("../evil.png", "/abs.png", "a/x.png", "a/y.png", "__MACOSX/z.png")
    path = zipped(inside / "x.zip", {name: png((250, 0, 0), mode="RGB") for name in names})
    check(load_dataset(path), channels=3)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["box", "x.zip"]


def test_npz_in_three_layouts(tmp_path):
    grey = np.arange(12 * 28 * 28, dtype=np.uint8).reshape(12, 28, 28)
    for k, images in enumerate((grey, grey[:, None], np.stack([grey] * 3, -1))):
        np.savez(tmp_path / f"{k}.npz", images=images, labels=np.arange(12) % 3)
        check(load_dataset(tmp_path / f"{k}.npz"), channels=3 if k == 2 else 1)


def test_unknown_name_suggests_the_nearest():
    assert "'fashion-mnist'" in rejected("fashion-mnits")


HOSTILE_ZIPS = {
    "empty": {},
    "only text": {"a.txt": b"hello"},
    "one image": {"a.png": png()},
    "truncated": {"a.png": png(size=(64, 64))[:-30], "b.png": png()},
    "text named png": {"a.png": b"hello", "b.png": png()},
    "25 megapixels": {"a.png": bomb_png(5_000), "b.png": png()},
    "100 megapixels": {"a.png": bomb_png(10_000), "b.png": png()},
    "900 megapixels": {"a.png": bomb_png(30_000), "b.png": png()},
    "large member": {"a.png": b"\0" * (70 * 2**20), "b.png": png()},
}


@pytest.mark.parametrize("case", HOSTILE_ZIPS)
def test_hostile_zips_are_rejected_with_one_sentence(case, tmp_path):
    rejected(zipped(tmp_path / "x.zip", HOSTILE_ZIPS[case]))


@pytest.mark.parametrize("ending", ["zip", "npz"])
def test_a_damaged_archive_raises_nothing_but_a_data_error(ending, tmp_path):
    path = tmp_path / f"x.{ending}"
    if ending == "zip":
        zipped(path, {f"{k}.png": png(size=(99, 99)) + bytes(999) for k in "ab"})
    else:
        np.savez_compressed(path, images=np.arange(6272).reshape(8, 28, 28) % 251)
    with zipfile.ZipFile(path) as archive:
        start = 30 + len(archive.namelist()[0])  # of the first member's data
    content = bytearray(path.read_bytes())
    for position in range(start, start + 120):
        damaged = content.copy()
        damaged[position : position + 15] = b"\xff" * 15
        path.write_bytes(damaged)
        with suppress(DataError):  # some damage changes nothing that is read
            load_dataset(path)


def test_a_zip_with_an_unknown_compression_is_rejected(tmp_path):
    path = zipped(tmp_path / "x.zip", {"a.png": png(), "b.png": png()}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        parts = content.split(signature)
        parts[1:] = [p[: offset - 4] + b"\x63\x00" + p[offset - 2 :] for p in parts[1:]]
        content = signature.join(parts)
    path.write_bytes(content)
    rejected(path)


PACKED = gzip.compress(idx(np.zeros((9, 8, 8), np.uint8)))
HOSTILE_IDX = {
    "empty": b"",
    "text": b"hello world",
    "head only": b"\0\0\x08\x03\0\0",
    "short body": idx(np.zeros((9, 8, 8), np.uint8))[:-1],
    "huge claim": b"\0\0\x08\x03" + b"\xff" * 12 + b"\0" * 50,
    "zero images": idx(np.zeros((0, 8, 8), np.uint8)),
    "one dimension": idx(np.zeros(9, np.uint8)),
    "cut gzip": PACKED[:-9],
    "damaged gzip": PACKED[:12] + b"\xff\xff\xff" + PACKED[15:],
}


@pytest.mark.parametrize("case", HOSTILE_IDX)
def test_hostile_idx_files_are_rejected_with_one_sentence(case, tmp_path):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(HOSTILE_IDX[case])
    rejected(path)


ROWS = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
HOSTILE_NPZ = {
    "objects": {"images": np.array([{}] * 4, dtype=object)},
    "texts": {"images": np.full((4, 8, 8), "a")},
    "no images": {"pictures": ROWS},
    "no pixels": {"images": np.zeros((4, 0, 8), np.uint8)},
    "flat": {"images": np.zeros((4, 64), np.uint8)},
    "nan": {"images": np.full((4, 8, 8), np.nan)},
    "few labels": {"images": ROWS, "labels": np.zeros(3, int)},
    "nan labels": {"images": ROWS, "labels": np.full(4, np.nan)},
    "text labels": {"images": ROWS, "labels": np.array(list("abcd"))},
    "huge labels": {"images": ROWS, "labels": np.array([0, 1, 2, 2**40])},
}


@pytest.mark.parametrize("case", HOSTILE_NPZ)
def test_hostile_npz_files_are_rejected_with_one_sentence(case, tmp_path):
    np.savez(tmp_path / "x.npz", **HOSTILE_NPZ[case])
    rejected(tmp_path / "x.npz")


def test_files_of_another_kind_are_rejected(tmp_path):
    (tmp_path / "x.csv").write_text("1,2")
    rejected(tmp_path / "x.csv")
    (tmp_path / "x.zip").write_text("no archive")
    rejected(tmp_path / "x.zip")
    (tmp_path / "x.npz").write_text("no archive")
    rejected(tmp_path / "x.npz")
    (tmp_path / "void").mkdir()
    rejected(tmp_path / "void")
