"""Picture files that become a data set: their headers are read first, and each is decoded,
prepared and dropped before the next is read; a file that cannot be read is reported, not fatal."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import psutil

from ..config import Preparation
from ..formats import pictures
from ..formats.sources import Skipped, SourceFile
from ..formats.untrusted import DataError
from ..layouts import labels
from ..preparation import choices, values
from ..preparation import picture as prepare
from ..preparation.choices import Choices
from ..progress import Progress, no_progress
from .dataset import Dataset, Metadata, Split, evenly_spaced
from .report import Report
from .splits import holdout_split

MAX_IMAGES = 1_000_000
MOST_REFUSED = 0.5  # share of the pictures from which a source is refused as a whole
_HEAD = 2**16  # bytes of a file in which the header of an image is sought first
_DARK = 25.5  # values of 8 bits up to which all pictures are scaled
_TINT = 2  # difference of channels up to which pictures are grey: WebP's rounding
_SAMPLE = 60  # pictures from which the preparation is chosen
Allocate = Callable[[str, tuple[int, ...]], np.ndarray]


class PictureSet:
    """`files` whose headers could be read, their labels, and the preparation chosen for them.

    Given a `preparation`, that of a model, nothing is chosen. Raises `DataError` for a source
    without pictures, and for one of which more than half cannot be read.
    """

    def __init__(
        self,
        name: str,
        files: list[SourceFile],
        size: tuple[int, int],
        wanted: Choices,
        preparation: Preparation | None = None,
        *,
        skipped: list[Skipped] = [],  # noqa: B006 (is not changed)
        most: float = pictures.MAX_TOTAL_PIXELS,
        progress: Progress = no_progress,
    ) -> None:
        self.name, self.wanted = name, wanted
        self.refused: list[Skipped] = []
        self.skipped = list(skipped)
        self.notes: list[str] = []
        self.files, heads = self._open_all(files, most, progress)
        self._drop_unlabelled()
        self._check_refused()
        self._unreadable = len(self.refused)  # by their headers alone
        given = [file.label for file in self.files]
        known = None if None in given else np.array(given)
        numbered, self.class_names = labels.number(name, [known])
        self.labels = numbered[0]
        if self.labels is None:
            self.labels = np.zeros(len(self.files), np.int64)
        self.given = preparation is not None
        self.preparation = preparation or self._choose(heads, size)

    def _open_all(self, files: list[SourceFile], most: float, progress: Progress):
        """The files with a readable header, and what the headers say: width, height, whether the
        picture has colours, and whether it has more than 8 bits."""
        found, heads, pixels, wide = [], [], 0, (np.inf, -np.inf)
        for row, file in enumerate(files):
            if row % 100 == 0:
                progress(row, 2 * len(files))
            try:
                image = self._header(file)
                pixels += image.width * image.height
                deep = pictures.is_deep(image)
                if deep:
                    whole = pictures.open_picture(file.read(), file.name)
                    low, high = pictures.value_range(whole, file.name)
                    wide = min(wide[0], low), max(wide[1], high)
            except DataError as error:
                known = file.name.rpartition(".")[2].lower() in pictures.ENDINGS
                target = self.refused if known else self.skipped
                target.append(Skipped(file.path, str(error) if known else "not a picture"))
                continue
            if pixels > most:
                raise DataError(
                    f"the images of {self.name} have more than {most / 1e9:.0f} billion pixels; "
                    "save them smaller"
                )
            found.append(file)
            coloured = image.mode not in ("1", "L", "LA") and not deep
            heads.append((image.width, image.height, coloured, deep))
        self.wide = wide
        return found, np.array(heads).reshape(-1, 4)

    @staticmethod
    def _header(file: SourceFile):
        try:
            return pictures.open_picture(file.read(count=_HEAD), file.name)
        except pictures.PictureError:  # a header that is longer, or no image
            return pictures.open_picture(file.read(), file.name)

    def _drop_unlabelled(self) -> None:
        """Where some files have a label, those without are left out."""
        if not any(file.label is not None for file in self.files):
            return
        for file in self.files:
            if file.label is None:
                self.skipped.append(Skipped(file.path, "without a label, which others have"))
        self.files = [file for file in self.files if file.label is not None]

    def _check_refused(self) -> None:
        tried = len(self.files) + len(self.refused)
        if not tried:
            raise DataError(f"{self.name} holds no image; {pictures.EXPECTED}")
        if len(self.refused) > MOST_REFUSED * tried:
            lines = "; ".join(Report(0, tuple(self.refused)).lines(2))
            raise DataError(
                f"{len(self.refused):,} of the {tried:,} pictures of {self.name} cannot be read: "
                f"{lines[:400]}"
            )

    def _choose(self, heads: np.ndarray, size: tuple[int, int]) -> Preparation:
        (height, width), wanted = size, self.wanted
        deep = heads[:, 3].astype(bool)
        how = Preparation(height, width, 3, invert=wanted.invert, centre=wanted.centre)
        if deep.any() and self.wide[0] < self.wide[1]:
            low, high = values.levels(self.name, self.wide)
            self.notes.append(f"values from {low:g} to {high:g} scaled to 0 to 255")
            how = replace(how, levels=(low, high))
        coloured = heads[:, 2].any() if wanted.colour == "auto" else wanted.colour == "colour"
        fit, note = choices.choose_fit(heads[:, :2].astype(float), height, width)
        if wanted.fit != "auto" or wanted.centre:
            fit, note = wanted.fit if wanted.fit != "auto" else "pad", ""
        self.notes += [note] * bool(note)
        how = replace(how, fit=fit, channels=3 if coloured else 1)
        ground = wanted.ground
        if ground == "auto":
            sample = []
            for row in evenly_spaced(len(self.files), _SAMPLE):
                try:
                    file = self.files[row]
                    image = prepare.decode(file.read(), file.name, how)
                    sample.append(image.resize((64, 64)))  # the whole would take memory
                except DataError:  # reported when it is read
                    continue
            ground = choices.choose_ground(sample)
            alphas = [image.getchannel("A") for image in sample if image.mode in ("LA", "RGBA")]
            if any(alpha.getextrema()[0] < 255 for alpha in alphas):
                self.notes.append(f"transparent parts on {choices.colour_name(ground)}")
        return replace(how, ground=ground)

    def splits(self) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the training and of the test images."""
        given = np.array([file.split for file in self.files])
        train, rest = np.flatnonzero(given == "train"), np.flatnonzero(given != "train")
        if len(train) and len(rest):
            return train, rest
        return holdout_split(self.name, self.labels, self.wanted.held_out)

    def read(
        self, *, allocate: Allocate | None = None, progress: Progress = no_progress
    ) -> Dataset:
        """All images; `allocate` makes the arrays of the parts "a" and "b", training and test."""
        allocate, total = allocate or in_memory, len(self.files)
        del self.refused[self._unreadable :]  # of an earlier reading
        found, kept, done, top, tint = [], [], 0, 0.0, 0
        grey = self.wanted.colour == "auto" and not self.given
        for part, rows in zip("ab", self.splits(), strict=True):
            images, used = allocate(part, (len(rows), *self.preparation.shape)), []
            for row in rows:
                if done % 20 == 0:
                    progress(total + done, 2 * total)
                done += 1
                try:
                    file = self.files[row]
                    picture = prepare.decode(file.read(), file.name, self.preparation)
                    image = images[len(used)] = prepare.prepare(picture, self.preparation)
                except DataError as error:
                    self.refused.append(Skipped(self.files[row].path, str(error)))
                    continue
                top = top if top > _DARK else max(top, *np.ravel(picture.getextrema())[1::2])
                if grey and tint <= _TINT:
                    tint = max(tint, int(np.ptp(image, axis=0).max()))
                used.append(row)
            found.append(images[: len(used)])
            kept.append(np.array(used, int))
        progress(2 * total, 2 * total)
        self._check_refused()
        if not all(map(len, kept)):
            raise DataError(f"{self.name} has too few images that can be read; at least 2")
        if not self.given:
            lows, highs = zip(*map(values.value_range, found), strict=True)
            values.levels(self.name, (min(lows), max(highs)))  # raises for only one value
            if self._stretch(top):
                return self.read(allocate=allocate, progress=progress)
        if grey and tint <= _TINT and self.preparation.channels == 3:
            self.preparation = replace(self.preparation, channels=1)
            if tint or self.preparation.centre:  # in grey an item is cut out otherwise
                return self.read(allocate=allocate, progress=progress)
            found = [
                _first_channel(images, allocate, part)
                for images, part in zip(found, "ab", strict=True)
            ]
        splits = [Split(i, self.labels[rows]) for i, rows in zip(found, kept, strict=True)]
        return Dataset(
            self.name,
            *splits,
            self.class_names,
            self.preparation,
            *map(self._metadata, kept),
            self.report(sum(map(len, kept))),
        )

    def _stretch(self, top: float) -> bool:
        """Whether the values, up to `top`, fill so little of a byte that they are to be scaled:
        masks of 0 and 1, or digits of 0 to 16."""
        how = self.preparation
        if not 0 < top <= _DARK or how.white != 255 or how.levels != (0, 65535):
            return False
        self.preparation = replace(how, white=float(top))
        self.notes.append(f"values from 0 to {top:g} scaled to 0 to 255")
        return True

    def _metadata(self, rows: np.ndarray) -> Metadata:
        names = dict.fromkeys(name for file in self.files for name in file.columns)
        columns = {}
        for name in names:
            column = [self.files[row].columns.get(name) for row in rows]
            numbers = all(isinstance(v, int | float) or v is None for v in column)
            columns[name] = (
                np.array([np.nan if v is None else v for v in column], float)
                if numbers
                else np.array(["" if v is None else str(v) for v in column])
            )
        return Metadata(tuple(self.files[row].path for row in rows), columns)

    def report(self, count: int) -> Report:
        """What was read, `count` images, and what was not."""
        return Report(count, tuple(self.refused), tuple(self.skipped), tuple(self.notes))


def in_memory(part: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array for images, if there is memory for them."""
    if np.prod(shape, dtype=float) > psutil.virtual_memory().available:
        raise DataError(
            f"{shape[0]:,} images do not fit into memory; use --stream, or a smaller size"
        )
    return np.empty(shape, np.uint8)


def _first_channel(images: np.ndarray, allocate: Allocate, part: str) -> np.ndarray:
    if allocate is in_memory:
        return images[:, :1].copy()
    found = allocate(f"{part}-grey", (len(images), 1, *images.shape[2:]))
    found[:] = images[:, :1]
    return found
