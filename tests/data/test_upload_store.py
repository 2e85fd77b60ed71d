"""What visitors upload to train on: kept once, within limits, removed when nothing needs it."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from vae import DataError, limits
from vae.data import upload_store
from vae.files.owners import Visitor
from vae.limits import Limits

ANNE, BEN = Visitor("a" * 32), Visitor("b" * 32)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))


def save(content, name="x.zip", **options):
    return upload_store.save([(name, content)], **options)


def test_one_file_is_kept_as_it_is_and_several_as_a_zip(tmp_path):
    path = save(memoryview(b"PK"), "my pictures.zip")
    assert path.name == "my pictures.zip" and path.read_bytes() == b"PK"
    assert upload_store.is_upload(str(path)) and not upload_store.is_upload("/etc/passwd")
    files = [("cats/1.png", b"1"), ("cats/2.png", b"22"), ("cats/deep/3.png", b"")]
    path = upload_store.save(files)
    assert path.name == "cats.zip"
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == dict(files)
    assert upload_store.save([("a.png", b"1"), ("b.png", b"2")]).name == "pictures.zip"
    for name in ("../../evil.zip", "/abs.zip", "a\\b.zip", "..", "", "x" * 300 + ".npz"):
        path = save(name.encode() + b"!", name)
        assert path.exists() and path.is_relative_to(upload_store.uploads_folder())
        assert len(path.name) < 100


def test_files_on_disk_are_kept_as_those_in_memory(tmp_path, monkeypatch):
    contents = [("cats/1.png", b"1" * 3 * 2**20), ("cats/2.png", b"")]
    kept = [upload_store.save(contents[:n]) for n in (1, 2)]
    before = [path.read_bytes() for path in kept]
    named = []
    for k, (name, content) in enumerate(contents):
        (tmp_path / str(k)).write_bytes(content)
        named.append((name, tmp_path / str(k)))
    assert [upload_store.save(named[:n]) for n in (1, 2)] == kept  # the same are kept once
    for path in kept:
        shutil.rmtree(path.parent)
    assert [upload_store.save(named[:n]) for n in (1, 2)] == kept
    assert kept[0].samefile(named[0][1])  # without a copy
    shutil.rmtree(kept[0].parent)
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: (_ for _ in ()).throw(OSError("no links")))
    assert upload_store.save(named[:1]) == kept[0] and not kept[0].samefile(named[0][1])
    assert kept[0].read_bytes() == before[0] and named[0][1].exists()
    with zipfile.ZipFile(kept[1]) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == dict(contents)
    with pytest.raises(DataError, match="cannot be read"):
        upload_store.save([("gone.zip", tmp_path / "gone")])


def test_uploads_that_nothing_refers_to_are_removed_and_limited(monkeypatch):
    paths = [save(bytes([i]) * 100) for i in range(4)]
    for path in paths[:3]:
        os.utime(path.parent, (0, 0))
    fifth = save(b"x" * 100, used=[str(paths[0]), str(paths[1])])
    assert {p for p in [*paths, fifth] if p.exists()} == {paths[0], paths[1], paths[3], fifth}
    small = Limits(uploads_mb=2, upload_mb=2)
    monkeypatch.setattr(limits, "current", lambda: small)
    with pytest.raises(DataError, match="all uploads would take"):
        save(b"y" * (2 * 2**20))
    with pytest.raises(DataError, match="the files have 3 MB; at most 2 MB"):
        save(b"y" * (3 * 2**20))
    assert save(b"x" * 100) == fifth
    with pytest.raises(DataError, match="no file was sent"):
        upload_store.save([])


def test_uploads_belong_to_their_visitors_and_have_a_quota_each(monkeypatch):
    small = Limits(uploads_per_visitor_mb=1, upload_mb=1)
    monkeypatch.setattr(limits, "current", lambda: small)
    first, second = (save(b"x" * 2**20, by=by) for by in (ANNE, BEN))
    assert first != second and first.read_bytes() == second.read_bytes()
    assert save(b"x" * 2**20, by=ANNE) == first
    with pytest.raises(DataError, match="your uploads would take"):
        save(b"y", by=ANNE)


def test_a_full_disk_is_said(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DataError, match="cannot be written"):
        save(b"x")
