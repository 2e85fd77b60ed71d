"""Data sets as uint8 arrays in memory, with fixed splits: by name, or from a path.

Names: `fashion-mnist` (60,000 + 10,000), `fashion-mnist-starter` (bundled: the first 10,000
training images and the whole test split), `mnist`, `kmnist`, `digits`. A path may be a folder or
.zip of images (a subfolder a class), an .npz, or IDX files. Files from outside are checked for
what they are and how large they would become before any pixel is decoded.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .config import suggest

STARTER = Path(__file__).parent / "starter"
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
MOST_PIXELS = 16_000_000  # of one image, before it is resized
MOST_IMAGES = 1_000_000
MOST_FILE_BYTES = 64 * 2**20  # of one image file, unpacked
MOST_TOTAL_BYTES = 8 * 2**30  # of all image files in a .zip, unpacked


class DataError(ValueError):
    """A data set that cannot be read: what came, what was expected, what to do."""


class Split(NamedTuple):
    """`images` uint8 [N, C, H, W], `labels` int64 [N]."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """Two splits that are the same on every machine, and the digest that proves it."""

    name: str
    train: Split
    test: Split
    class_names: tuple[str, ...]

    @property
    def digest(self) -> str:
        """sha256 over shapes, pixels and labels of both splits."""
        sha = hashlib.sha256()
        for split in (self.train, self.test):
            for array in split:
                sha.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


def load_dataset(name_or_path: str | Path, *, size: int = 28) -> Dataset:
    """A data set by name or path, its images `size` x `size`. Raises `DataError`."""
    name = str(name_or_path)
    if name in _NAMED:
        return _NAMED[name](size)
    path = Path(name)
    if not path.exists():
        known = ", ".join(_NAMED)
        raise DataError(
            f"the data is {name!r}{suggest(name, _NAMED)}, neither a name nor a path that exists; "
            f"expected one of {known}, a folder, a .zip, an .npz or an IDX file"
        )
    if path.is_dir():
        return _from_folder(path, size)
    if path.suffix == ".zip":
        return _from_zip(path, size)
    if path.suffix == ".npz":
        return _from_npz(path, size)
    if "idx" in path.name or path.suffix == ".gz":
        return _finish(path.name, _idx_pair(path), None, size)
    raise DataError(
        f"{path.name} ends in {path.suffix or 'nothing'}; "
        "expected a folder, a .zip, an .npz or an IDX file of images"
    )


# --- named data sets ---------------------------------------------------------------------------


def _fashion(size: int) -> Dataset:
    for folder in _fashion_folders():
        if any(folder.glob("train-images-idx3-ubyte*")):
            return _idx_folder("fashion-mnist", folder, FASHION_CLASSES, size)
    return _torchvision("FashionMNIST", "fashion-mnist", FASHION_CLASSES, size)


def _fashion_folders() -> Iterable[Path]:
    """Where Fashion-MNIST may lie: the user's data folder, then the system's shared data."""
    own = os.environ.get("VAE_DATA_DIR")
    if own:
        yield from (Path(own) / part for part in ("fashion-mnist", "FashionMNIST/raw", "."))
    for share in os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":"):
        yield Path(share) / "datasets/fashion-mnist"


def _starter(size: int) -> Dataset:
    return _idx_folder("fashion-mnist-starter", STARTER, FASHION_CLASSES, size)


def _mnist(size: int) -> Dataset:
    return _torchvision("MNIST", "mnist", tuple("0123456789"), size)


def _kmnist(size: int) -> Dataset:
    names = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    return _torchvision("KMNIST", "kmnist", names, size)


def _digits(size: int) -> Dataset:
    from sklearn.datasets import load_digits

    source = load_digits()
    images = (source.images[:, None] * (255 / 16)).round().astype(np.uint8)
    split = Split(images, source.target.astype(np.int64))
    return _finish("digits", split, tuple("0123456789"), size)


_NAMED: dict[str, Callable[[int], Dataset]] = {
    "fashion-mnist": _fashion,
    "fashion-mnist-starter": _starter,
    "mnist": _mnist,
    "kmnist": _kmnist,
    "digits": _digits,
}


def _torchvision(kind: str, name: str, class_names: tuple[str, ...], size: int) -> Dataset:
    """A data set that torchvision downloads (with its checksum) unless it is there."""
    from torchvision import datasets

    root = os.environ.get("VAE_DATA_DIR") or Path.home() / ".cache" / "latent-atelier"
    splits = []
    for train in (True, False):
        try:
            source = getattr(datasets, kind)(root, train=train, download=True)
        except (OSError, RuntimeError) as error:
            raise DataError(
                f"{name} is not on this machine and could not be downloaded ({error}); put its "
                f"four IDX files into {root}/{kind}/raw, or use --data fashion-mnist-starter"
            ) from error
        splits.append(Split(source.data.numpy()[:, None], source.targets.numpy().astype(np.int64)))
    return Dataset(name, *(_resized(split, size) for split in splits), class_names)


# --- IDX ---------------------------------------------------------------------------------------


def _idx_folder(name: str, folder: Path, class_names: tuple[str, ...], size: int) -> Dataset:
    splits = []
    for stem in ("train", "t10k"):
        files = sorted(folder.glob(f"{stem}-images*idx3-ubyte*"))
        if not files:
            raise DataError(f"{folder} has no {stem}-images-idx3-ubyte file; copy it there")
        splits.append(_resized(_idx_pair(files[0]), size))
    return Dataset(name, *splits, class_names)


def _idx_pair(images: Path) -> Split:
    """The images of one IDX file and the labels of its neighbour."""
    pixels = _read_idx(images)
    if pixels.ndim != 3:
        raise DataError(f"{images.name} has {pixels.ndim} dimensions; expected 3, images in rows")
    partner = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
    if partner == images or not partner.exists():
        return Split(pixels[:, None], np.zeros(len(pixels), np.int64))
    labels = _read_idx(partner).astype(np.int64)
    if labels.shape != (len(pixels),):
        raise DataError(f"{partner.name} has {len(labels)} labels for {len(pixels)} images")
    return Split(pixels[:, None], labels)


def _read_idx(path: Path) -> np.ndarray:
    """One IDX file of unsigned bytes, plain or gzip."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(raw)) as stream:
                raw = stream.read(MOST_TOTAL_BYTES)
    except (OSError, EOFError) as error:
        raise DataError(f"{path.name} cannot be unpacked ({error}); copy it again") from error
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise DataError(f"{path.name} is no IDX file of unsigned bytes: its first bytes differ")
    dimensions = raw[3]
    shape = struct.unpack(f">{dimensions}I", raw[4 : 4 + 4 * dimensions])
    body = np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions)
    if body.size != np.prod(shape, dtype=np.int64):
        raise DataError(
            f"{path.name} holds {body.size:,} values, its header says {shape}; copy it again"
        )
    return body.reshape(shape)


def write_starter(source: Dataset, folder: Path = STARTER, *, train: int = 10_000) -> None:
    """Writes the bundled starter: the first `train` training images and the whole test split."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, split, count in (
        ("train", source.train, train),
        ("t10k", source.test, len(source.test.images)),
    ):
        for kind, array in (
            ("images-idx3", split.images[:count, 0]),
            ("labels-idx1", split.labels[:count].astype(np.uint8)),
        ):
            head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            packed = gzip.compress(head + array.tobytes(), compresslevel=9, mtime=0)
            target = folder / f"{stem}-{kind}-ubyte.gz"
            beside = target.with_name(f".{target.name}.tmp")
            beside.write_bytes(packed)
            beside.replace(target)


# --- folders, zips, npz ------------------------------------------------------------------------


def _from_folder(folder: Path, size: int) -> Dataset:
    if any(folder.glob("train-images*idx3-ubyte*")):
        return _idx_folder(folder.name, folder, (), size)
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
    entries = [(p.relative_to(folder).parts, lambda p=p: _read_file(p)) for p in files]
    return _from_images(folder.name, entries, size)


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > MOST_FILE_BYTES:
        raise DataError(f"{path.name} has {path.stat().st_size:,} bytes; at most 64 MB an image")
    return path.read_bytes()


def _from_zip(path: Path, size: int) -> Dataset:
    """Images in a .zip, read from memory: nothing is ever unpacked onto the disk."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{path.name} is no .zip file ({error}); pack it again") from error
    with archive:
        members = [
            m
            for m in archive.infolist()
            if Path(m.filename).suffix.lower() in IMAGE_ENDINGS
            and not any(part.startswith((".", "__MACOSX")) for part in Path(m.filename).parts)
        ]
        if sum(m.file_size for m in members) > MOST_TOTAL_BYTES:
            raise DataError(f"{path.name} would unpack to more than 8 GB; pack fewer images")
        for member in members:
            if member.file_size > MOST_FILE_BYTES:
                raise DataError(
                    f"{member.filename} in {path.name} would unpack to {member.file_size:,} bytes; "
                    "at most 64 MB an image"
                )
        entries = [
            (Path(m.filename).parts, lambda m=m: _read_member(archive, m))
            for m in sorted(members, key=lambda m: m.filename)
        ]
        return _from_images(path.name, entries, size)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as stream:
            return stream.read(MOST_FILE_BYTES + 1)  # a header can lie about the size
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError) as error:
        raise DataError(f"{member.filename} cannot be unpacked ({error}); pack it again") from error


def _from_images(name: str, entries: list[tuple[tuple[str, ...], Callable]], size: int) -> Dataset:
    """Images whose paths may start with a split (train, test) and a class."""
    if not entries:
        raise DataError(f"{name} holds no image; expected PNG, JPEG or WebP files")
    if len(entries) > MOST_IMAGES:
        raise DataError(f"{name} holds {len(entries):,} images; at most {MOST_IMAGES:,}")
    while len({parts[0] for parts, _ in entries}) == 1 and all(len(p) > 1 for p, _ in entries):
        if {p[0] for p, _ in entries} <= {"train", "test"} or all(len(p) == 2 for p, _ in entries):
            break
        entries = [(parts[1:], read) for parts, read in entries]
    split = all(parts[0] in ("train", "test") and len(parts) > 1 for parts, _ in entries)
    class_of = [parts[split] if len(parts) > split + 1 else name for parts, _ in entries]
    class_names = tuple(sorted(set(class_of)))
    images = [decode_image(read(), "/".join(parts)) for parts, read in entries]
    grey = all(image.mode == "L" for image in images)
    pixels = np.stack([_squared(image.convert("L" if grey else "RGB"), size) for image in images])
    labels = np.array([class_names.index(c) for c in class_of], np.int64)
    whole = Split(pixels, labels)
    if split and len({parts[0] for parts, _ in entries}) == 2:
        train = np.array([parts[0] == "train" for parts, _ in entries])
        parts = [Split(pixels[chosen], labels[chosen]) for chosen in (train, ~train)]
        return Dataset(name, *parts, class_names)
    return _finish(name, whole, class_names, size)


def decode_image(content: bytes, name: str):
    """A PIL image, grey (L) or colour, from bytes of an image file; limits come before pixels.

    Raises `DataError` for what is no image, is truncated, or is larger than 16 megapixels.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
            if image.width * image.height > MOST_PIXELS:
                raise DataError(
                    f"{name} has {image.width} x {image.height} pixels; at most 16 million: "
                    "make it smaller"
                )
            if image.mode.startswith("I;16") or image.mode == "I":
                wide = np.asarray(image, dtype=np.float64)
                image = Image.fromarray((wide / 257).round().clip(0, 255).astype(np.uint8))
            image = ImageOps.exif_transpose(image)
            image.load()
    except DataError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning) as error:
        raise DataError(f"{name} cannot be read as an image ({error}); save it again") from error
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def _from_npz(path: Path, size: int) -> Dataset:
    """Arrays `images` (or `x_train` and `x_test`) and optional labels (`labels`, `y_train`, ...)."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path.name} is no .npz of plain arrays ({error}); save it again") from error
    pairs = {}
    for images, labels in (("images", "labels"), ("x_train", "y_train"), ("x_test", "y_test")):
        if images in arrays:
            pairs[images] = _checked_arrays(path.name, images, arrays, labels)
    if "images" in pairs:
        return _finish(path.name, pairs["images"], None, size)
    if {"x_train", "x_test"} <= pairs.keys():
        splits = [_resized(pairs[k], size) for k in ("x_train", "x_test")]
        return Dataset(path.name, *splits, _numbered(pairs["x_train"], pairs["x_test"]))
    raise DataError(
        f"{path.name} holds {', '.join(arrays) or 'nothing'}; "
        "expected images (and labels), or x_train and x_test (and y_train, y_test)"
    )


def _checked_arrays(name: str, key: str, arrays: dict, labels_key: str) -> Split:
    images = arrays[key]
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape:
        raise DataError(
            f"{key} in {name} has shape {arrays[key].shape}; expected [N, H, W], [N, C, H, W] or "
            "[N, H, W, C] with 1 or 3 channels"
        )
    if images.dtype != np.uint8:
        if not np.isfinite(images).all() or images.min() < 0 or images.max() > 255:
            raise DataError(f"{key} in {name} has values outside 0 to 255; scale them")
        images = (images * (255 if images.max() <= 1 else 1)).round().astype(np.uint8)
    labels = arrays.get(labels_key, np.zeros(len(images)))
    if labels.shape != (len(images),) or not np.array_equal(labels, labels.astype(np.int64)):
        raise DataError(f"{labels_key} in {name} are not {len(images)} whole numbers")
    if labels.min() < 0:
        raise DataError(f"{labels_key} in {name} has negative labels; number classes from 0")
    return Split(np.ascontiguousarray(images), labels.astype(np.int64))


def _finish(name: str, whole: Split, class_names: tuple[str, ...] | None, size: int) -> Dataset:
    """Sets aside a fixed tenth (at least one item) of data that come without a test split."""
    count = len(whole.images)
    if count < 2:
        raise DataError(f"{name} holds {count} image; at least 2 are needed, one to test on")
    whole = _resized(whole, size)
    order = np.random.default_rng(0).permutation(count)
    test, train = np.sort(order[: max(1, count // 10)]), np.sort(order[max(1, count // 10) :])
    splits = [Split(whole.images[chosen], whole.labels[chosen]) for chosen in (train, test)]
    return Dataset(name, *splits, class_names or _numbered(whole))


def _numbered(*splits: Split) -> tuple[str, ...]:
    return tuple(str(k) for k in range(1 + max(int(s.labels.max()) for s in splits)))


def _squared(image, size: int) -> np.ndarray:
    """A PIL image as uint8 [C, size, size]: the shorter side fitted, the longer one cropped."""
    from torchvision.transforms import v2

    tensor = v2.functional.pil_to_tensor(image)
    if tensor.shape[1:] != (size, size):
        tensor = v2.functional.resize(tensor, [size], antialias=True)
        tensor = v2.functional.center_crop(tensor, [size, size])
    return tensor.numpy()


def _resized(split: Split, size: int) -> Split:
    if split.images.shape[2:] == (size, size):
        return split
    import torch
    from torchvision.transforms import v2

    fitted = v2.functional.resize(torch.from_numpy(split.images.copy()), [size], antialias=True)
    return Split(v2.functional.center_crop(fitted, [size, size]).numpy(), split.labels)

