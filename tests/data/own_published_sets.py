"""Well-known data sets of pictures in the layouts of their archives, as `own_sets`."""

import json

from own_sets import BIRDS, Expected, item, own_set, packed, put, tree


def photo(k: int) -> bytes:
    return packed(item(k), "JPEG")


@own_set
def traffic_signs(at):
    """GTSRB of Kaggle: each folder twice, and the classes of its test pictures in a table."""
    tables = {"Train": ["Width,ClassId,Path"], "Test": ["Width,ClassId,Path"]}
    files = {}
    for k in range(3):
        for i in range(4):
            path = f"{k}/0000{k}_0000{i}.png"
            files |= {f"{top}/{path}": packed(item(k)) for top in ("Train", "train")}
            tables["Train"].append(f"32,{k},Train/{path}")
    for n in range(6):
        files |= {f"{top}/0000{n}.png": packed(item(n % 3)) for top in ("Test", "test")}
        tables["Test"].append(f"32,{n % 3},Test/0000{n}.png")
    files |= {f"Meta/{k}.png": packed(item(9)) for k in range(3)}
    files |= {f"{name}.csv": "\n".join(lines) for name, lines in tables.items()}
    report = ("in a copy of the folders", "Meta/0.png")
    return put(at, files), Expected(18, ("0", "1", "2"), 6, columns=("Width",), report=report)


@own_set
def simpsons(at):
    """A copy inside the folder, and test pictures with the class in their names."""
    names = ("abraham_grampa_simpson", "bart_simpson", "lisa_simpson")
    files = {}
    for top in ("simpsons_dataset", "simpsons_dataset/simpsons_dataset"):
        files |= tree(top + "/{name}/pic_{i:04}.jpg", names, kind="JPEG")
    test = "kaggle_simpson_testset/"
    files |= tree(test * 2 + "{name}_{i}.jpg", names, 2, kind="JPEG")
    return put(at, files), Expected(18, names, 6)


@own_set
def rock_paper_scissors(at):
    """The training folder has no word for it."""
    names = ("paper", "rock", "scissors")
    files = tree("rps/{name}/{name}0{i}.png", names)
    files |= tree("rps-test-set/{name}/test{name}0{i}.png", names, 2)
    return put(at, files | tree("rps-validation/{name}{i}.png", names, 1)), Expected(21, names, 9)


@own_set
def sign_alphabet(at):
    names = ("A", "B", "space")
    files = tree("asl_alphabet_train/asl_alphabet_train/{name}/{name}{i}.jpg", names, kind="JPEG")
    files |= tree("asl_alphabet_test/asl_alphabet_test/{name}_test.jpg", names, 1, kind="JPEG")
    return put(at, files), Expected(15, names, 3)


@own_set
def food_101(at):
    """The splits are lists of names by class."""
    names = ("apple_pie", "pizza", "sushi")
    files = tree("food-101/images/{name}/{i}0{k}.jpg", names, kind="JPEG")
    train = {n: [f"{n}/{i}0{k}" for i in range(3)] for k, n in enumerate(names)}
    test = {n: [f"{n}/30{k}"] for k, n in enumerate(names)}
    files |= {
        f"food-101/meta/{s}.json": json.dumps(v) for s, v in (("train", train), ("test", test))
    }
    return put(at, files), Expected(12, names, 3)


@own_set
def fashion_products(at):
    """A table with a comma too many in one line."""
    lines = ["id,gender,masterCategory,subCategory,articleType,season,productDisplayName"]
    for n in range(12):
        comma = ", red" * (n == 3)
        lines.append(f"{1500 + n},Men,Apparel,Topwear,{BIRDS[n % 3]},Fall,Shirt{comma} {n}")
    files = {f"images/{1500 + n}.jpg": photo(n % 3) for n in range(12)}
    columns, report = ("gender", "season"), ("images/1503.jpg",)
    files |= {"styles.csv": "\n".join(lines)}
    return put(at, files), Expected(11, BIRDS, columns=columns, report=report)


@own_set
def number_before_the_class(at):
    files = {}
    for split, each in (("train", 4), ("test", 2)):
        pattern = f"cifar/{split}/{{i}}{{k}}_{{name}}.png"
        files |= tree(pattern, each=each)
    return put(at, files | {"cifar/labels.txt": "\n".join(BIRDS)}), Expected(18, BIRDS, 6)


@own_set
def digits_as_jpeg(at):
    """Samples of the training folder beside it, and test pictures without labels."""
    names = tuple("0123456789")
    files = tree("trainingSet/trainingSet/{name}/img_{k}{i}.jpg", names, kind="JPEG")
    files |= tree("trainingSample/trainingSample/{name}/img_{k}{i}.jpg", names, 1, kind="JPEG")
    files |= tree("testSet/testSet/img_{i}.jpg", ("x",), 5, kind="JPEG")
    report = ("a sample of the folder beside", "testSet/testSet/img_0.jpg")
    return put(at, files), Expected(40, names, report=report)


@own_set
def castings(at):
    """The same once more in another size, without splits."""
    names, files = ("def_front", "ok_front"), {}
    for split, each in (("train", 4), ("test", 2)):
        pattern = f"casting_data/casting_data/{split}/{{name}}/cast_{{i}}.jpeg"
        files |= tree(pattern, names, each, kind="JPEG")
    other = "casting_512x512/casting_512x512/{name}/cast_{i}.jpeg"
    files |= tree(other, names, 3, kind="JPEG")
    return put(at, files), Expected(12, names, 4, report=("casting_512x512",))


@own_set
def repository_with_figures(at):
    files = tree("dataset/train/{name}/{i}.png") | tree("dataset/test/{name}/{i}.png", each=1)
    files |= {"figures/result.png": packed(item(9)), ".git/HEAD": "ref", "README.md": "# Birds"}
    return put(at, files), Expected(15, BIRDS, 3, report=("figures/result.png", ".git/HEAD"))


@own_set
def dog_breeds_with_annotations(at):
    """Stanford Dogs: XML files without an ending in folders as those of the pictures."""
    names = ("n02085620-Chihuahua", "n02085782-Japanese_spaniel", "n02110958-pug")
    files = tree("images/Images/{name}/{name}_{i}.jpg", names, kind="JPEG")
    annotations = tree("annotations/Annotation/{name}/{name}_{i}", names)
    return put(at, files | dict.fromkeys(annotations, "<annotation/>")), Expected(12, names)


@own_set
def radiographs_with_masks(at):
    names = ("COVID", "Normal", "Viral Pneumonia")
    top = "COVID-19_Radiography_Dataset/{name}/"
    files = tree(top + "images/{name}-{i}.png", names) | tree(top + "masks/{name}-{i}.png", names)
    files |= {"COVID-19_Radiography_Dataset/COVID.metadata.xlsx": b"PK"}
    return put(at, files), Expected(12, names, report=("a mask", "save it as .csv"))


@own_set
def leaves_in_one_folder(at):
    """Training and test pictures together; the table names those with a label."""
    names = ("healthy", "rust", "scab")
    files = {f"images/Train_{n}.jpg": photo(n % 3) for n in range(12)}
    files |= {f"images/Test_{n}.jpg": photo(9) for n in range(5)}
    rows = [f"Train_{n}," + ",".join(str(int(n % 3 == k)) for k in range(3)) for n in range(12)]
    files |= {"train.csv": "\n".join(["image_id,healthy,rust,scab", *rows])}
    files |= {"test.csv": "\n".join(["image_id", *(f"Test_{n}" for n in range(5))])}
    return put(at, files), Expected(12, names, report=("images/Test_0.jpg",))


@own_set
def folders_without_pictures(at):
    """Class folders with other files only are no classes."""
    files = tree("{name}/{i}.png") | {"notes/a.txt": "x", "sounds/b.wav": b"RIFF"}
    return put(at, files), Expected(12, BIRDS, report=("notes/a.txt", "sounds/b.wav"))


@own_set
def tiny_imagenet(at):
    """A text says the classes of the pictures to validate; those to test have none."""
    names, top = ("n01443537", "n01629819", "n01641577"), "tiny-imagenet-200/"
    files = tree(top + "train/{name}/images/{name}_{i}.JPEG", names, kind="JPEG")
    lines = []
    for n in range(6):
        files[f"{top}val/images/val_{n}.JPEG"] = photo(n % 3)
        lines.append(f"val_{n}.JPEG\t{names[n % 3]}\t0\t0\t62\t62")
    files |= {f"{top}test/images/test_{n}.JPEG": photo(9) for n in range(3)}
    files |= {f"{top}val/val_annotations.txt": "\n".join(lines), f"{top}wnids.txt": "n01443537\n"}
    return put(at, files), Expected(18, names, 6, report=("test_0.JPEG", "wnids.txt"))
