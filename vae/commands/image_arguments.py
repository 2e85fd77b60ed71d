"""Pictures that a command is given: files and folders, each prepared for a model."""

from __future__ import annotations

from pathlib import Path

from ..data import upload_batch
from ..data.upload_batch import UploadBatch
from ..data.uploads import check_size
from ..validation import ConfigError


def picture_files(images: tuple[Path, ...]) -> list[Path]:
    """The files among them and those in the folders among them."""
    from ..data.image_folder import IMAGE_ENDINGS

    found: list[Path] = []
    for path in images:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
            if not inside:
                raise ConfigError(f"{path} holds no image; expected PNG, JPEG or WebP files")
            found += inside
        else:
            found.append(path)
    return found


def read_files(files: list[Path], shape: tuple[int, int, int], *, as_is: bool) -> UploadBatch:
    """Files one by one as images of a model's shape; `as_is`: never inverted nor centred."""
    entries = [(str(file), lambda file=file: _bytes(file)) for file in files]
    return upload_batch.read_files(entries, shape, as_is=as_is)


def records_of(found: UploadBatch) -> tuple[list[dict], list[dict]]:
    """A record a file, with its error where it could not be read; and those without one, in the
    order of the images."""
    records = [
        {"path": path} | ({} if reason is None else {"error": reason})
        for path, reason in zip(found.paths, found.errors, strict=True)
    ]
    return records, [record for record in records if "error" not in record]


def _bytes(file: Path) -> bytes:
    """What may be an image; a larger file is refused before it is read."""
    check_size(file.stat().st_size, file.name)
    return file.read_bytes()
