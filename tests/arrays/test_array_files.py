"""Files of arrays and tables as people publish and bring them, each with the same few images."""

import gzip
import io
import json
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from sample_files import idx as file_of
from scipy.io import savemat

from vae.arrays import array_files
from vae.arrays.idx import read_folder
from vae.formats.sources import SourceFile
from vae.formats.untrusted import DataError

RNG = np.random.default_rng(0)


def smooth(count, side, channels=0):
    """Images in which neighbours are alike, as in pictures, but colours and images are not."""
    rows = np.linspace(0, 1, side)
    tint = RNG.random((count, 3 if channels else 1, 3))
    image = (
        tint[..., 0, None, None] * rows[:, None]
        + tint[..., 1, None, None] * rows[None]
        + tint[..., 2, None, None]
    )
    return np.asarray(image * 80, np.uint8)  # [N, C, H, W]


GREY, COLOUR = smooth(40, 28), smooth(40, 32, 3)
Y = np.arange(40) % 10
FEW = slice(0, 12)
G = GREY[:, 0]
LAST = COLOUR.transpose(0, 2, 3, 1)
FLAT, PLANES = GREY.reshape(40, -1), COLOUR.reshape(40, -1)
ONE_HOT, TEXTS = np.eye(10)[Y], np.array(["cat", "dog"] * 20)


def file(name, content):
    return SourceFile(name, lambda count=-1: content[:count] if count >= 0 else content)


def written(name, write, *arguments, **options):
    target = io.BytesIO()
    write(target, *arguments, **options)
    return file(name, target.getvalue())


def npz(*arrays, **named):
    return written("x.npz", np.savez, *arrays, **named)


def npy(name, array):
    return written(name, np.save, array)


def csv(name, table, **options):
    return file(name, table.to_csv(index=False, **options).encode())


def png(image):
    target = io.BytesIO()
    Image.fromarray(image).save(target, "PNG")
    return target.getvalue()


def pair(train, labels, names):
    """Arrays of two splits."""
    x, y, x_test, y_test = names.split()
    return {x: train, y: labels, x_test: train[FEW], y_test: labels[FEW]}


PIXELS = pd.DataFrame(FLAT, columns=[f"pixel{k}" for k in range(784)])
FIRST = pd.concat([pd.Series(Y, name="label"), PIXELS], axis=1)
END = PIXELS.assign(label=Y)
SPLITS = {
    "keras": npz(**pair(LAST, Y[:, None], "x_train y_train x_test y_test")),
    "keras grey": npz(**pair(G, Y, "x_train y_train x_test y_test")),
    "trX": npz(**pair(FLAT, Y, "trX trY teX teY")),
    "trainX": npz(**pair(G, Y, "trainX trainY testX testY")),
    "Xtrain": npz(**pair(G, Y, "Xtrain ytrain Xtest ytest")),
    "medmnist": npz(**pair(G, Y[:, None], "train_images train_labels test_images test_labels")),
    "training": npz(
        **pair(G, Y, "training_data training_labels testing_data testing_labels")
    ),
    "four without names": npz(G, Y, G[FEW], Y[FEW]),
    "images first": npz(G, G[FEW], Y, Y[FEW]),
    "emnist.mat": written(
        "x.mat", savemat, do_compression=True, mdict={"dataset": {
            "train": {"images": G.transpose(0, 2, 1).reshape(40, -1), "labels": Y[:, None]},
            "test": {"images": G[FEW].transpose(0, 2, 1).reshape(12, -1), "labels": Y[FEW, None]},
            "mapping": np.stack([np.arange(10), 48 + np.arange(10)], 1),
        }},
    ),
    "mnist_uint8.mat": written(
        "x.mat", savemat, pair(FLAT, ONE_HOT, "train_x train_y test_x test_y")
    ),
}  # fmt: skip
PLAIN = {
    "images labels": npz(images=G, labels=Y),
    "X y": npz(X=G, y=Y.astype(float)),
    "upper": npz(IMAGES=G, LABELS=Y),
    "data target": npz(data=FLAT, target=Y),
    "flat": npz(images=FLAT, labels=Y),
    "planes": npz(data=PLANES, labels=Y),
    "interleaved": npz(data=LAST.reshape(40, -1), labels=Y),
    "channels first": npz(images=COLOUR, labels=Y),
    "channels last": npz(images=LAST, labels=Y),
    "one channel": npz(images=G[..., None], labels=Y),
    "one-hot": npz(images=G, labels=ONE_HOT),
    "texts": npz(images=G, labels=TEXTS),
    "bytes": npz(images=G, labels=TEXTS.astype("S3")),
    "arr_0": npz(G, Y),
    "minus one": npz(images=G / 127.5 - 1, labels=Y),
    "unit": npz(images=(G / 255).astype(np.float32), labels=Y),
    "16 bits": npz(images=G.astype(np.uint16) * 257, labels=Y),
    "masks beside": npz(images=G, masks=G > 9, labels=Y),
    "names": npz(images=G, labels=Y, class_names=np.array(list("abcdefghij"))),
    "objects beside": npz(images=G, labels=Y, metadata=np.array({}, dtype=object)),
    "labels first": csv("x.csv", FIRST),
    "labels last": csv("x.csv", END),
    "no heading": csv("x.csv", FIRST, header=False),
    "no heading, last": csv("x.csv", END, header=False),
    "numbered": file("x.csv", FIRST.to_csv().encode()),
    "semicolons": file("x.csv", ("\ufeff" + FIRST.to_csv(index=False, sep=";")).encode()),
    "mat.gz": file("x.mat.gz", gzip.compress(
        written("x.mat", savemat, {"imgs": G.transpose(1, 2, 0), "labels": Y[None]}).read()
    )),
    "tabs": csv("x.tsv", FIRST, sep="\t"),
    "windows": csv("x.csv", FIRST, lineterminator="\r\n"),
    "gz": file("x.csv.gz", gzip.compress(FIRST.to_csv(index=False).encode())),
    "1x1": csv("x.csv", FIRST.set_axis(
        ["label", *(f"{r}x{c}" for r in range(1, 29) for c in range(1, 29))], axis=1
    )),
    "spaces": csv("zip.train", FIRST.astype(float), sep=" ", header=False),
    "target": csv("x.csv", PIXELS.assign(target=TEXTS)),
    "colour": csv("x.csv", pd.DataFrame(LAST.reshape(40, -1)).assign(label=Y)),
    "pixels in a text": csv(
        "x.csv", pd.DataFrame({"emotion": Y, "pixels": [" ".join(map(str, f)) for f in FLAT]})
    ),
    "parquet pixels": written("x", FIRST.to_parquet),
    "parquet list": written("x", pd.DataFrame({"label": Y, "image": list(FLAT)}).to_parquet),
    "parquet rows": written(
        "x", pd.DataFrame({"label": Y, "image": [g.tolist() for g in G]}).to_parquet
    ),
    "svhn": written(
        "x.mat", savemat, {"X": LAST.transpose(1, 2, 3, 0), "y": (Y + 9)[:, None] % 10 + 1}
    ),
    "stack.mat": written("x.mat", savemat, {"imgs": G.transpose(1, 2, 0), "labels": Y[None]}),
    "mnist-original": written("x.mat", savemat, {"data": FLAT.T, "label": Y[None] * 1.0}),
    "by python.mat": written("x.mat", savemat, {"X": FLAT, "y": Y[None]}),
    "by matlab.mat": file("x.mat", written(
        "x.mat", savemat, {"X": G.transpose(0, 2, 1).reshape(40, -1), "y": Y[None]}
    ).read().replace(b"Platform: posix", b"Platform: PCWIN")),
    "fea gnd": written(
        "x.mat", savemat,
        {"fea": COLOUR[:, 0].transpose(0, 2, 1).reshape(40, -1), "gnd": Y[:, None]},
    ),
    "training.pt": written("x", lambda b: torch.save((torch.tensor(G), torch.tensor(Y)), b)),
    "named.pt": written(
        "x", lambda b: torch.save({"images": torch.tensor(G), "labels": torch.tensor(Y)}, b)
    ),
    "old.pt": written("x", lambda b: torch.save(
        (torch.tensor(G), torch.tensor(Y)), b, _use_new_zipfile_serialization=False
    )),
}  # fmt: skip


def is_right(part, rows=slice(None)):
    """Whether images and labels are those from above, in whatever values they are written."""
    expected = GREY[rows] if part.images.shape[1] == 1 else COLOUR[rows]
    if part.images.shape[2:] == (32, 32) and part.images.shape[1] == 1:
        expected = COLOUR[rows, :1]
    assert part.images.shape == expected.shape
    values = part.images.astype(float)
    for scaled in (values, values * 255, (values + 1) * 127.5, values / 257):
        if np.allclose(scaled, expected, atol=1e-3):
            break
    else:
        raise AssertionError("other pixels")
    labels = part.labels.tolist()
    assert labels in (Y[rows].tolist(), list(map(str, Y[rows])), TEXTS[rows].tolist())


@pytest.mark.parametrize("case", SPLITS)
def test_arrays_of_two_splits(case):
    splits = array_files.read(SPLITS[case]).splits
    assert splits.keys() == {"train", "test"}
    is_right(splits["train"])
    is_right(splits["test"], FEW)


@pytest.mark.parametrize("case", PLAIN)
def test_images_with_labels(case):
    ((split, part),) = array_files.read(PLAIN[case]).splits.items()
    assert split == ""
    is_right(part)


def test_validation_names_and_factors():
    names = [f"{s}_{k}" for s in ("train", "val", "test") for k in ("images", "labels")]
    found = array_files.read(npz(**dict(zip(names, [G, Y[:, None]] * 3, strict=True))))
    assert list(found.splits) == ["train", "val", "test"]
    for key in ("class_names", "classes", "label_names", "names"):
        found = array_files.read(npz(images=G, labels=Y % 2, **{key: np.array(["a", "b"])}))
        assert found.class_names == ("a", "b") and not found.splits[""].columns
    ten = np.array(list("abcdefghij"))  # of ten images
    found = array_files.read(npz(images=G[:10], labels=Y[:10], class_names=ten))
    assert found.class_names == tuple("abcdefghij") and not found.splits[""].columns
    found = array_files.read(npz(images=G[:10], labels=Y[:10], names=ten))
    assert not found.class_names and found.splits[""].columns["names"].tolist() == [*"abcdefghij"]
    factors = RNG.random((40, 6))
    part = array_files.read(npz(imgs=G, latents_values=factors)).splits[""]
    assert part.labels is None and np.array_equal(part.columns["scale"], factors[:, 2])
    names = {"attributes": factors[:, :5], "attribute_names": np.array(list("abcde"))}
    part = array_files.read(npz(images=LAST, data=PLANES, **names)).splits[""]
    assert list(part.columns) == list("abcde")
    several = RNG.integers(0, 2, (40, 14))
    part = array_files.read(npz(train_images=G, train_labels=several)).splits["train"]
    assert part.labels is None and np.array_equal(part.columns["labels 13"], several[:, 13])
    part = array_files.read(npz(images=G, y=factors[:, 0], age=Y, other=Y[:7])).splits[""]
    assert part.labels is None and set(part.columns) == {"y", "age"}
    assert array_files.read(npz(images=LAST, fine_labels=Y, coarse_labels=Y // 5)).splits[
        ""
    ].columns.keys() == {"coarse_labels"}


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_a_channel(channels):
    images = RNG.integers(0, 256, (9, 12, 10, channels), np.uint8)
    found = array_files.read(npz(images)).splits[""].images
    assert np.array_equal(found, images.transpose(0, 3, 1, 2))


def test_images_along_the_last_axis():
    smaller = smooth(20, 32)[:, 0, :, :]
    for images in (smaller, smooth(99, 32)[:, 0]):
        found = array_files.read(npz(images.transpose(1, 2, 0))).splits[""].images
        assert np.array_equal(found[:, 0], images)
    assert len(array_files.read(npz(smooth(48, 48)[:, 0, :, :40])).splits[""].images) == 48


def test_rows_that_are_no_squares():
    faces = smooth(70, 28)[:, 0, :, :20]
    found = array_files.read(written("x.mat", savemat, {"ff": faces.reshape(70, -1).T}))
    assert np.array_equal(found.splits[""].images[:, 0], faces)
    table = pd.DataFrame({f"r{r}c{c}": faces[:, r, c] for r in range(28) for c in range(20)})
    found = array_files.read(csv("x.csv", table.assign(label="a")))
    assert np.array_equal(found.splits[""].images[:, 0], faces)


def test_an_npy_alone_and_with_those_that_belong_to_it(tmp_path):
    np.save(tmp_path / "a.npy", FLAT)
    content = (tmp_path / "a.npy").read_bytes()
    mapped = SourceFile("a.npy", lambda count=-1: content[:count], location=tmp_path / "a.npy")
    images = array_files.read(mapped).splits[""].images
    assert np.array_equal(images, GREY)
    assert isinstance(images, np.memmap) or isinstance(images.base, np.memmap)
    drawings = [
        npy(f"q/full_numpy_bitmap_{n}.npy", FLAT[:k]) for n, k in (("ant", 9), ("the eye", 4))
    ]
    assert len(array_files.read(drawings[0], drawings).splits[""].images) == 9
    part = array_files.read_all(drawings).splits[""]
    assert part.labels.tolist() == ["ant"] * 9 + ["the eye"] * 4 and len(part.images) == 13
    four = [npy(f"{k}.npy", a) for k, a in pair(G, Y, "x_train y_train x_test y_test").items()]
    for found in (array_files.read(four[0], four), array_files.read_all(four)):
        is_right(found.splits["train"])
        is_right(found.splits["test"], FEW)
    files = [
        written(f"kmnist-{k}.npz", np.savez, a)
        for k, a in pair(G, Y, "train-imgs train-labels test-imgs test-labels").items()
    ]
    for found in (array_files.read(files[0], files), array_files.read_all(files)):
        is_right(found.splits["train"])
        is_right(found.splits["test"], FEW)
    for names in (("images", "labels"), ("X", "Y"), ("olivetti_faces", "olivetti_faces_target")):
        two = [npy(f"{name}.npy", array) for name, array in zip(names, (G, Y), strict=True)]
        is_right(array_files.read_all(two).splits[""])
        is_right(array_files.read(two[0], [*two, npy("other.npy", Y)]).splits[""])
    each = [npy(f"{'ab'[k % 2]}/{k}.npy", G[k, :20]) for k in range(8)]
    part = array_files.read_all(each).splits[""]
    assert part.images.shape == (8, 1, 20, 28) and part.labels.tolist() == list("abababab")


def test_arrays_of_one_class_each():
    part = array_files.read(npz(cat=FLAT, dog=FLAT[:9])).splits[""]
    assert (
        part.images.shape == (49, 1, 28, 28) and part.labels.tolist() == ["cat"] * 40 + ["dog"] * 9
    )
    part = array_files.read(npz(car=FLAT, train=FLAT[:9], bus=FLAT[:3])).splits[""]
    assert sorted(set(part.labels.tolist())) == ["bus", "car", "train"]
    digits = {f"{s}{d}": FLAT[:k] for s, k in (("train", 5), ("test", 2)) for d in range(10)}
    found = array_files.read(written("mnist_all.mat", savemat, digits)).splits
    assert [len(found[s].images) for s in ("train", "test")] == [50, 20]
    assert found["test"].labels.tolist() == [str(d) for d in range(10) for _ in range(2)]
    assert np.array_equal(found["train"].images[:5], GREY[:5])


def idx_files(stems, ending=""):
    for (images, labels), rows in zip(stems, (slice(None), FEW), strict=True):
        for name, array in ((images, G[rows]), (labels, Y[rows].astype(np.uint8))):
            content = file_of(array)
            yield file(name + ending, gzip.compress(content) if ending else content)


@pytest.mark.parametrize(
    "stems",
    [
        [(f"{s}-images-idx3-ubyte", f"{s}-labels-idx1-ubyte") for s in ("train", "t10k")],
        [(f"raw/{s}-images.idx3-ubyte", f"raw/{s}-labels.idx1-ubyte") for s in ("train", "t10k")],
        [(f"emnist-letters-{s}-images-idx3-ubyte", f"emnist-letters-{s}-labels-idx1-ubyte")
         for s in ("train", "test")],
        [(f"{s}_images", f"{s}_labels") for s in ("train", "test")],
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_by_any_of_their_names(stems, ending):
    files = list(idx_files(stems, ending))
    for found in (array_files.read_all(files), *(array_files.read(f, files) for f in files)):
        is_right(found.splits["train"])
        is_right(found.splits["test"], FEW)
    assert array_files.read(files[0]).splits["train"].labels is None


@pytest.mark.parametrize(
    "names", ["fashion-mnist_train.csv fashion-mnist_test.csv", "Training.csv Testing.csv"]
)
def test_tables_find_their_partners(names):
    train, test = names.split()
    files = [csv(train, FIRST), csv(test, FIRST.iloc[FEW]), file("notes.csv", b"a,b\n1,2\n")]
    for found in (array_files.read(files[0], files), array_files.read_all(files)):
        is_right(found.splits["train"])
        is_right(found.splits["test"], FEW)


@pytest.mark.parametrize(("code", "kind"), [(8, ">u1"), (11, ">i2"), (12, ">i4"), (13, ">f4")])
def test_idx_files_of_every_type_in_a_folder(code, kind, tmp_path):
    for stem, rows in (("train", slice(None)), ("t10k", FEW)):
        head = bytes([0, 0, code, 3]) + np.array(G[rows].shape, ">u4").tobytes()
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(head + G[rows].astype(kind).tobytes())
        labels = gzip.compress(file_of(Y[rows].astype(np.uint8)))
        (tmp_path / f"{stem}-labels-idx1-ubyte.gz").write_bytes(labels)
    found = read_folder(tmp_path)
    is_right(found.splits["train"])
    is_right(found.splits["test"], FEW)
    with pytest.raises(DataError, match="has no train-images-idx3-ubyte file; copy it there"):
        read_folder(tmp_path.parent)


def test_measurements_in_a_table_are_columns():
    table = PIXELS.assign(label=np.linspace(0, 1, 40), name=TEXTS)
    part = array_files.read(csv("x.csv", table)).splits[""]
    assert part.labels is None and part.columns.keys() == {"label", "name"}
    assert part.columns["label"][-1] == 1 and part.columns["name"][1] == "dog"


def test_tables_beside_those_of_pixels_do_no_harm():
    other = file("sample_submission.csv", b"ImageId,Label\n1,0\n2,0\n")
    files = [csv("train.csv", FIRST), csv("test.csv", PIXELS.iloc[FEW]), other]
    assert array_files.read_all(files).splits["test"].labels is None
    small = FIRST.iloc[:2]
    with pytest.raises(DataError, match="several data sets"):
        array_files.read_all(
            [csv(f"{a}-{b}.csv", small) for a in ("letters", "digits") for b in ("train", "test")]
        )


def test_a_column_divides_a_table():
    usage = ["Training"] * 20 + ["PublicTest"] * 10 + ["PrivateTest"] * 10
    texts = [" ".join(map(str, f)) for f in FLAT]
    found = array_files.read(
        csv("fer2013.csv", pd.DataFrame({"emotion": Y, "pixels": texts, "Usage": usage}))
    )
    assert {k: len(v.images) for k, v in found.splits.items()} == {
        "train": 20,
        "test": 10,
        "val": 10,
    }
    is_right(found.splits["test"], slice(30, 40))


def test_a_label_in_a_sorted_table_without_a_heading(monkeypatch):
    """As in "A-Z Handwritten", where the first thousands of rows are all of class 0, and the first
    and the last pixel of all images are black."""
    monkeypatch.setattr("vae.arrays.pixel_tables._ROWS", 20)
    black, classes = GREY.copy(), np.arange(40) // 20
    black[:, 0, [0, -1], [0, -1]] = 0
    for order in (0, 784):
        table = np.insert(black.reshape(40, -1), order, classes, axis=1)
        part = array_files.read(csv("x.csv", pd.DataFrame(table), header=False)).splits[""]
        assert np.array_equal(part.images, black) and part.labels.tolist() == classes.tolist()


def hugging_face(name, rows, names=tuple("abcdefghij"), **more):
    cells = [{"bytes": png(G[row]), "path": f"{row}.png"} for row in rows]
    table = pa.table({"image": cells, "label": Y[rows], **more})
    if names:
        features = {"label": {"names": list(names), "_type": "ClassLabel"}}
        information = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": information})
    target = io.BytesIO()
    pq.write_table(table, target, row_group_size=7)
    return file(name, target.getvalue())


def test_pictures_in_the_cells_of_parquet():
    rows = np.arange(20)
    found = array_files.read(hugging_face("x.parquet", rows, age=rows / 2))
    assert [f.read() for f in found] == [png(G[row]) for row in rows]
    assert found[13].read(count=4) == b"\x89PNG" and found[13].name == "13.png"
    assert found[13].label == "d" and found[13].columns == {"age": 6.5}
    assert array_files.read(hugging_face("x", rows, names=()))[13].label == "3"
    features = {"fine": {"names": list("abcdefghij")}, "coarse": {"names": ["few", "many"]}}
    cells = [{"bytes": png(G[row]), "path": None} for row in rows]
    table = pa.table({"img": cells, "fine": Y[rows], "coarse": Y[rows] // 5})
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    found = array_files.read(written("x", lambda b: pq.write_table(
        table.replace_schema_metadata(metadata), b
    )))  # fmt: skip
    assert found[17].label == "h" and found[17].columns == {"coarse": "many"}
    shards = [
        hugging_face("data/train-00000-of-00002-0123456789abcdef.parquet", rows),
        hugging_face("data/train-00001-of-00002-0123456789abcdef.parquet", rows + 20),
        hugging_face("data/validation-00000-of-00001.parquet", rows[:5]),
        file("README.md", b"# a, b\n"),
    ]
    for found in (array_files.read_all(shards), array_files.read(shards[0], shards)):
        assert [f.split for f in found] == ["train"] * 40 + ["val"] * 5
        assert len({f.path for f in found}) == 45 and found[39].read() == png(G[39])
    raw = pd.DataFrame({"img": [png(g) for g in G], "name": TEXTS})
    assert array_files.read(written("x", raw.to_parquet))[1].label == "dog"


@pytest.mark.parametrize("kind", [pa.ipc.new_file, pa.ipc.new_stream])
def test_arrow_files_as_hugging_face_saves_them(kind):
    def save(rows):
        table = pq.read_table(io.BytesIO(hugging_face("", rows).read()))
        target = io.BytesIO()
        with kind(target, table.schema) as writer:
            writer.write_table(table)
        return target.getvalue()

    files = [
        file("train/data-00000-of-00002.arrow", save(np.arange(20))),
        file("train/data-00001-of-00002.arrow", save(np.arange(20, 40))),
        file("test/data-00000-of-00001.arrow", save(np.arange(5))),
        file("dataset_dict.json", b'{"splits": ["train", "test"]}'),
        file("train/state.json", b'{"_data_files": [{"filename": "data-00000-of-00002.arrow"}]}'),
    ]
    found = array_files.read_all(files)
    assert [f.split for f in found] == ["test"] * 5 + ["train"] * 40
    assert found[44].read() == png(G[39]) and found[44].label == "j"


def test_svhn_counts_from_one():
    labels = (Y + 9) % 10 + 1  # 10 is the digit 0
    splits = [
        written(
            f"{s}_32x32.mat", savemat, {"X": LAST[r].transpose(1, 2, 3, 0), "y": labels[r, None]}
        )
        for s, r in (("train", slice(None)), ("test", FEW))
    ]
    found = array_files.read(splits[0], splits).splits
    is_right(found["train"])
    is_right(found["test"], FEW)


def h5(**arrays):
    h5py = pytest.importorskip("h5py")
    target = io.BytesIO()
    with h5py.File(target, "w") as opened:
        for key, values in arrays.items():
            opened.create_dataset(key, data=values)
    return file("x.h5", target.getvalue())


def test_colours_of_noise_are_in_the_usual_order():
    """Where neighbours tell nothing: planes in arrays as CIFAR-10 has, else in tables."""
    noise = RNG.integers(0, 256, (9, 3, 28, 28), np.uint8)
    found = array_files.read(npz(noise.reshape(9, -1))).splits[""].images
    assert np.array_equal(found, noise)
    table = pd.DataFrame(noise.transpose(0, 2, 3, 1).reshape(9, -1))
    table.columns = [f"pixel{k:04}" for k in range(2352)]
    found = array_files.read(csv("hmnist_28_28_RGB.csv", table.assign(label=1))).splits[""].images
    assert np.array_equal(found, noise)


def test_hdf5():
    factors = RNG.random((40, 6))
    part = array_files.read(h5(images=LAST, labels=factors)).splits[""]
    assert np.array_equal(part.images, COLOUR) and part.labels is None
    assert np.array_equal(part.columns["floor hue"], factors[:, 0])
    found = array_files.read(h5(**{
        "train/data": FLAT / 255, "train/target": Y, "test/data": FLAT[FEW] / 255,
        "test/target": Y[FEW],
    }))  # fmt: skip
    is_right(found.splits["train"])
    is_right(found.splits["test"], FEW)
    names = np.array([b"no cat", b"cat"])
    found = array_files.read(h5(train_set_x=LAST, train_set_y=Y % 2, list_classes=names))
    assert found.class_names == ("no cat", "cat")
    assert np.array_equal(found.splits["train"].images, COLOUR)


def test_hdf5_without_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(DataError, match=r"needs h5py; install it \(pip install h5py\)"):
        array_files.read(file("x.h5", b"\x89HDF\r\n\x1a\n" + bytes(99)))
