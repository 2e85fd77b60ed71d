"""Small data sets of pictures in the folders and archives in which people publish them."""

import io
import tarfile

from own_sets import BIRDS, Expected, item, own_set, packed, put, tree, zipped


@own_set
def image_folder(at):
    return put(at, tree("{name}/{i}.png")), Expected(12, BIRDS)


@own_set
def classes_with_numbers_are_in_natural_order(at):
    names = tuple(f"class {n}" for n in (1, 2, 3, 9, 10, 11, 12))
    return put(at, tree("{name}/{i}.jpg", names, kind="JPEG")), Expected(28, names)


@own_set
def orl_faces(at):
    names = tuple(f"s{n}" for n in range(1, 12))
    files = tree("att_faces/{name}/{i}.pgm", names, 2, kind="PPM") | {"att_faces/README": "ORL"}
    return put(at, files), Expected(22, names)


@own_set
def train_valid_test(at):
    files = {
        **tree("train/{name}/{i}.png", each=5),
        **tree("valid/{name}/{i}.png", each=2),
        **tree("test/{name}/{i}.png", each=1),
    }
    return put(at, files), Expected(24, BIRDS, 9)


@own_set
def capital_splits_in_wrappers_with_a_stray(at):
    files = {**tree("Data/Train/{name}/{i}.JPG", kind="JPEG"), "Data/sample.png": packed(item(9))}
    files |= tree("Data/Test/{name}/{i}.JPG", each=1, kind="JPEG")
    return put(at, files), Expected(15, BIRDS, 3, report=("sample.png",))


@own_set
def splits_inside_classes(at):
    files = tree("{name}/train/{i}.png") | tree("{name}/test/{i}.png", each=2)
    return put(at, files), Expected(18, BIRDS, 6)


@own_set
def flat_train_and_test(at):
    files = tree("train/{name}{i}_x.png", ("a",), 9) | tree("test/{name}{i}_x.png", ("a",), 3)
    return put(at / "mine", files), Expected(12, ("mine",), 3)


@own_set
def chest_xray(at):
    """With the copy and the leftovers that its .zip on Kaggle has."""
    names = ("NORMAL", "PNEUMONIA")
    files = {}
    for split, each in (("train", 5), ("val", 1), ("test", 2)):
        one = tree(f"chest_xray/{split}/{{name}}/{{i}}.jpeg", names, each, kind="JPEG")
        files |= one | {k.replace("chest_xray", "chest_xray/chest_xray", 1): one[k] for k in one}
        files |= {f"chest_xray/__MACOSX/{k.replace('/', '/._', 1)}": b"\0\5\x16\7" for k in one}
        files |= {f"chest_xray/{split}/.DS_Store": b"\0\0\0\1Bud1"}
    return zipped(at / "archive.zip", files), Expected(16, names, 6)


@own_set
def intel_scenes(at):
    files = tree("seg_train/seg_train/{name}/{i}.jpg", kind="JPEG")
    files |= tree("seg_test/seg_test/{name}/{i}.jpg", each=1, kind="JPEG")
    files |= tree("seg_pred/seg_pred/{i}.jpg", ("x",), 3, kind="JPEG")
    return put(at, files), Expected(15, BIRDS, 3, report=("seg_pred",))


@own_set
def fruits_360(at):
    names = ("Apple Braeburn", "Apple Golden 1", "Apple Golden 2")
    files = tree("fruits-360/Training/{name}/{i}_100.jpg", names, kind="JPEG")
    files |= tree("fruits-360/Test/{name}/{i}_100.jpg", names, 2, kind="JPEG")
    files |= tree("fruits-360/test-multiple_fruits/{i}.jpg", ("x",), 2, kind="JPEG")
    return put(at, files), Expected(18, names, 6, report=("test-multiple_fruits",))


@own_set
def mvtec(at):
    files = tree("bottle/train/good/{i:03}.png", ("good",), 6)
    files |= tree("bottle/test/good/{i:03}.png", ("good",), 2)
    files |= {f"bottle/test/broken_large/00{i}.png": packed(item(1)) for i in range(3)}
    files |= {f"bottle/ground_truth/broken_large/00{i}_mask.png": packed(item(9)) for i in "012"}
    files |= {"bottle/license.txt": "CC", "bottle/readme.txt": "-"}
    report = ("ground_truth/broken_large/000_mask.png",)
    return put(at, files), Expected(11, ("broken_large", "good"), 5, marked=False, report=report)


@own_set
def plant_village(at):
    files = {}
    for version in ("color", "grayscale", "segmented"):
        files |= tree(f"plantvillage dataset/{version}/{{name}}/{{i}}.JPG", kind="JPEG")
    return put(at, files), Expected(12, BIRDS, report=("another version of a picture",))


@own_set
def caltech_birds(at):
    names = ("001.Black_footed_Albatross", "002.Laysan_Albatross", "010.Red_winged_Blackbird")
    files = tree("CUB_200_2011/images/{name}/{name}_{i}.jpg", names, kind="JPEG")
    files |= {f"CUB_200_2011/{t}.txt": "1 2\n" for t in ("classes", "image_class_labels")}
    return put(at, files), Expected(12, names)


@own_set
def oxford_pets(at):
    names = ("Abyssinian", "Egyptian_Mau", "yorkshire_terrier")
    files = tree("images/{name}_{i}.jpg", names, kind="JPEG") | {"annotations/list.txt": "x 1\n"}
    files |= tree("annotations/trimaps/{name}_{i}.png", names)
    return put(at, files), Expected(12, names, report=("trimaps",))


@own_set
def dogs_against_cats(at):
    """Archives in an archive; the labels are in the names, and those to be guessed have none."""
    train = zipped(at / "train.zip", tree("train/{name}.{i}.jpg", ("cat", "dog"), kind="JPEG"))
    test = zipped(at / "test1.zip", tree("test1/{i}.jpg", ("x",), 3, kind="JPEG"))
    files = {p.name: p.read_bytes() for p in (train, test)} | {"sampleSubmission.csv": "id,label"}
    for p in (train, test):
        p.unlink()
    expected = Expected(8, ("cat", "dog"), report=("test1",))
    return zipped(at / "dogs-vs-cats.zip", files), expected


@own_set
def roboflow(at):
    files = tree("train/{name}/{i}_jpg.rf.0a1b.jpg", kind="JPEG") | {"README.roboflow.txt": "-"}
    files |= tree("valid/{name}/{i}_jpg.rf.0a1c.jpg", each=1, kind="JPEG")
    return put(at, files), Expected(15, BIRDS, 3)


@own_set
def one_picture_per_class(at):
    names = tuple(f"person {n}" for n in range(1, 13))
    return put(at, tree("{name}/face.png", names, 1)), Expected(12, names)


@own_set
def three_hundred_classes(at):
    names = tuple(f"glyph{n}" for n in range(300))
    return put(at, tree("{name}/{i}.png", names, 1)), Expected(300, names, 30, marked=False)


@own_set
def no_labels_at_all(at):
    return put(at / "walk", tree("IMG_{i:04}.png", ("x",), 20)), Expected(20, ("walk",), 2)


@own_set
def one_class_folder(at):
    return put(at / "set", tree("owls/{i}.png", ("owls",), 8)), Expected(8, ("owls",))


@own_set
def one_class_folder_in_japanese(at):
    return put(at / "set", tree("ねこ/{i}.png", ("x",), 8)), Expected(8, ("ねこ",))


@own_set
def two_pictures(at):
    return put(at / "pair", tree("{i}.png", ("x",), 2)), Expected(2, ("pair",), 1)


@own_set
def hidden_leftovers(at):
    files = tree("{name}/{i}.png") | {"crow/._0.png": b"\0\5\x16\7\0\2\0\0Mac OS X"}
    files |= {".ipynb_checkpoints/0-checkpoint.png": packed(item(9))}
    files |= {"owl/.ipynb_checkpoints/0-checkpoint.png": packed(item(9)), "Thumbs.db": b"\xd0\xcf"}
    files |= {"owl/desktop.ini": "[.ShellClassInfo]", ".DS_Store": b"\0", "train.ipynb": "{}"}
    return put(at, files), Expected(12, BIRDS, report=("._0.png", "0-checkpoint.png"))


@own_set
def zip_of_a_mac(at):
    files = {f"Birds/{path}": content for path, content in tree("{name}/{i}.png").items()}
    files |= {f"__MACOSX/Birds/{p}".replace("/0", "/._0"): b"\0\5\x16\7" for p in tree("{i}.png")}
    files |= {"Birds/.DS_Store": b"\0\0\0\1Bud1"}
    return zipped(at / "Birds.zip", files), Expected(12, BIRDS)


@own_set
def zip_of_windows(at):
    files = {path.replace("/", "\\"): c for path, c in tree("Birds/{name}/{i}.png").items()}
    return zipped(at / "BIRDS.ZIP", files | {"Birds\\Thumbs.db": b"\xd0\xcf"}), Expected(12, BIRDS)


@own_set
def zip_with_umlauts_in_an_old_code_page(at):
    names = ("Käfer", "Mücke")
    return zipped(at / "x.zip", tree("{name}/{i}.png", names), "cp437"), Expected(8, names)


@own_set
def zip_with_japanese_names(at):
    names = ("いぬ", "ねこ")
    return zipped(at / "x.zip", tree("{name}/{i}.png", names), "cp932"), Expected(8, names)


@own_set
def tar_with_gzip(at):
    with tarfile.open(at / "images.tar.gz", "w:gz") as archive:
        for name, content in tree("./images/{name}/{i}.png").items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return at / "images.tar.gz", Expected(12, BIRDS)
