"""A batch of uploaded files: each is read or rejected independently of the others."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from vae import DataError
from vae.config import Preparation
from vae.data import uploads
from vae.data.load import ITEMS

PLAIN = Preparation()
ITEM = Preparation(**ITEMS)


def png(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


GREY = Image.fromarray(np.arange(784, dtype=np.uint8).reshape(28, 28))
FRAMES = [Image.new("L", (28, 28), v) for v in (0, 90, 200)]


def read(files, how=PLAIN, **options):
    return uploads.read_files(uploads.list_files(files), how, **options)


def test_a_folder_of_one_class_is_read_and_images_of_the_models_size_are_unchanged():
    found = read([("some.zip", zipped({"bags/a.png": png(GREY), "bags/b.png": png(GREY)}))])
    assert found.accepted == ("bags/a.png", "bags/b.png") and found.errors == (None, None)
    assert np.array_equal(found.images, np.stack([np.asarray(GREY)[None]] * 2))


def test_broken_files_are_rejected_with_one_sentence_each_and_the_others_are_read():
    wide = Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)
    files = [
        ("good.png", png(GREY)),
        ("dot.png", png(Image.new("L", (1, 1)))),
        ("moving.gif", png(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:])),
        ("wide.png", png(wide)),
        ("torn.png", png(GREY)[:60]),
        ("text.png", b"hello"),
        ("empty.png", b""),
        ("good.png", png(GREY)),
        ("moving.png", png(FRAMES[2], save_all=True, append_images=FRAMES[:2])),
    ]
    found = read([*files, ("some.zip", zipped(dict(files[1:5])))])
    reasons = dict(zip(found.paths, found.errors, strict=True))
    assert len(found.paths) == len(files) + 4
    readable = ("moving.gif", "wide.png")
    assert found.accepted == ("good.png", *readable, "good.png", "moving.png", *readable)
    assert "1 x 1 pixels; expected 4 or more" in reasons["dot.png"]
    assert "is empty; expected a picture" in reasons["empty.png"]
    assert "no picture that can be read" in reasons["text.png"]
    assert all("\n" not in why for why in reasons.values() if why)
    assert np.array_equal(found.images[2], found.images[0])  # 16 bits are the same picture
    assert (found.images[4] == 200).all()  # of an animation the first picture
    assert not found.images[1].any()


def test_a_zip_without_images_and_a_file_that_is_no_zip_say_so():
    for content, said in [
        (zipped({}), "holds no image"),
        (zipped({"notes.txt": b"x"}), "holds no image"),
        (b"PK no", "no .zip"),
    ]:
        with pytest.raises(DataError, match=said):
            uploads.list_files([("some.zip", content)])


def test_thousands_of_files_are_read_and_more_than_the_limit_rejected(monkeypatch):
    small = png(GREY)
    content = zipped({f"{k:05}.png": small for k in range(2_000)})
    seen = []
    found = read([("many.zip", content)], progress=lambda done, total: seen.append((done, total)))
    assert len(found.images) == 2_000 and seen[-1] == (2_000, 2_000)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    monkeypatch.setattr(uploads, "MAX_FILES", 5_000)
    with pytest.raises(DataError, match="6,000 files; expected at most 5,000"):
        uploads.list_files([(f"{k}.zip", content) for k in range(3)])


def test_reading_can_be_stopped():
    class Enough(Exception):
        pass

    def progress(done, total):
        if done >= 50:
            raise Enough

    with pytest.raises(Enough):
        read([("x.png", png(GREY))] * 120, progress=progress)


def test_other_sizes_are_prepared_and_as_is_only_resized():
    item = Image.new("L", (100, 100), 255)
    item.paste(40, (30, 10, 70, 90))  # a dark item on light paper
    prepared = read([("item.png", png(item))], ITEM).images[0, 0]
    assert prepared[0, 0] == 0 and prepared[14, 14] > 150
    as_is = read([("item.png", png(item))], uploads.plain(ITEM)).images[0, 0]
    assert as_is[0, 0] == 255 and as_is[14, 14] == 40
