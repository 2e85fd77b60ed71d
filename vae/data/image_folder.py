"""Data sets from image files: paths sorted into splits and classes, images decoded one by one.

No file is trusted: the size of an image is checked before its pixels are decoded.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .dataset import MAX_CLASSES, DataError, Dataset, Split, holdout_split

IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
MAX_PIXELS = 16_000_000  # of one image, before it is resized
MAX_IMAGES = 1_000_000
MAX_FILE_BYTES = 64 * 2**20  # of one image file, unpacked
MAX_TOTAL_BYTES = 2 * 2**30  # of all image files in a .zip, unpacked
Entry = tuple[tuple[str, ...], Callable[[], bytes]]  # the parts of a path, and a reader of bytes


@dataclass(frozen=True)
class ImageListing:
    """Image files that are not decoded yet: `entries`, class names and `labels` [N]; `is_train`
    [N] says which belong to the training split, None if there are no splits."""

    name: str
    entries: list[Entry]
    class_names: tuple[str, ...]
    labels: np.ndarray
    is_train: np.ndarray | None

    def splits(self) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the training and of the test images."""
        if self.is_train is None:
            return holdout_split(self.name, len(self.entries))
        return np.flatnonzero(self.is_train), np.flatnonzero(~self.is_train)

    def pixels(self, row: int, channels: int, size: int) -> np.ndarray:
        """One image, uint8 [channels, size, size]."""
        return _square(self.image(row).convert("L" if channels == 1 else "RGB"), size)

    def image(self, row: int):
        """One PIL image at its original size, grey (L) or RGB."""
        parts, read = self.entries[row]
        return decode_image(read(), "/".join(parts))


def from_folder(folder: Path, size: int) -> Dataset:
    """Images below a folder, or below its subfolders train and test; one subfolder per class."""
    return from_images(folder.name, list_folder(folder), size)


def list_folder(folder: Path) -> list[Entry]:
    """The image files below a folder, sorted."""
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
    return [(p.relative_to(folder).parts, lambda p=p: _read_file(p)) for p in files]


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(f"{path.name} has {path.stat().st_size:,} bytes; expected at most 64 MB")
    return path.read_bytes()


def from_images(name: str, entries: list[Entry], size: int) -> Dataset:
    """The data set of image files, all in memory; in colour if any of them is."""
    listing = scan_images(name, entries)
    images = [listing.image(row) for row in range(len(listing.entries))]
    mode = "L" if all(image.mode == "L" for image in images) else "RGB"
    pixels = np.stack([_square(image.convert(mode), size) for image in images])
    splits = [Split(pixels[rows], listing.labels[rows]) for rows in listing.splits()]
    return Dataset(name, *splits, listing.class_names)


def scan_images(name: str, entries: list[Entry], *, limit: int = MAX_IMAGES) -> ImageListing:
    """Sorts image files whose paths may start with a split (train, test) and a class."""
    if not entries:
        raise DataError(f"{name} holds no image; expected PNG, JPEG or WebP files")
    if len(entries) > limit:
        raise DataError(
            f"{name} holds {len(entries):,} images; at most {limit:,} fit; use --stream"
        )
    while len({parts[0] for parts, _ in entries}) == 1 and all(len(p) > 1 for p, _ in entries):
        if {p[0] for p, _ in entries} <= {"train", "test"} or all(len(p) == 2 for p, _ in entries):
            break
        entries = [(parts[1:], read) for parts, read in entries]
    split = all(parts[0] in ("train", "test") and len(parts) > 1 for parts, _ in entries)
    class_of = [parts[split] if len(parts) > split + 1 else name for parts, _ in entries]
    class_names = tuple(sorted(set(class_of)))
    if len(class_names) > MAX_CLASSES:
        raise DataError(f"{name} has {len(class_names)} subfolders; at most {MAX_CLASSES} classes")
    numbers = {name: number for number, name in enumerate(class_names)}
    labels = np.array([numbers[c] for c in class_of], np.int64)
    both = split and len({parts[0] for parts, _ in entries}) == 2
    is_train = np.array([parts[0] == "train" for parts, _ in entries]) if both else None
    return ImageListing(name, entries, class_names, labels, is_train)


def detect_channels(listing: ImageListing) -> int:
    """1 if all images are grey, else 3, from their headers alone."""
    from PIL import Image

    for _, read in listing.entries:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                image = Image.open(io.BytesIO(read()))
            with image:
                if image.mode not in ("1", "L", "LA", "I") and not image.mode.startswith("I;16"):
                    return 3
        except (Image.DecompressionBombError, OSError, ValueError):
            continue  # `decode_image` raises a DataError for it later
    return 1


def decode_image(content: bytes, name: str):
    """A PIL image, grey (L) or RGB; limits are checked first. Raises `DataError` for bytes that
    are no image, are truncated, or exceed 16 megapixels."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content))
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise DataError(
                    f"{name} has {width} x {height} pixels, over 16 million: shrink it"
                )
            if image.mode.startswith("I;16") or image.mode == "I":
                wide = np.asarray(image, dtype=np.float64)
                image = Image.fromarray((wide / 257).round().clip(0, 255).astype(np.uint8))
            image = ImageOps.exif_transpose(image)
            image.load()
    except DataError:
        raise
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError, Warning) as error:
        raise DataError(f"{name} cannot be read as an image ({error}); save it again") from error
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


def _square(image, size: int) -> np.ndarray:
    """A PIL image as uint8 [C, size, size]: the shorter side scaled to fit, the longer cropped."""
    from torchvision.transforms import v2

    tensor = v2.functional.pil_to_tensor(image)
    if tensor.shape[1:] != (size, size):
        tensor = v2.functional.resize(tensor, [size], antialias=True)
        tensor = v2.functional.center_crop(tensor, [size, size])
    return tensor.numpy()
