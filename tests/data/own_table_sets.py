"""Small data sets of tables as people publish and bring them, as `own_sets`."""

import json

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
from own_arrays import TEN, csv, greys, reds
from own_sets import BIRDS, Expected, item, own_set, packed


@own_set
def fashion_mnist_of_kaggle(at):
    csv(at / "fashion-mnist_test.csv", *greys(10))
    return csv(at / "fashion-mnist_train.csv", *greys(30)), Expected(40, TEN, 10)


@own_set
def digit_recognizer(at):
    """The pictures to be guessed have no labels, so they are no example of class 0."""
    csv(at / "train.csv", *greys(40, side=16), first=0)
    csv(at / "test.csv", greys(7, side=16)[0], first=0)
    (at / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    return at, Expected(40, TEN, report=("7 images", "no labels"))


@own_set
def digit_recognizer_by_its_training_file(at):
    digit_recognizer(at)
    return at / "train.csv", Expected(40, TEN, report=("7 images", "no labels"))


@own_set
def pixels_without_labels(at):
    path = csv(at / "test.csv", greys(20, side=16)[0], first=0)
    return path, Expected(20, ("test.csv",), marked=False)


@own_set
def rows_without_a_heading(at):
    images, labels = greys(40, side=16)
    rows = np.column_stack([labels, images.reshape(40, -1)])
    np.savetxt(at / "mnist_train.csv", rows, "%d", ",")
    return at / "mnist_train.csv", Expected(40, TEN)


@own_set
def sign_language(at):
    images, labels = greys(48, side=16, classes=24)
    images = np.stack([item(k % 16, side=16) for k in labels])
    labels = np.where(labels > 8, labels + 1, labels)  # none is J
    names = tuple(str(n) for n in range(25) if n != 9)
    path = csv(at / "sign_mnist_train.csv", images, labels)
    return path, Expected(48, names, marked=False)


@own_set
def letters_from_a_to_z(at):
    images, labels = greys(40, side=16)
    rows = images.reshape(40, -1)
    frame = pd.DataFrame(
        np.column_stack([labels, rows]), columns=["0", *map("0.{}".format, range(1, 257))]
    )
    frame.to_csv(at / "A_Z Handwritten Data.csv", index=False)
    return at / "A_Z Handwritten Data.csv", Expected(40, TEN)


@own_set
def semicolons_and_gzip(at):
    images, labels = greys(30, side=16, classes=3)
    path = csv(at / "birds.csv.gz", images, np.array(BIRDS)[labels], name="species", sep=";")
    return path, Expected(30, BIRDS)


@own_set
def facial_expressions(at):
    images, labels = greys(30, side=48, classes=7)
    texts = [" ".join(map(str, image.ravel())) for image in images]
    usage = ["Training"] * 21 + ["PublicTest"] * 4 + ["PrivateTest"] * 5
    frame = pd.DataFrame({"emotion": labels, "pixels": texts, "Usage": usage})
    frame.to_csv(at / "fer2013.csv", index=False)
    return at / "fer2013.csv", Expected(30, TEN[:7], 9)


def _parquet(path, labels, names, images):
    frame = pyarrow.table(
        {
            "image": [
                {"bytes": packed(image), "path": f"{i}.png"} for i, image in enumerate(images)
            ],
            "label": labels,
            "source": [f"page {i}" for i in range(len(labels))],
        }
    )
    features = {
        "label": {"names": list(names), "_type": "ClassLabel"},
        "image": {"_type": "Image"},
    }
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    path.parent.mkdir(exist_ok=True)
    pyarrow.parquet.write_table(frame.replace_schema_metadata(metadata), path)


@own_set
def hugging_face_parquet(at):
    for split, count in (("train", 12), ("test", 6)):
        images, labels = reds(count, classes=3)
        _parquet(at / f"data/{split}-00000-of-00001.parquet", labels, BIRDS, images)
    return at, Expected(18, BIRDS, 6, channels=3, ground=None, columns=("source",))


@own_set
def hugging_face_shards(at):
    for n in range(2):
        images, labels = greys(12, classes=3)
        _parquet(at / f"train-0000{n}-of-00002-0123456789abcdef.parquet", labels, BIRDS, images)
    path = at / "train-00000-of-00002-0123456789abcdef.parquet"
    return path, Expected(24, BIRDS, columns=("source",))


@own_set
def hugging_face_without_test_labels(at):
    """Where a label is not known it is -1."""
    images, labels = greys(12, classes=3)
    _parquet(at / "data/train-00000-of-00001.parquet", labels, BIRDS, images)
    _parquet(at / "data/test-00000-of-00001.parquet", labels[:5] * 0 - 1, BIRDS, images[:5])
    return at, Expected(12, BIRDS, report=("test-00000-of-00001.parquet/0.png",))
