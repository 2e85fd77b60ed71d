"""Folders and archives: what is listed, in which order, what is refused, and nothing unpacked."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile

import pytest

from vae.formats import containers
from vae.formats.containers import list_archive, list_folder, list_tar, list_zip
from vae.formats.untrusted import DataError

NAMES = ["b/img10.png", "b/img2.png", "a/1.png", ".hidden/x.png", "notes.txt", "b/IMG1.PNG"]
ORDER = [".hidden/x.png", "a/1.png", "b/IMG1.PNG", "b/img2.png", "b/img10.png", "notes.txt"]


def fill(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def zipped(members, flag=None):
    """A .zip of (name, content); `flag` are the general flags that every member gets."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    if flag is not None:
        raw = bytearray(target.getvalue())
        for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
            start = raw.find(mark)
            while start >= 0:
                raw[start + at : start + at + 2] = struct.pack("<H", flag)
                start = raw.find(mark, start + 4)
        target = io.BytesIO(bytes(raw))
    return target


def tarred(members, mode="w:"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def paths(files):
    return [file.path for file in files]


def contents(names):
    return [(name, name.encode()) for name in names]


def sources(tmp_path):
    """Each kind of container of NAMES, as (function, arguments)."""
    yield list_folder, (fill(tmp_path / "folder", NAMES),)
    made = {"a.ZIP": zipped(contents(NAMES)), "b.tar": tarred(contents(NAMES))}
    for kind in ("gz", "bz2", "xz"):
        made[f"c.tar.{kind}"] = tarred(contents(NAMES), f"w:{kind}")
    for name, content in made.items():
        (tmp_path / name).write_bytes(content.getvalue())
        yield list_archive, (tmp_path / name, name)
        yield list_archive, (content, name)


def test_every_file_in_natural_order_is_read_in_any_order_whole_or_its_beginning(tmp_path):
    before = None
    for function, arguments in sources(tmp_path):
        files = function(*arguments)
        assert paths(files) == ORDER
        before = before or sorted(os.listdir(tmp_path))
        for file in (*reversed(files), *files):
            assert file.read() == file.read(count=99) == file.path.encode()
            assert file.read(count=3) == file.path.encode()[:3]
            assert file.split == "" and file.label is None
            assert (file.location is not None) == (function is list_folder)


@pytest.mark.parametrize("page", ["cp437", "cp866", "cp932", "gbk", "utf-8"])
@pytest.mark.parametrize(
    "text", ["Äpfel/1.png", "кошка/1.png", "猫/写真1.png", "狗/小狗1.png", "a/1.png"]
)
def test_names_in_old_code_pages_are_readable(page, text):
    try:
        raw = text.encode(page)
    except UnicodeEncodeError:
        return
    name = raw.decode("latin-1")
    if page == "gbk" and "狗" not in text:  # also other scripts are in it; nobody can tell
        return
    if page == "cp932" and not {"猫"} & set(text):
        return
    content = zipped([("x" * len(raw), b"1")]).getvalue().replace(b"x" * len(raw), raw)
    assert paths(list_zip(io.BytesIO(content), "x.zip")) == [text], name


def test_umlauts_beside_each_other_stay_umlauts():
    names = ["Grün/Öl.png", "Größe/für 1.png", "Übung/été.png"]
    content = b"".join(n.encode("cp437") for n in names)
    assert content
    archive = zipped([(f"{i}" * 20, b"1") for i in range(3)]).getvalue()
    for i, name in enumerate(names):
        archive = archive.replace(f"{i}".encode() * 20, name.encode("cp437").ljust(20, b"_"))
    found = {p.rstrip("_") for p in paths(list_zip(io.BytesIO(archive), "x.zip"))}
    assert found == set(names)


@pytest.mark.parametrize(
    "name, path",
    [
        ("cat\\1.png", "cat/1.png"),
        ("/cat/1.png", "cat/1.png"),
        ("C:\\cat\\1.png", "cat/1.png"),
        ("./cat//1.png", "cat/1.png"),
        ("cafe\u0301.png", "caf\u00e9.png"),
    ],
)
def test_names_become_relative_with_slashes(name, path):
    for files in (list_zip(zipped([(name, b"1")]), "z"), list_tar(tarred([(name, b"1")]), "t")):
        assert paths(files) == [path]
        assert files[0].read() == b"1"


@pytest.mark.parametrize("name", ["../1.png", "cat/../../1.png", "..\\1.png"])
def test_a_name_that_leaves_is_refused_alone(name):
    for files in (
        list_zip(zipped([(name, b"1"), ("2.png", b"2")]), "z"),
        list_tar(tarred([(name, b"1"), ("2.png", b"2")]), "t"),
    ):
        assert not any(".." in path for path in paths(files))
        left, good = sorted(files, key=lambda f: f.name)
        assert good.read() == b"2"
        with pytest.raises(DataError, match="leaves the archive"):
            left.read()


def test_a_folder_s_links_lead_nowhere_else(tmp_path):
    folder = fill(tmp_path / "in", ["a/1.png", "b/2.png"])
    fill(tmp_path / "out", ["secret.png"])
    (folder / "c.png").symlink_to(tmp_path / "out" / "secret.png")
    (folder / "d").symlink_to(tmp_path / "out", target_is_directory=True)
    (folder / "e.png").symlink_to(folder / "a" / "1.png")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone.png").symlink_to(folder / "nothing.png")
    os.mkfifo(folder / "pipe.png")
    files = {file.path: file for file in list_folder(folder)}
    assert list(files) == ["a/1.png", "b/2.png", "c.png", "d", "e.png", "gone.png", "loop",
                           "pipe.png"]  # fmt: skip
    assert files["e.png"].read() == b"a/1.png"
    for path in ("c.png", "d", "gone.png", "loop"):
        with pytest.raises(DataError, match="is a link; copy the files"):
            files[path].read()
    with pytest.raises(DataError, match="no regular file"):
        files["pipe.png"].read()
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert len(list_folder(link)) == 8


def test_a_folder_that_is_none_or_closed_is_named(tmp_path):
    for path in (tmp_path / "missing", fill(tmp_path, ["file.png"]) / "file.png"):
        with pytest.raises(DataError, match=f"{path.name} cannot be read"):
            list_folder(path)


def test_names_of_any_bytes_are_readable(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(b"1")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (file,) = list_folder(tmp_path)
    assert file.path == "caf\xe9.png" and file.read() == b"1"
    (file,) = list_tar(tarred([(os.fsdecode(b"caf\xe9.png"), b"1")]), "t")
    assert file.path == "caf\xe9.png"


def test_links_and_devices_of_a_tar():
    link, hard, device = (tarfile.TarInfo(f"{n}.png") for n in ("link", "hard", "device"))
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    hard.type, hard.linkname = tarfile.LNKTYPE, "1.png"
    device.type = tarfile.CHRTYPE
    members = [("1.png", b"1"), (link, b""), (hard, b""), (device, b"")]
    files = list_tar(tarred(members), "t")
    assert paths(files) == ["1.png", "hard.png", "link.png"]
    for file in files[1:]:
        with pytest.raises(DataError, match="is a link"):
            file.read()


def test_the_last_member_of_a_name_counts():
    with pytest.warns(UserWarning):
        archive = zipped([("a/1.png", b"old"), ("a/1.png", b"new"), ("a\\1.png", b"newest")])
    for files in (
        list_zip(archive, "z"),
        list_tar(tarred([("a/1.png", b"old"), ("./a/1.png", b"newest")]), "t"),
    ):
        assert [file.read() for file in files] == [b"newest"]


def test_encrypted_members():
    with pytest.raises(DataError, match="z is encrypted; pack it again without a password"):
        list_zip(zipped([("1.png", b"1"), ("2.png", b"1")], flag=1), "z")
    raw = bytearray(zipped([("1.png", b"1"), ("2.png", b"2")]).getvalue())
    raw[raw.find(b"PK\1\2") + 8] |= 1
    first, second = list_zip(io.BytesIO(bytes(raw)), "z")
    assert second.read() == b"2"
    with pytest.raises(DataError, match=r"1\.png is encrypted"):
        first.read()


@pytest.mark.parametrize("inner", [zipped, tarred, lambda m: tarred(m, "w:gz")])
def test_an_archive_that_is_all_of_an_archive_is_opened_once(inner):
    content = inner(contents(["a/1.png", "b/2.png"])).getvalue()
    name = "inner.zip" if content[:2] == b"PK" else "inner.TAR.gz"
    noise = [("__MACOSX/._inner", b""), (".DS_Store", b"")]
    for files in (
        list_zip(zipped([(f"x/{name}", content), *noise]), "z"),
        list_tar(tarred([(f"x/{name}", content)]), "t"),
    ):
        found = [(f.path, f.read()) for f in files if f.read()]
        assert found == contents(["a/1.png", "b/2.png"])
    beside = list_zip(zipped([("b/a.txt", b""), (name, content)]), "z")
    assert sorted(paths(beside)) == ["a/1.png", "b/2.png", "b/a.txt"]
    beside = list_zip(zipped([(name, content), ("3.png", b"")]), "z")
    assert sorted(paths(beside)) == ["3.png", name]
    twice = zipped([("outer.zip", zipped([(name, content)]).getvalue())])
    assert paths(list_zip(twice, "z")) == [name]


def test_several_archives_become_folders(tmp_path):
    """As competitions hand them out."""
    parts = {"train.zip": zipped, "test1.tar.gz": lambda m: tarred(m, "w:gz")}
    made = {n: pack(contents(["cat.1.jpg", "a/2.jpg"])).getvalue() for n, pack in parts.items()}
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "sampleSubmission.csv").write_bytes(b"id,label")
    together = zipped([*made.items(), ("sampleSubmission.csv", b"id,label")])
    for files in (list_zip(together, "z"), list_folder(tmp_path)):
        assert paths(files) == [
            "sampleSubmission.csv", "test1/a/2.jpg", "test1/cat.1.jpg", "train/a/2.jpg",
            "train/cat.1.jpg",
        ]  # fmt: skip
        assert files[-1].read() == b"cat.1.jpg" and files[1].read() == b"a/2.jpg"


def test_archives_inside_are_kept_up_to_a_limit(monkeypatch):
    inner = zipped([("1.png", os.urandom(2000))]).getvalue()
    monkeypatch.setattr(containers, "MAX_KEPT_BYTES", 3000)
    assert paths(list_zip(zipped([("a.zip", inner)]), "z")) == ["1.png"]
    with pytest.raises(DataError, match=r"b\.zip would unpack to more"):
        list_zip(zipped([("a.zip", inner), ("b.zip", inner)]), "z")


@pytest.mark.parametrize("damage", [b"", b"PK", b"PK\3\4" + bytes(99), b"\x1f\x8b" + bytes(99),
                                    b"no archive at all" * 99, b"BZh9" + bytes(99),
                                    b"\xfd7zXZ\0" + bytes(99)])  # fmt: skip
def test_damaged_archives_are_one_sentence(damage, tmp_path):
    (tmp_path / "x.zip").write_bytes(damage)
    for source in (io.BytesIO(damage), tmp_path / "x.zip"):
        for function in (list_archive, list_zip, list_tar):
            if function is list_tar and not damage:
                continue
            with pytest.raises(DataError, match=r"x\.zip (is no|cannot be unpacked)"):
                function(source, "x.zip")


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_is_cut_short_is_refused_or_its_last_file(mode):
    raw = tarred([("1.png", b"1" * 999), ("2.png", os.urandom(5000))], mode).getvalue()
    with pytest.raises(DataError, match="copy"):
        list_tar(io.BytesIO(raw[:3000]), "t")[-1].read()


def test_a_tar_that_is_cut_after_it_was_listed(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(tarred([("1.png", b"1" * 999)]).getvalue())
    (file,) = list_tar(path, "x.tar")
    os.truncate(path, 600)
    with pytest.raises(DataError, match=r"1\.png is cut short; copy the archive again"):
        file.read()


def test_a_damaged_member_is_refused_alone():
    raw = bytearray(zipped([("1.png", os.urandom(99)), ("2.png", b"2")]).getvalue())
    raw[50:60] = bytes(10)
    first, second = list_zip(io.BytesIO(bytes(raw)), "z")
    assert second.read() == b"2"
    with pytest.raises(DataError, match=r"1\.png cannot be read"):
        first.read()


@pytest.mark.parametrize("pack", [zipped, tarred, lambda m: tarred(m, "w:gz")])
def test_limits_are_checked_before_members_are_read(pack, monkeypatch):
    archive = pack([("1.png", bytes(3000)), ("2.csv", bytes(3000))])
    monkeypatch.setattr(containers, "MAX_PICTURE_BYTES", 2000)
    picture, table = list_archive(archive, "x")
    assert len(table.read()) == 3000
    with pytest.raises(DataError, match=r"1\.png would unpack to more than"):
        picture.read(count=5)
    monkeypatch.setattr(containers, "MAX_TOTAL_BYTES", 5000)
    with pytest.raises(DataError, match=r"x would unpack to more than .*use the folder"):
        list_archive(archive, "x")
    monkeypatch.setattr(containers, "MAX_TOTAL_BYTES", 7000)
    monkeypatch.setattr(containers, "MAX_FILES", 1)
    with pytest.raises(DataError, match="x holds more than 1 files"):
        list_archive(archive, "x")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_not_unpacked_whole(compress, monkeypatch):
    monkeypatch.setattr(containers, "MAX_KEPT_BYTES", 2**20)
    with pytest.raises(DataError, match="unpack to more than"):
        list_tar(io.BytesIO(compress(bytes(5 * 2**20))), "x")


def test_limits_of_a_folder(tmp_path, monkeypatch):
    fill(tmp_path, ["1.png", "2.csv", "a/3.png"])
    monkeypatch.setattr(containers, "MAX_PICTURE_BYTES", 3)
    picture, table, _ = list_folder(tmp_path)
    assert table.read() == b"2.csv"
    with pytest.raises(DataError, match=r"1\.png has 5 bytes; at most 3"):
        picture.read()
    monkeypatch.setattr(containers, "MAX_FILES", 2)
    with pytest.raises(DataError, match="more than 2 files"):
        list_folder(tmp_path)


def test_long_runs_of_digits_are_sorted_too():
    names = ["9" * 5000, "8" * 5000, "10", "9"]
    assert paths(list_zip(zipped(contents(names)), "z")) == ["9", "10", "8" * 5000, "9" * 5000]
