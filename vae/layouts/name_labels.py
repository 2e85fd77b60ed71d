"""Classes in the names of files: "cat.0.jpg", "dog_12.png", "7_0031.png", "12_frog.png"."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

from .leftovers import names, words

_NUMBERED = re.compile(r"(.*?\D)(?:[\s._-]+v)?[\s._-]*(?:\(\d+\)|\d+)")
_TWO_NUMBERS = re.compile(r"(\d{1,3})[_-]\d+")  # a longer first number is a date or a serial one
_NUMBER_FIRST = re.compile(r"\d+[_-]([^\W\d_][^\d]*)")
_COVERED = 0.95  # of the files, that have a name with a class
# What cameras and programs call any file.
_GENERIC = names(
    "img image images imgs dsc dscn dscf dcim pxl photo photos pic pics picture pictures foto "
    "fotos bild frame frames screenshot screen shot scan scans file files untitled unnamed "
    "download whatsapp signal telegram vid video mvi mov sam gopr dji capture snapshot page "
    "figure fig plot slide sample samples test train val tile patch crop export output out "
    "result render rendered generated copy new document doc p imag dsci kopie bildschirmfoto "
    "snap cam camera webcam item pano burst edited data"
)


def read_labels(files: Sequence[str]) -> list[str | None]:
    """The class in each name of a file, None where there is none; None for all unless at least
    two classes have two or more files each, and nearly all files have one of these."""
    found = [_prefix(name) for name in files]
    counts = Counter(prefix for prefix in found if prefix is not None)
    several = {prefix for prefix, count in counts.items() if count > 1}
    if len(several) < 2 or sum(counts[p] for p in several) < _COVERED * len(files):
        return [None] * len(files)
    return [prefix if prefix in several else None for prefix in found]


def read_known(files: Sequence[str], known: Collection[str]) -> list[str | None]:
    """The class in each name of a file, if it is one of those that are known."""
    return [prefix if (prefix := _prefix(name)) in known else None for name in files]


def read_beginnings(files: Sequence[str], classes: Collection[str]) -> list[str | None]:
    """The class with whose name that of each file begins; None for all unless nearly all do, with
    two or more classes. Classes of digits are none: they may be any number."""
    longest = sorted((c for c in classes if re.search(r"[^\W\d_]", c)), key=len, reverse=True)
    pattern = re.compile(rf"({'|'.join(map(re.escape, longest))})(?=[ _.(-]|(?<!\d)\d)", re.I)
    known = {name.casefold(): name for name in longest}
    matches = [pattern.match(name) if known else None for name in files]
    found = [known[match[1].casefold()] if match else None for match in matches]
    enough = len(found) - found.count(None) >= _COVERED * len(found)
    return found if enough and len(set(found) - {None}) > 1 else [None] * len(found)


def _prefix(name: str) -> str | None:
    stem = re.sub(r"(?<=.)\.[A-Za-z]\w{1,4}$", "", name)
    if len(stem) > 255:
        return None
    if match := _TWO_NUMBERS.fullmatch(stem):
        return match[1]
    match = _NUMBERED.fullmatch(stem) or _NUMBER_FIRST.fullmatch(stem)
    prefix = match[1].strip(" ._-(") if match else ""
    known = words(prefix)
    if not known:
        return prefix if re.search(r"[^\W\d_]", prefix) else None
    return None if known[0] in _GENERIC else prefix
