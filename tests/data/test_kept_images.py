"""The images kept beside a model: what comes back, how large they may be, and what is compared."""

from dataclasses import replace

import numpy as np
import pytest

from vae import DataError
from vae.config import Preparation
from vae.data import kept_images
from vae.data.dataset import Dataset, Metadata, Split


def data(count):
    rng = np.random.default_rng(0)
    splits, known = [], []
    for n in (count, 6):
        splits.append(Split(rng.integers(0, 256, (n, 3, 8, 6)).astype(np.uint8), np.arange(n) % 2))
        paths = tuple(f"ü/{k}.png" for k in range(n))
        known.append(Metadata(paths, {"age": np.arange(n) / 2, "file": np.array(paths)}))
    return Dataset("x", *splits, ("a", "b"), Preparation(8, 6, 3, fit="pad"), *known)


def test_what_is_kept_is_the_data_set(tmp_path):
    before = data(40)
    assert not kept_images.exists(tmp_path)
    kept_images.save(tmp_path, before)
    after = kept_images.load(tmp_path)
    assert kept_images.exists(tmp_path) and after.digest == before.digest
    assert (after.class_names, after.preparation) == (before.class_names, before.preparation)
    assert after.shown_metadata.paths == before.shown_metadata.paths
    for name, values in before.train_metadata.columns.items():
        assert np.array_equal(after.train_metadata.columns[name], values)


def test_of_a_large_data_set_evenly_spaced_images_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_images, "MAX_BYTES", 144 * 23)
    kept_images.save(tmp_path, data(40))
    after = kept_images.load(tmp_path)
    assert (len(after.train.labels), len(after.test.labels)) == (20, 3)
    assert after.train_metadata.paths[0] == "ü/0.png" and len(after.train_metadata.paths) == 20


def test_a_damaged_file_is_one_sentence(tmp_path):
    kept_images.save(tmp_path, data(9))
    path = tmp_path / kept_images.IMAGES
    for content in (b"", b"PK", path.read_bytes()[:-40], b"\x93NUMPY" + bytes(99)):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"images\.npz"):
            kept_images.load(tmp_path)


def changed(before, **splits):
    """The data set with other arrays or names: `train_images`, `test_labels`, `train_paths`."""
    parts = {}
    for key, value in splits.items():
        name, field = key.split("_")
        if field == "paths":
            known = getattr(before, f"{name}_metadata")
            parts[f"{name}_metadata"] = known._replace(paths=tuple(value))
        else:
            parts[name] = getattr(before, name)._replace(**{field: value})
    return replace(before, **parts)


@pytest.mark.parametrize("share", [1, 0.5])
def test_what_differs_from_the_data_of_a_model_is_said(share, tmp_path, monkeypatch):
    before, folder = data(40), tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(kept_images, "MAX_BYTES", int(144 * 46 * share))
    kept_images.save(folder, before)
    images, labels = before.train.images.copy(), before.train.labels.copy()
    images[[0, 39], 0, 0, 0] ^= 1
    labels[39] = 7
    names = [*before.train_metadata.paths[:-1], "ü/new.png"]
    few = Split(*(part[:30] for part in before.train))
    cases = {
        "it has 30 images to train on and 6 to test on, expected 40 images to train on and 6": (
            replace(before, train=few, train_metadata=before.train_metadata.take(np.arange(30)))
        ),
        "1 of .* files have other names, the first new.png instead of 39.png": changed(
            before, train_paths=names, train_images=images
        ),
        "the labels of 1 of .* images differ, the first 39.png": changed(
            before, train_labels=labels
        ),
        "the pixels of 2 of .* images differ, the first 0.png": changed(
            before, train_images=images
        ),
    }
    for said, other in cases.items():
        with pytest.raises(DataError, match=rf"^there is not the data of own: {said}.*; give"):
            kept_images.check_same(folder, before.digest, other, "there")
    kept_images.check_same(folder, before.digest, changed(before, train_paths=names), "there")


def test_without_a_digest_all_images_must_be_kept(tmp_path, monkeypatch):
    before = data(40)
    kept_images.save(tmp_path, before)
    kept_images.check_same(tmp_path, None, before, "there")
    monkeypatch.setattr(kept_images, "MAX_BYTES", 144 * 23)
    kept_images.save(tmp_path, before)
    with pytest.raises(DataError, match="records no digest"):
        kept_images.check_same(tmp_path, None, before, "there")
    (tmp_path / kept_images.IMAGES).write_bytes(b"PK")
    kept_images.check_same(tmp_path, before.digest, before, "there")
    with pytest.raises(DataError, match="its pixels, labels or order are others"):
        kept_images.check_same(tmp_path, "0" * 64, before, "there")
