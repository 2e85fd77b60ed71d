"""Data sets of torchvision by name: each kind that torchvision has, without a network."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from vae.arrays import torchvision_sets
from vae.formats.sources import ArraySplits
from vae.formats.untrusted import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path))
    return tmp_path


class InMemory:
    """As CIFAR10."""

    classes = ("cat", "dog")

    def __init__(self, root, train=True, transform=None, download=False):
        assert download and root.is_dir()
        self.data = PIXELS[: 12 if train else 5]
        self.targets = [k % 2 for k in range(len(self.data))]


class Tensors(InMemory):
    """As MNIST."""

    def __init__(self, root, train=True, download=False):
        super().__init__(root, train, download=download)
        self.data, self.targets = torch.tensor(self.data[..., 0]), torch.tensor(self.targets)


class ChannelsFirst:
    """As SVHN, which has no validation images."""

    def __init__(self, root, split="train", transform=None, download=False):
        if split not in ("train", "test", "extra"):
            raise ValueError(f"Unknown value '{split}' for argument split. Valid values are {{}}.")
        self.data, self.labels = PIXELS.transpose(0, 3, 1, 2), np.arange(12)


class Files:
    """As Flowers102, and DTD."""

    classes = ("a", "b", "c", "d")

    def __init__(self, root, split="train", download=False):
        if split not in ("train", "valid", "test"):
            raise ValueError(f"Unknown value '{split}' for argument split. Valid values are {{}}.")
        self._image_files = [root / f"{split}{k}.png" for k in range(3)]
        self._labels = [0, 3, 1]
        for path, pixels in zip(self._image_files, PIXELS, strict=False):
            Image.fromarray(pixels).save(path)


class Items:
    """As Caltech101: pictures of many sizes that only the data set itself opens."""

    categories = ("x", "y")

    def __init__(self, root, download=False):
        self.y = [0, 1, 1]

    def __len__(self):
        return 3

    def __getitem__(self, row):
        return Image.fromarray(PIXELS[row, : 4 + row]), self.y[row]


class Attributes:
    """As CelebA."""

    base_folder = "celeba"
    attr_names = ("Bald", "Smiling", "")

    def __init__(self, root, split="train", target_type="attr", download=False):
        self.root, self.filename = str(root), ["1.jpg", "2.jpg"]
        self.attr = torch.tensor([[0, 1], [1, 1]])


def opened(monkeypatch, kind, name="SVHN"):
    monkeypatch.setattr(datasets, name, kind)
    return torchvision_sets.read(name.lower())


def test_fake_data_needs_no_network():
    splits = torchvision_sets.read("FakeData").splits
    assert splits["train"].images.shape == (300, 3, 32, 32) and len(splits["test"].images) == 60
    assert set(splits["train"].labels.tolist()) == set(range(10))
    assert not np.array_equal(splits["train"].images[0], splits["test"].images[0])


@pytest.mark.parametrize("kind", [InMemory, Tensors])
def test_sets_that_keep_arrays(kind, monkeypatch):
    found = opened(monkeypatch, kind)
    train, test = found.splits["train"], found.splits["test"]
    expected = PIXELS.transpose(0, 3, 1, 2)
    assert np.array_equal(train.images, expected if kind is InMemory else expected[:, :1])
    assert train.labels.tolist() == [0, 1] * 6 and len(test.images) == len(test.labels) == 5
    assert found.class_names == ("cat", "dog")


def test_the_family_of_mnist(monkeypatch, root):
    monkeypatch.setattr(datasets, "KMNIST", Tensors)
    found = torchvision_sets.read_mnist("KMNIST", root)
    assert np.array_equal(found.splits["train"].images[:, 0], PIXELS[..., 0])
    assert found.splits["test"].labels.tolist() == [0, 1, 0, 1, 0]
    assert found.class_names == ("cat", "dog")


def test_splits_that_a_set_does_not_have_are_left_out(monkeypatch):
    found = opened(monkeypatch, ChannelsFirst)
    assert found.splits.keys() == {"train", "test"}
    assert np.array_equal(found.splits["test"].images, PIXELS.transpose(0, 3, 1, 2))


def test_sets_of_files_are_read_from_these(monkeypatch, root):
    found = opened(monkeypatch, Files, "Flowers102")
    assert [f.split for f in found] == ["train"] * 3 + ["val"] * 3 + ["test"] * 3
    assert [f.label for f in found[:3]] == ["a", "d", "b"]
    assert found[4].location == root / "valid1.png"
    assert found[4].read() == found[4].location.read_bytes()
    assert len({f.path for f in found}) == 9


def test_attributes_are_columns(monkeypatch, root):
    found = opened(monkeypatch, Attributes, "CelebA")
    assert len(found) == 6 and found[1].location == root / "celeba/img_align_celeba/2.jpg"
    assert found[1].columns == {"Bald": 1, "Smiling": 1} and found[1].label is None


def test_other_sets_encode_their_pictures_when_they_are_read(monkeypatch):
    found = opened(monkeypatch, Items, "Caltech101")
    assert [f.label for f in found] == ["x", "y", "y"]
    picture = Image.open(io.BytesIO(found[2].read()))
    assert picture.format == "PNG" and np.array_equal(np.asarray(picture), PIXELS[2, :6])
    assert found[2].read(count=4) == b"\x89PNG"
    monkeypatch.setattr(Items, "__getitem__", lambda self, row: (Image.new("L", (9, 9), row), row))
    arrays = torchvision_sets.read("Caltech101")
    assert isinstance(arrays, ArraySplits) and arrays.splits[""].labels.tolist() == [0, 1, 2]


def test_what_cannot_be_had_is_said_with_a_remedy(monkeypatch, root):
    def offline(*_, **__):
        raise RuntimeError("<urlopen error [Errno -3]\nTemporary failure in name resolution>")

    monkeypatch.setattr(InMemory, "__init__", offline)
    with pytest.raises(DataError) as caught:
        opened(monkeypatch, InMemory, "CIFAR10")
    text = str(caught.value)
    assert "torchvision:cifar10 is not on this machine and could not be downloaded" in text
    assert text.endswith(f"put its files into {root}") and "\n" not in text


@pytest.mark.parametrize(
    ("name", "hint"), [("CIFAR", "'CIFAR10'"), ("Kinetics", ""), ("ImageFolder", ""), ("", "")]
)
def test_unknown_names_are_refused_with_a_suggestion(name, hint):
    with pytest.raises(DataError, match="torchvision has no data set of images") as caught:
        torchvision_sets.read(name)
    assert hint in str(caught.value)


def test_every_set_of_images_has_arguments_that_its_constructor_takes():
    names = torchvision_sets.names()
    assert {"CIFAR10", "SVHN", "EMNIST", "STL10", "Flowers102", "FakeData", "USPS"} <= {*names}
    for name in names:
        kind = getattr(datasets, name)
        arguments = torchvision_sets._arguments(kind)
        assert arguments and {*arguments} <= {"train", "val", "test", ""}
        parameters = kind.__init__.__code__.co_varnames
        assert all(
            key in parameters or "kwargs" in parameters for a in arguments.values() for key in a
        )
