"""Files in a collection of pictures that are no pictures of it, told by their names: what systems
and programs leave, texts and tables, masks, and small copies of other pictures.

A file with the ending of a picture, an unknown one or none stays: its content decides later.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from ..formats.sources import Skipped, SourceFile


def names(text: str) -> frozenset[str]:
    """Words of a text that are looked up."""
    return frozenset(text.split())


MAX_DEPTH = 64  # of folders; an archive can name more than anything else could handle
IMAGE_WORDS = names(
    "image images img imgs picture pictures pic pics photo photos jpg jpgs jpeg jpegs png pngs "
    "frame frames original originals orig input inputs rgb raw data "
    "full fullsize large big"
)
_SYSTEM = names(
    "__macosx @eadir $recycle.bin lost+found __pycache__ thumbs.db ehthumbs.db desktop.ini"
) | {"system volume information", "icon\r"}
_NO_PICTURES = names(
    "txt md rst csv tsv psv info lst list json jsonl ndjson geojson xml html htm css yaml yml "
    "toml ini cfg conf log lock bib tex doc docx odt rtf ppt pptx key pdf py pyc ipynb js ts r "
    "rmd m c h cpp java go rs sh bat ps1 exe dll so jar zip tar gz tgz bz2 xz 7z rar zst iso dmg "
    "npy npz mat h5 hdf5 parquet feather arrow pkl pickle pt pth ckpt safetensors onnx tflite pb "
    "tfrecord tfrecords db sqlite mp3 wav flac ogg m4a aac mid midi mp4 m4v mov avi mkv webm wmv "
    "ttf otf woff woff2 md5 sha1 sha256 bak tmp part crdownload lnk url torrent aae xmp thm"
)
_TABLES = names("csv tsv json jsonl ndjson parquet txt")
_TEXTS = {"readme", "license", "licence", "copying", "changelog", "makefile", "dockerfile"}
_DRAWINGS = names("svg svgz psd psb ai eps sketch fig xcf indd cdr afdesign afphoto kra blend")
_SHEETS = names("xls xlsx xlsm ods numbers")
_RAW = names("cr2 cr3 nef nrw arw srf sr2 dng orf rw2 raf pef srw 3fr iiq")

_MASK_WORDS = names(
    "mask masks gt label labels annotation annotations matte mattes trimap trimaps segmentation "
    "segmentations segmented seg segs saliency"
)
_ALWAYS_MASKS = names(
    "groundtruth groundtruths segmentationclass segmentationobject trimaps annotation "
    "annotations gtfine gtcoarse segmentation segmentations segmentationmasks"
)
_MASK_FILE = re.compile(
    r"(.+?)[ _.-]+(?:mask|masks|gt|seg|segmentation|label|matte|annotation|superpixels)"
    r"(?:[ _-]?\d+)?",
    re.I,
)
_SMALL_WORDS = {"thumb", "thumbs", "thumbnail", "thumbnails", "preview", "previews"}
_SMALL_FILE = re.compile(r"(.+?)[ _.-]+(?:thumb|thumbnail|preview)", re.I)


def words(name: str) -> list[str]:
    """The words of a name in lower case: ["jpeg", "images"] of "JPEGImages_2017"."""
    return [w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def stem(path: str) -> str:
    """The name of a file without its folders and its ending, in lower case."""
    name = path.rsplit("/", 1)[-1][:255].casefold()
    start, _, end = name.rpartition(".")
    return start if start and len(end) <= 5 and end.isalnum() else name


def ending(path: str) -> str:
    """The ending of a file's name in lower case without the point, "" without."""
    name = path.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def drop(files: Sequence[SourceFile]) -> tuple[list[SourceFile], list[Skipped]]:
    """The files that may be pictures of the collection, and the others with the reasons."""
    kept, skipped = _without(files, lambda file: _by_name(file.path))
    for kind in _COMPANIONS:
        rest, found = _without(kept, _companions(kept, kind))
        if rest:  # a collection of nothing but masks is one of pictures
            kept, skipped = rest, skipped + found
    return kept, skipped


def _without(
    files: Sequence[SourceFile], reason: Callable[[SourceFile], str]
) -> tuple[list[SourceFile], list[Skipped]]:
    reasons = [reason(file) for file in files]
    kept = [file for file, why in zip(files, reasons, strict=True) if not why]
    return kept, [Skipped(f.path, why) for f, why in zip(files, reasons, strict=True) if why]


def _by_name(path: str) -> str:
    parts = path.casefold().split("/")
    if len(parts) > MAX_DEPTH:
        return f"inside more than {MAX_DEPTH} folders"
    if any(part in _SYSTEM or part.startswith(("found.0", ".trash", "~$")) for part in parts):
        return "left by the system"
    if any(part.startswith(".") for part in parts):
        return "hidden"
    kind = ending(path)
    if kind in _NO_PICTURES or (not kind and parts[-1] in _TEXTS):
        return f"no picture (.{kind})" if kind else "no picture"
    if kind in _DRAWINGS:
        return f"a drawing (.{kind}); export it as PNG"
    if kind in _SHEETS:
        return f"a table (.{kind}); save it as .csv"
    return f"a raw photograph (.{kind}); export it as JPEG" if kind in _RAW else ""


class _Companion(NamedTuple):
    """Files that belong to a picture of the same name: by a word in the name of their folder, by
    the whole of it, or by what follows the name of the picture."""

    reason: str
    words: frozenset[str]
    folders: frozenset[str]
    file: re.Pattern[str]


_COMPANIONS = (
    _Companion("a mask or an annotation", _MASK_WORDS, _ALWAYS_MASKS, _MASK_FILE),
    _Companion("a small copy of another picture", _SMALL_WORDS, frozenset(), _SMALL_FILE),
)


def _companions(files: Sequence[SourceFile], kind: _Companion) -> Callable[[SourceFile], str]:
    """Says which files are companions of a kind, of others that are not."""
    stems, children = defaultdict(set), defaultdict(set)
    for file in files:
        folder = file.path.rpartition("/")[0]
        stems[folder].add(stem(file.path))
        while folder:
            parent, _, child = folder.rpartition("/")
            if child in children[parent]:
                break
            children[parent].add(child)
            folder = parent

    @cache
    def holds_companions(folder: str) -> bool:
        parent, _, name = folder.rpartition("/")
        return bool(folder) and (
            holds_companions(parent)
            or _is_for(kind, name, children[parent], stems[folder], stems[parent])
        )

    def reason(file: SourceFile) -> str:
        folder, own = file.path.rpartition("/")[0], stem(file.path)
        partner = (match := kind.file.fullmatch(own)) and match[1] in stems[folder]
        return kind.reason if partner or holds_companions(folder) else ""

    return reason


def _is_for(kind: _Companion, name: str, beside: set[str], own: set[str], above: set[str]) -> bool:
    """Whether a folder is for companions: by its name, or as "train_masks" beside "train" and
    "labels" beside "images", or if its files are named as those above it."""
    found = words(name)
    if "".join(found) in kind.folders:
        return True
    if not kind.words & set(found):
        return False
    rest = [word for word in found if word not in kind.words | IMAGE_WORDS]
    for sibling in map(words, beside):  # itself too: it has one of the words
        others = [word for word in sibling if word not in IMAGE_WORDS]
        if sibling and others == rest and not kind.words & set(sibling):
            return True
    plain = {match[1] if (match := kind.file.fullmatch(text)) else text for text in own}
    return len(plain & above) * 2 > len(plain)


def is_table(path: str) -> bool:
    """Whether a file may be a table with labels, by its name."""
    hidden = any(part.startswith((".", "__")) for part in path.split("/"))
    return ending(path) in _TABLES and not hidden and stem(path) not in _TEXTS
