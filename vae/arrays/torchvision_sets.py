"""Data sets of torchvision by name, with its own download, and the tensors that it saves."""

import inspect
import io
from functools import cache, partial
from pathlib import Path

import numpy as np

from ..files import folders
from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError, read_regular, untrusted
from ..validation import suggest
from .image_arrays import as_images
from .named_arrays import as_splits, stored
from .tables import open_file

MAX_BYTES = 4 * 2**30  # of images that are kept as arrays
_MAX_ITEMS = 1_000_000
_LABELS = ("targets", "labels", "_labels", "y")
_SPLITS = {  # torchvision's names of splits, in the order in which they are tried
    "train": ("train", "trainval", "train-standard"),
    "val": ("val", "valid"),
    "test": ("test",),
}
_NO_IMAGES = {  # sets of videos, of several pictures an item, of boxes or of sentences
    *(
        "ImageFolder",
        "DatasetFolder",
        "VisionDataset",
        "Kinetics",
        "HMDB51",
        "UCF101",
        "SBU",
        "LSUN",
    ),
    *("MovingMNIST", "CocoDetection", "CocoCaptions", "VOCDetection", "VOCSegmentation"),
    *("SBDataset", "Kitti", "Cityscapes", "WIDERFace", "Flickr8k", "Flickr30k", "PhotoTour"),
    *("LFWPairs", "LSUNClass", "FlyingChairs", "FlyingThings3D", "HD1K", "KittiFlow", "Sintel"),
}
_FAKE = {"train": (300, 0), "test": (60, 1)}  # size and first seed of FakeData


def read_mnist(kind: str, root: Path) -> ArraySplits:
    """MNIST, FashionMNIST, KMNIST or QMNIST, downloaded unless it is there. Raises what
    torchvision raises: OSError or RuntimeError."""
    from torchvision import datasets

    splits = {}
    for split in ("train", "test"):
        source = getattr(datasets, kind)(root, train=split == "train", download=True)
        splits[split] = ArraySplit(source.data.numpy()[:, None], source.targets.numpy())
    return ArraySplits(splits, tuple(getattr(source, "classes", ())))


def read(name: str) -> ArraySplits | list[SourceFile]:
    """A data set of torchvision.datasets by the name of its class, all splits that it has: arrays
    where its images are of one size, else files. Raises `DataError`, also where it can neither be
    found nor downloaded."""
    kind = _find(name)
    opened = {s: _open(name, kind, arguments) for s, arguments in _arguments(kind).items()}
    splits = {split: source for split, source in opened.items() if source is not None}
    classes = next((c for c in map(_classes, splits.values()) if c), ())
    with untrusted(f"torchvision:{name}", "cannot be read", "remove its files and try again"):
        arrays = {split: _as_arrays(name, source) for split, source in splits.items()}
        found = {split: array for split, array in arrays.items() if array is not None}
        if len(found) == len(splits):
            return ArraySplits(found, classes)
        return [f for split, source in splits.items() for f in _files(split, source, classes)]


@cache
def names() -> tuple[str, ...]:
    """The data sets of torchvision that hold one image and its label or nothing else."""
    from torchvision import datasets

    found = [n for n in datasets.__all__ if n not in _NO_IMAGES and "Stereo" not in n]
    return tuple(n for n in found if inspect.isclass(getattr(datasets, n)))


def read_tensors(file: SourceFile) -> ArraySplits:
    """The tensors of a .pt file: images and labels as a pair, as in MNIST's training.pt, or by
    their names. Raises `DataError`, also for a file that holds anything but tensors."""
    import torch

    advice = "save its tensors as .npz (numpy.savez)"
    try:
        with open_file(file) as stream:
            found = torch.load(stream, map_location="cpu", weights_only=True)
    except Exception as error:  # of many lines
        raise DataError(f"{file.name} holds more than tensors, or is damaged; {advice}") from error
    with untrusted(file.name, "holds more than tensors", advice):
        if isinstance(found, torch.Tensor):
            found = {"images": found}
        if isinstance(found, tuple | list):
            keys = ("images", "labels") if len(found) == 2 else map("arr_{}".format, range(99))
            found = dict(zip(keys, found, strict=False))
        tensors = {str(k): v for k, v in found.items() if isinstance(v, torch.Tensor)}
        if len(tensors) < len(found) or any(".weight" in key for key in tensors):
            raise DataError(f"{file.name} holds a model or other objects; {advice}")
        arrays = {k: stored(v.detach().contiguous().numpy()) for k, v in tensors.items()}
        return as_splits(file.name, arrays)


def _find(name: str) -> type:
    from torchvision import datasets

    known = {n.lower(): n for n in names()}
    found = known.get(name.lower())
    if found is None:
        close = suggest(name.lower(), known)
        for lower, spelled in known.items():
            close = close.replace(f"'{lower}'", f"'{spelled}'")
        raise DataError(
            f"torchvision has no data set of images {name!r:.60}{close}; expected one such as "
            "CIFAR10, SVHN, EMNIST, STL10 or Flowers102"
        )
    return getattr(datasets, found)


def _arguments(kind: type) -> dict[str, dict]:
    """What the constructor takes for each split."""
    parameters = inspect.signature(kind.__init__).parameters
    if kind.__name__ == "FakeData":
        shape = {"image_size": (3, 32, 32), "num_classes": 10}
        return {s: {"size": n, "random_offset": k, **shape} for s, (n, k) in _FAKE.items()}
    if kind.__name__ == "EMNIST":
        return {s: {"split": "balanced", "train": s == "train"} for s in ("train", "test")}
    if kind.__name__ == "QMNIST":
        return {s: {"what": s} for s in ("train", "test")}
    if kind.__name__ == "LSUN":
        return {"train": {"classes": "train"}, "val": {"classes": "val"}}
    if kind.__name__ == "Omniglot":
        return {s: {"background": s == "train"} for s in ("train", "test")}
    if kind.__name__ == "INaturalist":
        return {"train": {"version": "2021_train_mini"}, "val": {"version": "2021_valid"}}
    if "train" in parameters:
        return {s: {"train": s == "train"} for s in ("train", "test")}
    if "split" not in parameters:
        return {"": {}}
    small = {"small": True} if "small" in parameters else {}
    return {split: {"split": names, **small} for split, names in _SPLITS.items()}


def _open(name: str, kind: type, arguments: dict):
    """One split, downloaded unless it is there; None where the data set has no such split."""
    root = folders.datasets()
    parameters = inspect.signature(kind.__init__).parameters
    if "root" in parameters and kind.__name__ != "FakeData":
        root.mkdir(parents=True, exist_ok=True)
        arguments = {"root": root, **arguments}
    if "download" in parameters:
        arguments = {"download": True, **arguments}
    choices = arguments.get("split", ())
    given = [{**arguments, "split": c} for c in choices] if isinstance(choices, tuple) else []
    failed = "is not on this machine and could not be downloaded"
    advice = f"put its files into {root}"
    with untrusted(f"torchvision:{name}", failed, advice):
        for chosen in given or [arguments]:
            try:
                return kind(**chosen)
            except ValueError as error:
                if not given or "Unknown value" not in str(error):
                    raise
    return None


def _classes(source) -> tuple[str, ...]:
    for key in ("classes", "categories", "_classes", "class_names"):
        found = getattr(source, key, None)
        if isinstance(found, list | tuple) and found:
            return tuple(c if isinstance(c, str) else ", ".join(map(str, c)) for c in found)
    return ()


def _as_arrays(name: str, source) -> ArraySplit | None:
    """The images as an array; None if they are of several sizes or would take too much memory."""
    data = getattr(source, "data", None)
    labels = _labels(source)
    if isinstance(data, np.ndarray) or hasattr(data, "numpy"):
        data = np.asarray(data)
        if data.ndim in (3, 4) and data.dtype.kind in "biuf":
            labels = None if labels is None else np.asarray(labels).reshape(-1)
            return ArraySplit(as_images(name, data, count=len(data)), labels)
    if _paths(source) or len(source) > _MAX_ITEMS:
        return None
    first = np.asarray(source[0][0])
    if first.nbytes * len(source) > MAX_BYTES:
        return None
    images = np.empty((len(source), *first.shape), first.dtype)
    numbers = []
    for row in range(len(source)):
        image, label = source[row][:2]
        image = np.asarray(image)
        if image.shape != first.shape:
            return None
        images[row] = image
        numbers.append(_number(label))
    found = None if None in numbers else np.array(numbers)
    return ArraySplit(as_images(name, images, count=len(images)), found)


def _labels(source):
    """The list of labels that a data set keeps, None without one."""
    return next((v for k in _LABELS if (v := getattr(source, k, None)) is not None), None)


def _number(label) -> int | None:
    """A label as a number, None for one that is something else, as a list of attributes."""
    return int(label) if np.ndim(label) == 0 and not isinstance(label, str) else None


def _paths(source) -> list[tuple[Path, int | None]]:
    """The files of the pictures with their labels, where a data set keeps such lists."""
    if hasattr(source, "filename") and hasattr(source, "attr"):  # CelebA
        folder = Path(source.root, source.base_folder, "img_align_celeba")
        return [(folder / str(name), None) for name in source.filename]
    for key in ("samples", "_samples", "imgs"):
        pairs = getattr(source, key, None)
        if isinstance(pairs, list) and pairs and isinstance(pairs[0][0], str | Path):
            return [(Path(path), label) for path, label in pairs]
    for key in ("_image_files", "_images", "data"):
        files = getattr(source, key, None)
        labels = _labels(source)
        known = isinstance(files, list) and files and isinstance(files[0], str | Path)
        if known and labels is not None and len(labels) == len(files):
            return [(Path(f), int(k)) for f, k in zip(files, labels, strict=True)]
    return []


def _files(split: str, source, classes: tuple[str, ...]) -> list[SourceFile]:
    """The pictures as files: those on the disk, others encoded when they are read."""

    def label(number: int | None) -> str | None:
        known = number is not None and 0 <= number < len(classes)
        return classes[number] if known else None if number is None else str(number)

    if paths := _paths(source):
        names = [name for name in getattr(source, "attr_names", ()) if name]
        attributes = (
            np.asarray(source.attr)[:, : len(names)].tolist() if names else [()] * len(paths)
        )
        return [
            SourceFile(
                f"{split}/{path.parent.name}/{path.name}".strip("/"), partial(read_regular, path),
                split=split, label=label(number), location=path,
                columns=dict(zip(names, values, strict=True)),
            )
            for (path, number), values in zip(paths, attributes, strict=True)
        ]  # fmt: skip
    labels = _labels(source)
    if labels is None or np.ndim(labels) != 1 or len(labels) != len(source):
        labels = [_number(source[row][1]) for row in range(len(source))]
    return [
        SourceFile(
            f"{split}/{row:06}.png".strip("/"), partial(_encoded, source, row), split=split,
            label=label(_number(number)),
        )
        for row, number in enumerate(labels)
    ]  # fmt: skip


def _encoded(source, row: int, count: int = -1) -> bytes:
    target = io.BytesIO()
    source[row][0].save(target, "PNG", compress_level=1)
    content = target.getvalue()
    return content if count < 0 else content[:count]
