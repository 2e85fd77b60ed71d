"""Data sets from real files, valid and hostile."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sample_files import idx

from vae import DataError, load_dataset
from vae.data import load, picture_set, selection
from vae.data.sources import open_source
from vae.preparation import Choices, picture


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
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
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


def test_emoji_have_categories_names_a_licence_and_any_ground():
    data = load_dataset("emoji", ground="#336699")
    check(data, channels=3, size=64)
    known = selection.metadata_of(data)
    counts = np.bincount(np.concatenate([data.test.labels, data.train.labels]))
    assert len(data.class_names) == len(counts) == 10 and counts.min() == 47
    assert len(set(known.paths)) == 1906 == counts.sum() and len(data.test.labels) == 191
    number = known.paths.index("Japan Flag")
    assert selection.name_of(data, number) == "Japan Flag"
    assert data.class_names[selection.labels_of(data, number)] == "Flags"
    assert known.columns["subcategory"][number] == "country flag"
    assert selection.find(data, "FLAG japan").tolist() == [number]
    hearts = [known.paths[found] for found in selection.find(data, "heart")]
    assert len(hearts) > 20 and all("heart" in name.lower() for name in hearts[:20])
    assert selection.find(data, "no such thing").tolist() == []
    assert data.train.images[:, :, 0, 0].tolist().count([0x33, 0x66, 0x99]) > 1500
    images = {image.tobytes() for image in data.train.images}
    pixels = load._emoji().splits[""].images[:40]
    looked_up = [picture.prepare(_rgba(image), data.preparation) for image in pixels]
    assert sum(image.tobytes() in images for image in looked_up) > 30  # a tenth is held out
    licence = (load.STARTER / "EMOJI-LICENSE.txt").read_text()
    assert all(word in licence for word in ("Noto", "Copyright", "Apache License"))
    assert sum(path.stat().st_size for path in load.STARTER.glob("emoji.*")) < 8e6


def _rgba(image):
    return Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))


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


def test_npz_in_four_layouts(tmp_path):
    grey = np.arange(12 * 28 * 28, dtype=np.uint8).reshape(12, 28, 28)
    colour = np.stack([grey, 255 - grey, grey], -1)
    for k, images in enumerate((grey, grey[:, None], np.stack([grey] * 3, -1), colour)):
        np.savez(tmp_path / f"{k}.npz", images=images, labels=np.arange(12) % 3)
        check(load_dataset(tmp_path / f"{k}.npz"), channels=3 if k == 3 else 1)


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


def test_zips_that_zipfile_cannot_read_are_rejected_with_one_sentence(tmp_path):
    path = zipped(tmp_path / "x.zip", {"ä.png": png(), "b.png": png()})
    content = path.read_bytes()
    for before, after in [
        ("ä.png".encode(), b"\xff\xfe.png"),  # not UTF-8, though flagged so
        (b"PK\x01\x02\x14\x03\x14\x00", b"PK\x01\x02\x14\x03\x7f\x00"),  # version 12.7
        (
            b"PK\x01\x02\x14\x03\x14\x00\x00\x00",
            b"PK\x01\x02\x14\x03\x14\x00\x01\x00",
        ),  # encrypted
    ]:
        assert before in content
        path.write_bytes(content.replace(before, after))
        rejected(path)


def test_a_data_set_has_a_budget_of_pixels(tmp_path, monkeypatch):
    path = zipped(tmp_path / "x.zip", {f"{k}.png": png(size=(40, 40)) for k in range(9)})
    assert len(load_dataset(path).train.labels) == 8
    files = open_source(str(path))[1]
    with pytest.raises(DataError, match=r"x\.zip have more than"):
        picture_set.PictureSet("x.zip", files, (28, 28), Choices(), most=9 * 1600 - 1)
    monkeypatch.setattr(
        picture_set.psutil, "virtual_memory", lambda: SimpleNamespace(available=99)
    )
    assert "do not fit into memory; use --stream" in rejected(path)


def test_folders_with_links_pipes_and_long_names(tmp_path):
    for k in range(4):
        (tmp_path / f"{k}.png").write_bytes(png(99 + k))
    (tmp_path / "folder.png").mkdir()
    assert len(load_dataset(tmp_path).train.labels) == 3
    for name in ("fifo", "dangling", "circular", "device"):  # reported, not fatal
        path = tmp_path / f"{name}.png"
        if name == "fifo":
            os.mkfifo(path)
        else:
            path.symlink_to({"device": "/dev/zero", "circular": path}.get(name, "nowhere"))
        data = load_dataset(tmp_path)
        assert f"{name}.png" in data.report.to_csv()
        path.unlink()
    for ending in ("zip", "npz", "gz"):
        os.mkfifo(tmp_path / f"x.{ending}")
        assert "no regular file" in rejected(tmp_path / f"x.{ending}")
    (tmp_path / "alone").mkdir()
    os.mkfifo(tmp_path / "alone/train-images-idx3-ubyte")
    assert "no regular file" in rejected(tmp_path / "alone")
    assert len(rejected("x" * 5000)) < 400


PACKED = gzip.compress(idx(np.zeros((9, 8, 8), np.uint8)))
HOSTILE_IDX = {
    "empty": b"",
    "text": b"hello world",
    "head only": b"\0\0\x08\x03\0\0",
    "short body": idx(np.zeros((9, 8, 8), np.uint8))[:-1],
    "huge claim": b"\0\0\x08\x03" + b"\xff" * 12 + b"\0" * 50,
    "zero images": idx(np.zeros((0, 8, 8), np.uint8)),
    "one dimension": idx(np.zeros(9, np.uint8)),
    "no height": idx(np.zeros((4, 0, 8), np.uint8)),
    "packed terabytes": gzip.compress(b"\0\0\x08\x03" + b"\0\0\xff\xff" * 3),
    "goes on": gzip.compress(idx(np.zeros((9, 8, 8), np.uint8)) + bytes(10**7)),
    "255 dimensions": gzip.compress(b"\0\0\x08\xff" + b"\xff" * 1020),
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
    "no images": {"weights": np.ones((3, 4, 5, 6, 7))},
    "no pixels": {"images": np.zeros((4, 0, 8), np.uint8)},
    "flat": {"images": np.zeros((4, 64), np.uint8)},
    "nan": {"images": np.full((4, 8, 8), np.nan)},
    "few labels": {"images": ROWS, "labels": np.zeros(3, int)},
    "no dimension": {"images": np.array(3)},
    "many labels": {"images": ROWS, "labels": np.zeros(10**6, np.uint8)},
    "one value": {"images": np.full((4, 8, 8), 7)},
    "grey and colour": {"x_train": np.stack([ROWS] * 3, 1), "x_test": ROWS},
    "two scales": {"x_train": ROWS, "x_test": ROWS / 255},
}


@pytest.mark.parametrize("case", HOSTILE_NPZ)
def test_hostile_npz_files_are_rejected_with_one_sentence(case, tmp_path):
    np.savez(tmp_path / "x.npz", **HOSTILE_NPZ[case])
    rejected(tmp_path / "x.npz")


def member(shape, dtype="<u1", end=b"\n", content=bytes(64)):
    """The bytes of an .npy file that says what it likes."""
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode() + end
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + content


HOSTILE_MEMBERS = {
    "terabytes": member("(700000, 1000, 1000)"),
    "gigabytes": member("(20000, 1000, 1000)", "<f8"),
    "cut header": member("(4, 4, 4")[:40],
    "open bracket": member("(4, 4, (4"),
    "no .npy": b"hello",
    "empty": b"",
    "objects": member("(4, 4, 4)", "|O"),
    "version 9": b"\x93NUMPY\x09\x00" + bytes(99),
}


@pytest.mark.parametrize("case", HOSTILE_MEMBERS)
def test_hostile_members_are_rejected_before_memory_is_taken(case, tmp_path):
    zipped(tmp_path / "x.npz", {"images.npy": HOSTILE_MEMBERS[case]})
    rejected(tmp_path / "x.npz")
    (tmp_path / "y.npz").write_bytes(HOSTILE_MEMBERS[case])
    rejected(tmp_path / "y.npz")


BYTES = np.arange(4 * 64, dtype=np.uint8).reshape(4, 8, 8)


@pytest.mark.parametrize(
    ("values", "white"),
    [
        (BYTES, 255),
        (BYTES / 255, 1),
        (BYTES / np.float32(255) * 1.01 - 0.004, 1),  # resampling overshoots
        (BYTES.astype(np.int64), 255),
        (BYTES // 15, 17),  # digits of 0 to 17
        (BYTES / 15, 17),
        (BYTES.astype(np.uint16) * 16, 4080),
        (BYTES.astype(np.uint16) * 257, 65535),
        (BYTES > 99, 1),
        ((BYTES > 99).astype(np.uint8), 1),
        ((BYTES > 99).astype(np.int8), 1),
    ],
)
def test_values_are_scaled_by_type_and_range_both_splits_alike(values, white, tmp_path):
    expected = np.clip(values.astype(float) * (255 / white), 0, 255).round()
    np.savez(tmp_path / "x.npz", x_train=values, x_test=values[:3])
    data = load_dataset(tmp_path / "x.npz", size=8)
    assert np.array_equal(data.train.images[:, 0], expected) and expected.max() > 250
    assert np.array_equal(data.test.images[:, 0], expected[:3])


def test_masks_and_12_bit_pictures_fill_the_range(tmp_path):
    for name, pixels in (("mask", BYTES > 99), ("deep", BYTES.astype(np.uint16) * 16)):
        (tmp_path / name).mkdir()
        for k, image in enumerate(pixels.astype(np.uint8) if name == "mask" else pixels):
            Image.fromarray(image).save(tmp_path / name / f"{k}.png")
        data = load_dataset(tmp_path / name, size=8)
        values = np.unique(np.concatenate([data.train.images, data.test.images]))
        assert values.max() >= 254 and len(values) == (2 if name == "mask" else 256)


def test_images_in_any_memory_order_are_read_in_one(tmp_path):
    images = np.asfortranarray(np.arange(4 * 8 * 8 * 3, dtype=np.uint8).reshape(4, 8, 8, 3))
    np.savez(tmp_path / "x.npz", images=images)
    found = load_dataset(tmp_path / "x.npz", size=8)
    assert found.train.images.flags.c_contiguous and found.train.images.shape == (3, 3, 8, 8)
    np.savez(tmp_path / "y.npz", x_train=BYTES * 0 + 9, x_test=BYTES * 0 + 240)
    assert len(load_dataset(tmp_path / "y.npz").train.images) == 4


def test_files_of_another_kind_are_rejected(tmp_path):
    (tmp_path / "x.csv").write_text("1,2")
    rejected(tmp_path / "x.csv")
    (tmp_path / "x.zip").write_text("no archive")
    rejected(tmp_path / "x.zip")
    (tmp_path / "x.npz").write_text("no archive")
    rejected(tmp_path / "x.npz")
    (tmp_path / "void").mkdir()
    rejected(tmp_path / "void")
