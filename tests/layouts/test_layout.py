"""Layouts of picture folders as people publish and bring them."""

import pytest

from vae.formats.sources import SourceFile
from vae.layouts.layout import arrange, split_of


def expand(*paths):
    """Paths with "1-3" for three numbers and "a|b" in braces for several words."""
    found = []
    for path in paths:
        if "{" in path:
            start, rest = path.split("{", 1)
            words, end = rest.split("}", 1)
            found += expand(*(start + word + end for word in words.split("|")))
        elif "#" in path:
            found += [path.replace("#", str(number)) for number in (1, 2, 3)]
        else:
            found.append(path)
    return found


def arranged(*paths):
    files = [SourceFile(path, lambda count=-1: b"") for path in expand(*paths)]
    kept, skipped = arrange("x", files)
    paths, others = [f.path for f in kept], {s.path for s in skipped}
    assert paths == [f.path for f in files if f.path not in others]  # each file is in one of both
    assert all(s.reason for s in skipped)
    return kept, skipped


def split_labels(files):
    """Every "split:label" that occurs, sorted."""
    return " ".join(sorted({f"{f.split}:{f.label or '-'}".lower() for f in files}))


# name -> paths, what occurs as "split:label", how many files are left out
LAYOUTS = {
    "classes": (["cat/#.png", "dog/#.png"], ":cat :dog", 0),
    "wrapped": (["x/data/cat/#.png", "x/data/dog/#.png"], ":cat :dog", 0),
    "one folder": (["x/#.png"], ":-", 0),
    "flat": (["#.png", "a b.jpg"], ":-", 0),
    "one picture": (["1.png"], ":-", 0),
    "a stray file": (["cat/#.png", "dog/#.png", "sample.png"], ":cat :dog", 1),
    "most at the root": (["{a|b|c|d}.png", "old/1.png", "x/2.png"], ":-", 0),
    "a designer's folder": (["Drafts/a/#.png", "Drafts/#.jpg", "Finals/#.tif", "cover.png",
                             "logo.svg", "Drafts/x.psd"], ":drafts :finals", 3),
    "common deeper folder": (["cat/images/#.png", "dog/images/#.png"], ":cat :dog", 0),
    "deeper folders": (["cat/{a|b}/#.png", "dog/c/#.png"], ":cat :dog", 0),
    "splits and classes": (["{train|val|test}/{cat|dog}/#.png"],
                           "test:cat test:dog train:cat train:dog val:cat val:dog", 0),
    "other spellings": (["{Training|Testing|VALID}/{a|b}/#.png"],
                        "test:a test:b train:a train:b val:a val:b", 0),
    "dev and holdout": (["{trn|dev|holdout}/#.png"], "test:- train:- val:-", 0),
    "sets": (["{train_set|test_set}/#.png"], "test:- train:-", 0),
    "numbers": (["{1_train|2_val}/#.png"], "train:- val:-", 0),
    "flat splits": (["{train|test}/#.png"], "test:- train:-", 0),
    "flat splits and a stray": (["{train|test}/#.png", "sample.png"], "test:- train:-", 1),
    "flat test": (["train/{cat|dog}/#.png", "test/#.png"], "test:- train:cat train:dog", 0),
    "test of one folder": (["train/{cat|dog}/#.png", "test/unknown/#.png"],
                           "test:- train:cat train:dog", 0),
    "splits below classes": (["{cat|dog}/{train|test}/#.png"],
                             "test:cat test:dog train:cat train:dog", 0),
    "class called train": (["{car|bus|plane|train}/#.png"], ":bus :car :plane :train", 0),
    "trains": (["{bullet_train|freight_train}/#.png"], ":bullet_train :freight_train", 0),
    "trades": (["{crash_test|web_dev}/#.png"], ":crash_test :web_dev", 0),
    "another folder beside": (["{train|test}/{cat|dog}/#.png", "backup/#.png"],
                              "test:cat test:dog train:cat train:dog", 3),
    "only train": (["train/{cat|dog}/#.png"], ":cat :dog", 0),
    "only flat train": (["train/#.png"], ":-", 0),
    "classes in the names of splits": (["{cat|dog}_{train|test}/#.png"],
                                       "test:cat test:dog train:cat train:dog", 0),
    "CycleGAN": (["h2z/{trainA|trainB|testA|testB}/#.jpg"], "test:a test:b train:a train:b", 0),
    "Intel": (["seg_train/seg_train/{sea|forest}/#.jpg", "seg_test/seg_test/{sea|forest}/#.jpg",
               "seg_pred/seg_pred/#.jpg"],
              "test:forest test:sea train:forest train:sea", 3),
    "training_set": (["training_set/training_set/{cats|dogs}/#.jpg", "test_set/_DS_Store",
                      "test_set/test_set/{cats|dogs}/#.jpg"],
                     "test:cats test:dogs train:cats train:dogs", 1),
    "cats vs dogs": (["train/{cat|dog}.#.jpg", "test1/#.jpg", "sampleSubmission.csv"],
                     "test:- train:cat train:dog", 1),
    "PetImages": (["PetImages/{Cat|Dog}/#.jpg", "PetImages/Cat/Thumbs.db",
                   "MSR-LA - 3467.docx", "readme[1].txt"], ":cat :dog", 3),
    "MVTec": (["bottle/train/good/#.png", "bottle/test/{good|crack}/#.png",
               "bottle/ground_truth/crack/#_mask.png", "bottle/license.txt"],
              "test:crack test:good train:good", 4),
    "MVTec, all": (["{bottle|cable}/train/good/#.png", "{bottle|cable}/test/{good|cut}/#.png",
                    "{bottle|cable}/ground_truth/cut/#_mask.png"],
                   "test:bottle test:cable train:bottle train:cable", 6),
    "anomalies under other names": (["train/normal/#.png", "test/{ok|bad}/#.png"],
                                    "test:bad test:ok train:normal", 0),
    "VisA": (["candle/Data/Images/{Normal|Anomaly}/#.JPG", "candle/Data/Masks/Anomaly/#.png"],
             ":anomaly :normal", 3),
    "HAM10000": (["HAM10000_images_part_{1|2}/ISIC_002#.jpg", "HAM10000_metadata.csv"], ":-", 1),
    "ISIC": (["ISIC_Training_Input/ISIC_#.jpg", "ISIC_Training_Input/ISIC_#_superpixels.png",
              "ISIC_Training_GroundTruth.csv"], ":-", 4),
    "NIH chest X-rays": (["images_00{1|2}/images/0000#_000.png", "Data_Entry_2017.csv"], ":-", 1),
    "CUB": (["CUB_200_2011/images/{001.Black|002.White}/a_#.jpg", "CUB_200_2011/images.txt",
             "segmentations/{001.Black|002.White}/a_#.png", "CUB_200_2011/parts/parts.txt"],
            ":001.black :002.white", 8),
    "Oxford pets": (["images/{Abyssinian|great_pyrenees}_#.jpg", "images/x.mat",
                     "annotations/trimaps/{Abyssinian|great_pyrenees}_#.png",
                     "annotations/xmls/Abyssinian_1.xml"], ":abyssinian :great_pyrenees", 8),
    "ORL": (["orl/s{1|2|10}/#.pgm", "orl/README"], ":s1 :s10 :s2", 1),
    "Yale": (["subject0{1|2}.{happy|sad}", "Readme.txt"], ":-", 1),
    "chest X-ray": (["chest_xray/{train|test|val}/{NORMAL|PNEUMONIA}/#.jpeg",
                     "chest_xray/chest_xray/{train|test|val}/{NORMAL|PNEUMONIA}/#.jpeg",
                     "chest_xray/__MACOSX/._train"],
                    "test:normal test:pneumonia train:normal train:pneumonia val:normal "
                    "val:pneumonia", 19),
    "PlantVillage": (["plantvillage dataset/{color|grayscale|segmented}/{Scab|Corn}/#.JPG"],
                     ":corn :scab", 12),
    "PlantVillage, nested": (["PlantVillage/{A|B|C}/#.JPG",
                              "PlantVillage/PlantVillage/{A|B|C}/#.JPG"],
                             ":a :b :c", 9),
    "brain tumours": (["{yes|no}/Y#.jpg", "brain_tumor_dataset/{yes|no}/Y#.jpg"], ":no :yes", 6),
    "ImageNet": (["ILSVRC/Data/CLS-LOC/train/{n01440764|n01443537}/x_#.JPEG",
                  "ILSVRC/Data/CLS-LOC/{val|test}/ILSVRC2012_val_#.JPEG",
                  "ILSVRC/Annotations/CLS-LOC/val/a_#.xml"],
                 "test:- train:n01440764 train:n01443537 val:-", 3),
    "Tiny ImageNet": (["t/train/{n01|n02}/images/x_#.JPEG", "t/{val|test}/images/x_#.JPEG",
                       "t/train/n01/n01_boxes.txt", "t/val/val_annotations.txt", "t/wnids.txt"],
                      "test:- train:n01 train:n02 val:-", 3),
    "Fruits-360": (["fruits-360/{Training|Test}/{Apple Braeburn 1|Kiwi}/#_100.jpg",
                    "fruits-360/test-multiple_fruits/#.jpg", "fruits-360/papers/a.pdf",
                    "fruits-360/LICENSE"],
                   "test:apple braeburn 1 test:kiwi train:apple braeburn 1 train:kiwi", 5),
    "ASL": (["asl_alphabet_train/asl_alphabet_train/{A|B}/A#.jpg",
             "asl_alphabet_test/asl_alphabet_test/A_test.jpg"], "test:- train:a train:b", 0),
    "COCO": (["{train2017|val2017}/00000#.jpg", "annotations/instances_train2017.json"],
             "train:- val:-", 1),
    "YOLO": (["{train|valid}/images/#.jpg", "{train|valid}/labels/#.txt", "data.yaml"],
             "train:- val:-", 7),
    "YOLO, the other way": (["images/{train|val}/#.jpg", "labels/{train|val}/#.txt"],
                            "train:- val:-", 6),
    "VOC": (["VOC/JPEGImages/200#.jpg", "VOC/SegmentationClass/200#.png",
             "VOC/SegmentationObject/200#.png", "VOC/Annotations/200#.xml"], ":-", 9),
    "Stanford dogs": (["Images/{n02085620-Chihuahua|n02085782-Spaniel}/n_#.jpg",
                       "Annotation/{n02085620-Chihuahua|n02085782-Spaniel}/n_#"],
                      ":n02085620-chihuahua :n02085782-spaniel", 6),
    "Caltech 101": (["caltech/101_ObjectCategories/{ant|bass}/image_000#.jpg",
                     "caltech/Annotations/{ant|bass}/annotation_000#.mat"], ":ant :bass", 6),
    "ultrasound": (["{benign|normal}/{benign|normal} (#).png", "benign/benign (#)_mask.png",
                    "benign/benign (1)_mask_1.png"], ":benign :normal", 4),
    "Carvana": (["train/a#.jpg", "train_masks/a#_mask.gif", "test/b#.jpg"],
                "test:- train:-", 3),
    "images and masks": (["train/images/#.png", "train/masks/#.png", "test/images/#.png"],
                         "test:- train:-", 3),
    "images and labels": (["images/#.png", "labels/#.png"], ":-", 3),
    "COVID radiography": (["{COVID|Normal}/images/C-#.png", "{COVID|Normal}/masks/C-#.png",
                           "Normal.metadata.xlsx"], ":covid :normal", 7),
    "masks below": (["#.png", "masks/#_mask.png"], ":-", 3),
    "nothing but masks": (["ground_truth/#_mask.png"], ":-", 0),
    "faces with masks": (["{with_mask|without_mask}/#.jpg"], ":with_mask :without_mask", 0),
    "faces with masks, bare": (["{mask|no_mask}/#.jpg"], ":mask :no_mask", 0),
    "thumbnails": (["#.jpg", "thumbs/#.jpg", "thumbnails/#_thumb.png"], ":-", 6),
    "thumbnails beside": (["cat/#.jpg", "cat/#_thumb.jpg", "dog/#.jpg"], ":cat :dog", 3),
    "thumbnails of folders": (["full/{cat|dog}/#.jpg", "thumbs/{cat|dog}/#.jpg"], ":cat :dog", 6),
    "gestures": (["{thumbs_up|thumbs_down|fist}/#.jpg"], ":fist :thumbs_down :thumbs_up", 0),
    "fingers": (["{thumb|index}/#.jpg"], ":index :thumb", 0),
    "image masks": (["train_images/#.jpg", "train_image_masks/#.png"], ":-", 3),
    "Excel": (["{cat|dog}/#.jpg", "labels.xlsx"], ":cat :dog", 1),
    "leftovers": (["cat/#.png", "cat/._1.png", "cat/Thumbs.db", "cat/desktop.ini", ".DS_Store",
                   "cat/.ipynb_checkpoints/1-checkpoint.png", ".ipynb_checkpoints/2.png",
                   "__MACOSX/cat/._1.png", "@eaDir/1.png", "$RECYCLE.BIN/2.png", "dog/#.png",
                   ".git/x/1.png"], ":cat :dog", 10),
    "names with a dot": (["cat.#.jpg", "dog.#.jpg"], ":cat :dog", 0),
    "names with brackets": (["cat (#).png", "dog (#).png"], ":cat :dog", 0),
    "names with digits": (["cat#.png", "dog_1#.png", "big dog-#.png"], ":big dog :cat :dog", 0),
    "digits first": (["{0|7}_00#.png"], ":0 :7", 0),
    "versions": (["poster v#.png", "logo v#.png"], ":logo :poster", 0),
    "cameras": (["IMG_#.jpg", "DSC#.jpg", "PXL_2021#.jpg", "WhatsApp Image 1 (#).jpg"], ":-", 0),
    "dates": (["20210{1|2}04_12#.jpg"], ":-", 0),
    "one of each": (["cat1.png", "dog2.png", "cow3.png", "hen4.png"], ":-", 0),
    "titles": (["The lake.jpg", "Grandma 80.jpg", "Beach 1.jpg", "Beach 2.jpg"], ":-", 0),
    "few names": (["{cat|dog}#.png", "{sun|sea|sky|tree}.png"], ":-", 0),
    "names in splits": (["train/{cat|dog}_#.png", "val/{cat|dog|eel}_9#.png"],
                        "train:cat train:dog val:- val:cat val:dog", 0),
    "names below one folder": (["pics/{cat|dog}_#.png"], ":cat :dog", 0),
    "endings unknown or none": (["cat/a#", "cat/b.xyz", "dog/#.heic", "notes.md"], ":cat :dog", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name):
    paths, expected, left_out = LAYOUTS[name]
    kept, skipped = arranged(*paths)
    assert split_labels(kept) == expected
    assert len(skipped) == left_out, skipped


def test_reasons_say_what_a_file_is():
    _, skipped = arranged(
        "cat/#.png", "dog/#.png", "cat/.x.png", "cat/Thumbs.db", "a.csv", "b.psd", "c.CR2",
        "d.png", "cat/1_mask.png", "cat/2_thumb.png",
    )  # fmt: skip
    assert dict(skipped) == {
        "cat/.x.png": "hidden",
        "cat/Thumbs.db": "left by the system",
        "a.csv": "no picture (.csv)",
        "b.psd": "a drawing (.psd); export it as PNG",
        "c.CR2": "a raw photograph (.cr2); export it as JPEG",
        "d.png": "beside the class folders",
        "cat/1_mask.png": "a mask or an annotation",
        "cat/2_thumb.png": "a small copy of another picture",
    }


def test_everything_else_of_a_file_stays():
    def read(count=-1):
        return b"1"

    files = [SourceFile(f"{c}/1.png", read, columns={"age": 3}) for c in "ab"]
    kept, skipped = arrange("x", files)
    assert [(f.label, f.columns, f.read) for f in kept] == [
        ("a", {"age": 3}, read), ("b", {"age": 3}, read),
    ]  # fmt: skip
    assert not skipped and arrange("x", []) == ([], [])


def test_thousands_of_classes():
    kept, _ = arranged(*(f"c{number}/a/1.png" for number in range(20_000)))
    assert len({file.label for file in kept}) == 20_000


@pytest.mark.parametrize(
    "name, split",
    [
        ("TRAIN", "train"), ("Training Set", "train"), ("train2017", "train"), ("2_val", "val"),
        ("images-train", "train"), ("trainset", "train"), ("valid", "val"), ("Validation", "val"),
        ("eval", "val"), ("PublicTest", "test"), ("testing", "test"), ("testB", "test"),
        ("TestImages", "test"), ("hold out", ""), ("contest", ""), ("trains", ""), ("tested", ""),
        ("a train b", ""), ("värld", ""), ("", ""), ("10", ""),
    ],
)  # fmt: skip
def test_names_of_splits(name, split):
    assert split_of(name) == split


def test_long_names_take_no_time():
    for sign in "_ .-(1a":
        arranged(f"{sign * 50_000}/{sign * 50_000}1.png", f"b/{sign * 50_000}mask 1.png")
    _, skipped = arranged("a/" * 30_000 + "1.png", "b/2.png")
    assert skipped[0].reason == "inside more than 64 folders"
