"""The images kept beside a model: what comes back, and how large they may be."""

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
