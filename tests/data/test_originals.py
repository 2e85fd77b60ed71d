"""The picture files behind the images, handed out as a .zip that ImageFolder reads."""

import io
import zipfile

import pytest

from vae import DataError
from vae.data.sources import Originals


@pytest.fixture
def source(tmp_path):
    """Pictures are read without being decoded, so any bytes will do."""
    for path in ("cats/1.png", "cats/b/1.png", "cats/B/1.PNG", "dogs:x/2.png", "dogs?x/2.png"):
        target = tmp_path / "set" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.encode())
    return Originals(str(tmp_path / "set"))


def members(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_by_default_a_folder_per_class_and_no_two_classes_share_one(source):
    paths = ["dogs:x/2.png", "dogs?x/2.png"]
    done = []
    content = source.archive(paths, progress=lambda *steps: done.append(steps))
    assert members(content) == {"dogs_x/2.png": paths[0], "dogs_x (2)/2.png": paths[1]}
    assert done == [(0, 2), (1, 2), (2, 2)]


def test_folders_by_name_are_safe_and_files_of_one_name_stay_apart(source):
    paths = ["cats/1.png", "cats/b/1.png", "cats/B/1.PNG", "dogs:x/2.png"]
    found = members(source.archive(paths, ["../a\\b/ü", "../a\\b/ü", "../a\\b/ü", "con"]))
    assert found == {
        "_a_b_ü/1.png": paths[0],
        "_a_b_ü/1 (2).png": paths[1],
        "_a_b_ü/1 (3).PNG": paths[2],
        "_con/2.png": paths[3],
    }


def test_more_bytes_than_allowed_and_a_file_that_is_gone_are_a_sentence(source, tmp_path):
    with pytest.raises(DataError, match=r"2 originals have more than .* choose fewer"):
        source.archive(["cats/1.png", "dogs:x/2.png"], most=21)
    assert source.archive(["cats/1.png", "dogs:x/2.png"], most=22)
    with pytest.raises(DataError, match=r"cats/9\.png is no picture of set"):
        source.archive(["cats/9.png"])
    (tmp_path / "set/cats/1.png").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        source.archive(["cats/1.png"])
