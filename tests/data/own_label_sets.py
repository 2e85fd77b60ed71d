"""Small data sets of pictures with tables beside them, as people publish them."""

import json
from pathlib import Path

from own_sets import BIRDS, Expected, item, own_set, packed, put, tree


@own_set
def skin_lesions(at):
    """HAM10000: two folders of pictures, a table with one row each."""
    names = ("bkl", "mel", "nv")
    lines, files = ["lesion_id,image_id,dx,dx_type,age,sex,localization"], {}
    for n in range(12):
        files[f"HAM10000_images_part_{1 + n % 2}/ISIC_002{n:04}.jpg"] = packed(item(n % 3), "JPEG")
        lines.append(f"HAM_{n:04},ISIC_002{n:04},{names[n % 3]},histo,{40 + n},male,back")
    files |= {"HAM10000_metadata.csv": "\n".join(lines)}
    return put(at, files), Expected(12, names, columns=("age", "sex", "localization"))


@own_set
def hugging_face_metadata(at):
    files, lines = tree("train/{name}_{i}.png", ("a", "b")), []
    for path in files:
        row = {"file_name": path[6:], "label": path[6], "year": 1990 + len(lines)}
        lines.append(json.dumps(row))
    files |= {"train/metadata.jsonl": "\n".join(lines)}
    return put(at, files), Expected(8, ("a", "b"), columns=("year",))


def _paths_and_labels(at: Path) -> Path:
    files = {f"img/{n:03}.png": packed(item(n % 3, turn=n)) for n in range(12)}
    files |= {"img/extra.png": packed(item(9))}
    lines = [f"img/{n:03}.png,{BIRDS[n % 3]},{n / 4}" for n in range(12)]
    return put(at, files | {"labels.csv": "\n".join(["path,label,weight", *lines])})


@own_set
def table_of_paths_given_alone(at):
    expected = Expected(12, BIRDS, columns=("weight",), report=("extra.png",))
    return _paths_and_labels(at) / "labels.csv", expected


@own_set
def table_of_paths_in_a_folder(at):
    expected = Expected(12, BIRDS, columns=("weight",), report=("extra.png",))
    return _paths_and_labels(at), expected


@own_set
def dog_breeds(at):
    """Labels for the training pictures by the names without an ending, none for those to test."""
    files = {f"train/{n:08x}c7.jpg": packed(item(n % 2), "JPEG") for n in range(8)}
    files |= {f"test/{n:08x}d1.jpg": packed(item(9), "JPEG") for n in range(3)}
    lines = [f"{n:08x}c7,{('boxer', 'pug')[n % 2]}" for n in range(8)]
    files |= {"labels.csv": "\n".join(["id,breed", *lines])}
    files |= {"sample_submission.csv": "id,boxer,pug\n00000000d1,0.5,0.5\n"}
    return put(at, files), Expected(8, ("boxer", "pug"), report=("test/00000000d1.jpg",))


@own_set
def one_hot_table(at):
    """As ISIC publishes it: a column for each class."""
    names = ("BCC", "MEL", "NV")
    files = {f"ISIC_Input/ISIC_{n:07}.jpg": packed(item(n % 3), "JPEG") for n in range(9)}
    rows = [f"ISIC_{n:07}," + ",".join(f"{float(n % 3 == k)}" for k in range(3)) for n in range(9)]
    files |= {"ISIC_GroundTruth.csv": "\n".join(["image," + ",".join(names), *rows])}
    return put(at, files), Expected(9, names)


@own_set
def faces_with_attributes(at):
    """CelebA: no classes, a table of attributes and one of the splits."""
    files = {f"img_align_celeba/{n:06}.jpg": packed(item(n), "JPEG") for n in range(1, 11)}
    rows = [f"{n:06}.jpg,{(-1) ** n},{1 if n > 3 else -1}" for n in range(1, 11)]
    files |= {"list_attr_celeba.csv": "\n".join(["image_id,Smiling,Young", *rows])}
    rows = [f"{n:06}.jpg,{0 if n < 7 else 1 if n < 9 else 2}" for n in range(1, 11)]
    files |= {"list_eval_partition.csv": "\n".join(["image_id,partition", *rows])}
    expected = Expected(10, ("img_align_celeba",), 4, marked=False, columns=("Smiling", "Young"))
    return put(at / "faces", files), expected


@own_set
def class_folders_and_a_table(at):
    files = tree("{name}/{name}_{i}.png")
    rows = [f"{Path(p).name},{n}" for n, p in enumerate(files)]
    files |= {"measured.csv": "\n".join(["file,wingspan", *rows])}
    return put(at, files), Expected(12, BIRDS, columns=("wingspan",))


@own_set
def training_and_test_table_given_by_one(at):
    files, tables = {}, {"train": ["file,label"], "test": ["file,label"]}
    for n in range(18):
        files[f"images/{n:05}.jpg"] = packed(item(n % 3), "JPEG")
        tables["train" if n < 12 else "test"].append(f"{n:05}.jpg,{BIRDS[n % 3]}")
    files |= {f"{name}.csv": "\n".join(lines) for name, lines in tables.items()}
    return put(at, files) / "train.csv", Expected(18, BIRDS, 6)


@own_set
def names_and_numbers_in_a_text(at):
    files = {f"img/{n:05}.jpg": packed(item(n % 3), "JPEG") for n in range(12)}
    files |= {"labels.txt": "\n".join(f"{n:05}.jpg {n % 3}" for n in range(12))}
    files |= {"classes.txt": "\n".join(BIRDS), "README.txt": "See a.jpg"}
    return put(at, files), Expected(12, ("0", "1", "2"), report=("README.txt", "classes.txt"))
