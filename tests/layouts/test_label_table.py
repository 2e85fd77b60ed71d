"""Tables beside pictures: which name them, and what becomes of their columns."""

import io
import math

import numpy as np
import pandas as pd
import pytest

from vae.formats.sources import SourceFile
from vae.layouts.label_table import apply, is_table
from vae.layouts.layout import arrange


def source(path, content=b""):
    content = content if isinstance(content, bytes) else content.encode()
    return SourceFile(path, lambda count=-1: content if count < 0 else content[:count])


def applied(paths, tables):
    """`apply` after `arrange`, of paths of pictures and of {path: text of a table}."""
    kept, _ = arrange("x", [source(path) for path in paths])
    files, skipped = apply("x", kept, [source(path, text) for path, text in tables.items()])
    assert [f.path for f in files] == [f.path for f in kept]
    return files, dict(skipped)


def table(header, *rows):
    return "\n".join([header, *rows])


def numbered(pattern, count=6, start=0):
    return [pattern.replace("#", str(number)) for number in range(start, start + count)]


def rows(pattern, values="ababab", start=0):
    """A row of `pattern` for each value, "#" its number and "@" the value."""
    pairs = enumerate(values, start)
    return [pattern.replace("#", str(number)).replace("@", value) for number, value in pairs]


# name -> paths, tables, the labels in the order of the paths ("-" for none)
LABELS = {
    "HF CSV": (numbered("#.png"), {"metadata.csv": table("file_name,label", *rows("#.png,@"))},
               "ababab"),
    "HF JSONL": (numbered("train/#.png"),
                 {"train/metadata.jsonl": "\n".join(rows('{"file_name":"#.png","label":"@"}'))},
                 "ababab"),
    "TSV": (numbered("#.png"), {"x.tsv": table("image\tclass", *rows("#.png\t@"))}, "ababab"),
    "semicolons": (numbered("#.png"), {"x.csv": table("Bild;Label", *rows("#.png;@"))}, "ababab"),
    "JSON records": (numbered("#.png"),
                     {"x.json": "[" + ",".join(rows('{"image":"#","category":"@"}')) + "]"},
                     "ababab"),
    "JSON names": (numbered("#.png"), {"x.json": "{" + ",".join(rows('"#.png":"@"')) + "}"},
                   "ababab"),
    "no header": (numbered("#.png"), {"x.csv": "\n".join(rows("#.png,@"))}, "ababab"),
    "paths": (numbered("images/#.png"), {"x.csv": table("path,label", *rows("images/#.png,@"))},
              "ababab"),
    "deeper paths": (numbered("data/images/#.png"),
                     {"x.csv": table("path,label", *rows("images/#.png,@"))}, "ababab"),
    "foreign paths": (numbered("images/#.png"),
                      {"x.csv": table("path,label", *rows("C:\\me\\images\\#.png,@"))}, "ababab"),
    "longer paths": (numbered("#.png"),
                     {"x.csv": table("path,label", *rows("/kaggle/input/x/#.png,@"))}, "ababab"),
    "stems": (numbered("ISIC_002#.jpg"), {"x.csv": table("image_id,dx", *rows("ISIC_002#,@"))},
              "ababab"),
    "other ending": (numbered("#.png"), {"x.csv": table("f,label", *rows("#.JPG,@"))}, "ababab"),
    "case": (numbered("IMG#.PNG"), {"x.csv": table("f,label", *rows("img#.png,@"))}, "ababab"),
    "numbers": (numbered("#.png"), {"trainLabels.csv": table("id,label", *rows("#,@"))},
                "ababab"),
    "numbers without zeros": (numbered("000#.png"), {"x.csv": table("id,label", *rows("#,@"))},
                              "ababab"),
    "numbers with zeros": (numbered("000#.png"), {"x.csv": table("id,label", *rows("000#,@"))},
                           "ababab"),
    "a part of a table": (numbered("x#.png", 3), {"x.csv": table("f,label", *rows("x#.png,@"))},
                          "aba"),
    "a part of the pictures": (numbered("x#.png", 9), {"x.csv": table("f,label", *rows("x#,@"))},
                               "ababab---"),
    "numbers as labels": (numbered("#.png"),
                          {"x.csv": table("f,label", *rows("#.png,@", "010101"))}, "010101"),
    "missing": (numbered("#.png"),
                {"x.csv": table("f,label,n", *rows("#.png,@,1", ["3", "", *"3434"]))}, "3-3434"),
    "names before numbers": (numbered("#.png"),
                             {"x.csv": table("f,label,label_name", *rows("#.png,#,@"))}, "ababab"),
    "usual names before others": (numbered("#.png"),
                                  {"x.csv": table("f,sex,dx", *rows("#.png,m,@"))}, "ababab"),
    "a name of two words": (numbered("#.png"),
                            {"x.csv": table("f,sex,Dog Breed", *rows("#.png,m,@"))}, "ababab"),
    "the only text": (numbered("#.png"), {"x.csv": table("f,age,who", *rows("#.png,#,@"))},
                      "ababab"),
    "the only other column": (numbered("#.png"),
                              {"x.csv": table("f,malignant", *rows("#.png,@", "010101"))},
                              "010101"),
    "captions": (numbered("#.png", 30),
                 {"x.csv": table("f,text", *rows("#.png,no. # of them", "a" * 30))}, "-" * 30),
    "two texts": (numbered("#.png"), {"x.csv": table("f,who,where", *rows("#.png,@,@"))},
                  "------"),
    "measures": (numbered("#.png"), {"x.csv": table("f,label", *rows("#.png,#.5"))}, "------"),
    "without end": (numbered("#.png"),
                    {"x.csv": table("f,label", *rows("#.png,@", ["1", "inf"] * 3))}, "------"),
    "always the same": (numbered("#.png"), {"x.csv": table("f,source,who", *rows("#.png,me,@"))},
                        "ababab"),
    "spaces": (numbered("#.png"), {"x.csv": table("f,label", *rows("#.png, @ ", "ab bab"))},
               "ab-bab"),
    "one-hot": (numbered("#.png", 4),
                {"x.csv": table("image,a,b", "0,1.0,0.0", "1,0.0,1.0", "2,1.0,0.0", "3,0.0,1.0")},
                "abab"),
    "several marks": (numbered("#.png", 3),
                      {"x.csv": table("image,a,b", "0,1,0", "1,1,1", "2,0,0")}, "---"),
    "boxes": (numbered("x#.jpg", 3),
              {"_annotations.csv": table("filename,class,xmin", "x0.jpg,a,1", "x0.jpg,a,2",
                                         "x1.jpg,a,3", "x1.jpg,b,4", "x2.jpg,b,5")}, "a-b"),
    "before names of files": (numbered("cat_#.png") + numbered("dog_#.png"),
                              {"x.csv": table("f,label", *rows("cat_#.png,@"),
                                              *rows("dog_#.png,@"))}, "abababababab"),
    "not before folders": (numbered("a/x#.png", 3) + numbered("b/y#.png", 3),
                           {"x.csv": table("f,label", *rows("x#.png,c", "aaa"),
                                           *rows("y#.png,c", "bbb"))}, "aaabbb"),
    "two tables": (numbered("x#.png", 3) + numbered("y#.png", 3),
                   {"1.csv": table("f,label", *rows("x#.png,@", "aba")),
                    "2.csv": table("f,label", *rows("y#.png,@", "bab"))}, "ababab"),
    "classes by number": (numbered("#.png", 40),
                          {"labels.csv": table("ClassId,Name", *rows("#,sign @"))}, "-" * 40),
    "grades": ([*numbered("#.png", 9), "a.png", "b.png"],
               {"x.csv": table("grade,label", *rows("@,c", "ababab"))}, "-" * 11),
    "the wrong table": (numbered("#.png"), {"x.csv": table("f,label", *rows("z#.png,@"))},
                        "------"),
    "numbers of other things": (numbered("#.png"),
                                {"x.csv": table("n,label,f", *rows("#,@,z", "ababab", 3))},
                                "------"),
}  # fmt: skip


@pytest.mark.parametrize("name", LABELS)
def test_labels(name):
    paths, tables, expected = LABELS[name]
    files, _ = applied(paths, tables)
    assert "".join(file.label or "-" for file in files) == expected


def test_an_empty_column_and_numbers_travel_as_they_are():
    text = table(
        "file_name,label,age,sex,score", "0.png,a,31,f,0.5", "1.png,b,,m,1.5", "2.png,a,40,,2"
    )
    files, skipped = applied(numbered("#.png", 3), {"metadata.csv": text})
    assert not skipped and set(files[0].columns) == {"age", "sex", "score"}
    assert [f.columns["score"] for f in files] == [0.5, 1.5, 2.0]
    assert files[0].columns["age"] == 31 and math.isnan(files[1].columns["age"])
    assert files[1].columns["sex"] == "m" and files[2].columns["sex"] != files[2].columns["sex"]
    assert {type(value) for file in files for value in file.columns.values()} <= {int, float, str}


def test_folders_keep_their_classes_and_the_label_travels():
    paths = numbered("cat/x#.png", 3) + numbered("dog/y#.png", 3)
    text = table("f,label,age", *rows("x#.png,old,#", "aaa"), *rows("y#.png,old,#", "aaa"))
    files, _ = applied(paths, {"x.csv": text})
    assert [f.label for f in files] == ["cat"] * 3 + ["dog"] * 3
    assert files[4].columns == {"label": "old", "age": 1}


def test_a_table_completes_the_classes_of_folders():
    """As of traffic signs: folders for training, a flat folder and a table for the test."""
    paths = [
        *numbered("Train/0/a#.png", 2),
        *numbered("Train/1/b#.png", 2),
        *numbered("Test/#.png"),
    ]
    tables = {"Test.csv": table("Width,ClassId,Path", *rows("9,@,Test/#.png", "010107"))}
    files, _ = applied(paths, tables)
    assert [f.label for f in files] == [*"0011", *"01010", None]
    assert files[4].columns == {"Width": 9} and files[0].columns == {}


@pytest.mark.parametrize(
    "column, values, expected",
    [
        ("split", ["train", "train", "val", "test"], "train train val test"),
        ("Usage", ["Training", "Training", "PublicTest", "PrivateTest"], "train train test test"),
        ("partition", ["0", "0", "1", "2"], "train train val test"),
        ("is_train", ["1", "1", "0", "0"], "train train test test"),
        ("set", ["train", "train", "train", "train"], "   "),  # one split is none
        ("fold", ["0", "1", "2", "3"], "   "),
        ("split", ["train", "other", "test", "test"], "   "),
    ],
)
def test_splits_in_a_column(column, values, expected):
    text = table(f"f,label,{column}", *rows("#.png,a,@", values))
    files, _ = applied(numbered("#.png", 4), {"x.csv": text})
    assert " ".join(f.split for f in files) == expected
    assert (column in files[0].columns) == (column == "fold" or "other" in values)


def test_a_picture_that_a_table_lacks_is_one_for_training():
    text = table("f,split", *rows("#.png,@", ["train", "train", "test", "test", "val"]))
    files, _ = applied(numbered("#.png"), {"x.csv": text})
    assert [f.split for f in files] == ["train", "train", "test", "test", "val", "train"]


def test_splits_of_folders_stay_and_names_that_occur_twice_name_nothing():
    paths = [*numbered("train/#.png", 3), *numbered("test/#.png", 3)]
    swapped = [*rows("train/#.png,test,1,2", "aaa"), *rows("test/#.png,train,2,1", "aaa")]
    text = table("f,split,n,m", *swapped)
    files, _ = applied(paths, {"x.csv": text})
    assert [(f.split, f.columns["n"]) for f in files] == [("train", 1)] * 3 + [("test", 2)] * 3
    files, skipped = applied(paths, {"x.csv": table("f,n", *rows("#.png,1", "aaa"))})
    assert not any(f.columns for f in files) and list(skipped) == ["x.csv"]


def test_splits_by_tables_and_tables_by_splits():
    tables = {
        "train.csv": table("id,label", *rows("#,@", "aba")),
        "test.csv": table("id", *rows("#", "aaa", 3)),
        "sample_submission.csv": table("id,label", *rows("#,0", "aaa", 3)),
    }
    files, skipped = applied(numbered("images/#.png"), tables)
    assert [f.split for f in files] == ["train"] * 3 + ["test"] * 3
    assert [f.label for f in files] == ["a", "b", "a", None, None, None]
    assert skipped == {"sample_submission.csv": "a form for answers"}
    tables["test.csv"] = table("id,label", *rows("#,@", "bbb"))
    files, _ = applied([*numbered("train/#.png", 3), *numbered("test/#.png", 3)], tables)
    assert [(f.split, f.label) for f in files] == [
        *(("train", c) for c in "aba"), *(("test", "b") for _ in range(3)),
    ]  # fmt: skip


def test_a_table_in_each_split_s_folder():
    tables = {
        f"{split}/_annotations.csv": table("filename,class", *rows("#.jpg,@", labels))
        for split, labels in (("train", "aba"), ("valid", "bba"))
    }
    files, _ = applied([*numbered("train/#.jpg", 3), *numbered("valid/#.jpg", 3)], tables)
    assert "".join(f.split[0] + f.label for f in files) == "tatbtavbvbva"


def test_a_parquet_file_with_lists_and_bytes():
    content = io.BytesIO()
    frame = pd.DataFrame({"file_name": numbered("#.png", 4), "objects": [[1], [2], [3], [4]],
                          "image": [b"1"] * 4, "species": list("abab"), "n": np.arange(4),
                          "day": pd.date_range("2020-01-01", periods=4)})  # fmt: skip
    frame.to_parquet(content)
    files, _ = applied(numbered("#.png", 4), {"metadata.parquet": content.getvalue()})
    assert [f.label for f in files] == list("abab")
    assert files[3].columns == {"n": 3, "day": "2020-01-04"}


@pytest.mark.parametrize(
    "path, content, reason",
    [
        ("instances_train2017.json", '{"images": [], "annotations": []}', "COCO"),
        ("package.json", '{"name": "x", "scripts": {}}', "table"),
        ("broken.csv", 'a,b\n"', "table"),
        ("broken.parquet", "PAR1xxxxPAR1", "cannot be read"),
        ("empty.csv", "", "table"),
        ("0.json", '{"shapes": []}', "a file about one picture"),
        ("other.csv", table("a,b", "1,2", "3,4"), "a table that names no pictures"),
    ],
)
def test_a_table_that_says_nothing_is_left_out_with_the_reason(path, content, reason):
    good = table("f,label", *rows("#.png,@"))
    files, skipped = applied(numbered("#.png"), {path: content, "good.csv": good})
    assert [f.label for f in files] == list("ababab")
    assert list(skipped) == [path] and reason in skipped[path]


def test_only_the_first_tables_are_read():
    files, skipped = applied(numbered("#.png"), {f"{i}x.csv": "a,b\n1,2" for i in range(30)})
    assert len(skipped) == 30 and "more than 20 tables" in skipped["29x.csv"]
    assert files[0].label is None


def test_a_class_in_names_is_none_of_a_folder():
    paths = numbered("category/cat_#.png", 3) + numbered("category/dog_#.png", 3)
    text = table("f,label", *rows("cat_#.png,@", "xyx"), *rows("dog_#.png,@", "yxy"))
    assert "".join(f.label for f in applied(paths, {"x.csv": text})[0]) == "xyxyxy"


def test_what_may_be_a_table():
    yes = ["a.csv", "x/b.TSV", "c.jsonl", "d.json", "e.parquet", "a.txt"]
    no = ["README.txt", ".x/a.csv", "__MACOSX/a.csv", "._a.csv", "csv", "a.csv.png"]
    assert [p for p in yes + no if is_table(p)] == yes


def test_ten_thousand_pictures_take_no_time():
    paths = numbered("x#.png", 10_000)
    files, _ = applied(paths, {"x.csv": table("id,label,n", *rows("x#,@,1", "ab" * 5000))})
    assert [f.label for f in files[:3]] == ["a", "b", "a"]
