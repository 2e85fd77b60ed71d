"""Every set of `own_sets` is read as the person who brings it expects, and each of its pictures is
the same image whenever it is read again."""

import importlib.util
from dataclasses import replace

import numpy as np
import own_array_sets
import own_label_sets
import own_layout_sets
import own_picture_sets
import own_published_sets
import own_table_sets
import pytest
from own_sets import CELLS, SETS

from vae import DataError, load_dataset
from vae.data.sources import Originals
from vae.data.uploads import read_files

FILES = (  # whose sets are added to SETS
    own_array_sets, own_label_sets, own_layout_sets, own_picture_sets, own_published_sets,
    own_table_sets,
)  # fmt: skip
OPTIONS = (
    {"fit": "stretch"},
    {"fit": "pad", "ground": "#204060"},
    {"colour": "grey"},
    {"colour": "colour"},
    {"invert": "yes"},
    {"invert": "auto", "ground": "black"},
    {"centre": True, "invert": "auto"},
    {"fit": "crop", "held_out": 0.3},
)


def centre(image):
    """Where a picture [C, H, W] differs most from its ground: down and right, 0 to 1."""
    far = np.abs(image - np.median(image, (1, 2), keepdims=True)).max(0)
    far = far > 0.5 * far.max()
    rows, columns = np.nonzero(far)
    return (rows.mean() + 0.5) / far.shape[0], (columns.mean() + 0.5) / far.shape[1]


def check_pixels(dataset, split, metadata, expected):
    for row, image in enumerate(split.images):
        name = dataset.class_names[split.labels[row]]
        if expected.ground is not None:
            corner = np.median(image[:, [0, -1]][:, :, [0, -1]])
            assert abs(corner - expected.ground) <= 12, (name, corner)
        if expected.marked:
            down, right = (int(place * CELLS) for place in centre(image))
            assert down * CELLS + right == split.labels[row], name
        if expected.centres:
            file = metadata.paths[row].rsplit("/", 1)[-1]
            wanted = next(at for start, at in expected.centres.items() if file.startswith(start))
            assert np.allclose(centre(image), wanted, atol=0.06), (file, centre(image))


@pytest.mark.parametrize("name", SETS)
def test_a_set_as_people_bring_it(name, tmp_path):
    path, expected = SETS[name](tmp_path)
    if expected.optional and importlib.util.find_spec(expected.optional) is None:
        pytest.skip(f"without {expected.optional}")
    dataset = load_dataset(path, size=expected.size)
    train, test = dataset.train, dataset.test
    assert dataset.class_names == expected.classes
    assert len(train.labels) + len(test.labels) == dataset.report.read == expected.count
    assert len(train.labels) and len(test.labels)
    assert expected.test in (None, len(test.labels))
    assert train.images.shape[1] == test.images.shape[1] == expected.channels
    assert max(train.images.max(), test.images.max()) >= 225
    assert min(train.images.min(), test.images.min()) <= 20
    for split, known in ((train, dataset.train_metadata), (test, dataset.test_metadata)):
        check_pixels(dataset, split, known, expected)
        assert set(expected.columns) <= known.columns.keys()
        assert all(len(values) == len(split.labels) for values in known.columns.values())
    told = "\n".join([*dataset.report.lines(), dataset.report.to_csv()])
    for part in expected.report:
        assert part in told, part
    turn = list(SETS).index(name)
    check_again(path, dataset)
    if turn % 3 or expected.count > 99:  # some of them, to save time
        return
    try:
        changed = load_dataset(path, size=expected.size, **OPTIONS[turn // 3 % len(OPTIONS)])
    except DataError as error:  # as a black logo on black
        assert "nothing to learn" in str(error)
    else:
        check_again(path, changed)


def check_again(path, dataset):
    """By the preparation that is recorded, all images are those of the data set."""
    paths = dataset.train_metadata.paths
    again = load_dataset(path, preparation=dataset.preparation)
    if len(again.train.labels) == len(dataset.train.labels):  # else another share is held out
        assert again.digest == dataset.digest
    if paths:
        files = Originals(str(path))
        entries = [(file, lambda file=file: files.read(file)) for file in paths]
        batch = read_files(entries, dataset.preparation)
        assert not any(batch.errors)
        assert np.array_equal(batch.images, dataset.train.images)


@pytest.mark.parametrize(("key", "remedy"), [("labels", "astype"), ("images", "numpy.stack")])
def test_arrays_of_objects_are_refused_with_what_to_do(key, remedy, tmp_path):
    arrays = {"images": np.arange(640).reshape(10, 8, 8) % 251, "labels": np.arange(10) % 2}
    arrays[key] = np.array([*arrays[key][:9], "?"], object)
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(DataError, match=rf"{key}.*pickle.*{remedy}"):
        load_dataset(tmp_path / "x.npz")


def test_a_table_that_names_nothing_beside_it_is_refused(tmp_path):
    (tmp_path / "labels.csv").write_text("file,label\na.png,x\nb.png,y\n")
    with pytest.raises(DataError, match=r"labels\.csv names picture files in 'file'"):
        load_dataset(tmp_path / "labels.csv")


def test_images_keep_the_scale_of_a_model(tmp_path):
    images = np.arange(20 * 64, dtype=np.uint16).reshape(20, 8, 8) * 3
    np.savez(tmp_path / "all.npz", images=images)
    np.savez(tmp_path / "dark.npz", images=images[:10])
    how = load_dataset(tmp_path / "all.npz", size=8).preparation
    whole, dark = (load_dataset(tmp_path / f"{n}.npz", preparation=how) for n in ("all", "dark"))
    assert dark.train.images.max() < 140 < whole.train.images.max()


def test_a_preparation_that_is_given_is_kept(tmp_path):
    SETS["masks_of_0_and_1"](tmp_path)
    how = load_dataset(tmp_path, size=32, colour="colour").preparation
    assert (how.channels, how.white) == (3, 1)
    for changed in (how, replace(how, white=255.0)):
        found = load_dataset(tmp_path, preparation=changed)
        assert found.preparation == changed and found.train.images.shape[1] == 3
