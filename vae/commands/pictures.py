"""Pictures that a command is given: files and folders, each prepared for a model."""

from __future__ import annotations

from pathlib import Path

from ..config import ConfigError


def picture_files(images: tuple[Path, ...]) -> list[Path]:
    """The files among them and those in the folders among them."""
    from ..data_files import IMAGE_ENDINGS

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


def prepared(file: Path, shape: tuple[int, int, int], *, as_is: bool = False):
    """uint8 [C, H, W] of a file; `as_is` is never inverted nor centred. Raises OSError and
    `UploadError`."""
    from .. import uploads

    image = uploads.open_image(file.read_bytes(), file.name)
    how = uploads.AS_IT_IS if as_is else uploads.needed(image, shape)
    return uploads.prepare(image, shape, how)
