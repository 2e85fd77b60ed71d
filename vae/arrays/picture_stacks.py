"""The pages of one TIFF, as microscopes save stacks, and the frames of one animation."""

import numpy as np

from ..formats import pictures
from ..formats.sources import ArraySplit, ArraySplits, SourceFile
from ..formats.untrusted import DataError, untrusted
from .image_arrays import as_images

MAX_BYTES = 2 * 2**30  # of all pages, unpacked


def read(file: SourceFile) -> ArraySplits | None:
    """The pages of a picture file that are as large as the first one, None if that is the only
    one. Raises `DataError`."""
    image = pictures.open_picture(file.read(), file.name)
    pages, size = [], image.size
    with untrusted(file.name, "has a page that is damaged", "save it again"):
        count = getattr(image, "n_frames", 1)
        if count * size[0] * size[1] * 4 > MAX_BYTES:
            raise DataError(f"{file.name:.99} would unpack to more than 2 GB; save fewer pages")
        grey = image.mode == "L" or pictures.is_deep(image)
        for number in range(count):
            image.seek(number)
            if image.size == size:  # others are small copies
                as_is = grey and (image.mode == "L" or pictures.is_deep(image))
                pages.append(
                    np.asarray(image if as_is else image.convert("L" if grey else "RGBA"))
                )
    if len(pages) < 2:
        return None
    name = f"{file.name:.99}"
    return ArraySplits({"": ArraySplit(as_images(name, np.stack(pages), count=len(pages)))})
