"""What a file is, by its first bytes; its name decides only where these leave it open."""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable
from contextlib import suppress

from ..formats import pictures

_PICKLE = "save its arrays as .npz (numpy.savez), or its pictures as a .zip"
_TORCH = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"  # torch.save before 2020
_PICTURES = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0\0|RIFF.{4}WEBP|II\*\0|MM\0\*|II\+\0|.{4}ftyp(?:avi|hei|hev"
    rb"|mif)|\0\0\0\x0cjP|\xff\x4f\xff\x51|\0\0[\x01\x02]\0|P[1-7fF]\s|DDS |qoif"
    rb"|\x01\xda[\0\x01][\x01\x02]|\x0a[\0-\x05]\x01[\x01\x02\x04\x08]",
    re.S,
)
_UNPACK: dict[bytes, Callable] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
}
_INSIDE = {"tar", "idx", "csv", "json", "npy", "mat", "pickle", "hdf5", "parquet"}


def kind_of(head: bytes, name: str) -> str:
    """What a file is, from its first bytes, best 4096, and its name.

    One of zip, tar (also compressed), npz, npy, parquet (also Arrow), hdf5, mat, idx, csv (any
    table as text), json (also with one record a line), gzip (any other compressed file), pickle,
    torch, picture and unknown.
    """
    for mark, decompressor in _UNPACK.items():
        if head.startswith(mark):
            inside = b""
            with suppress(zlib.error, OSError, EOFError, lzma.LZMAError):
                inside = decompressor().decompress(head, 4096)
            kind = kind_of(inside, re.sub(r"\.\w+$", "", name)) if inside else ""
            if not inside and re.search(r"\.(tar\.\w+|t[bx]z2?)$", name.lower()):
                return "tar"  # whose first block is longer than `head`
            return kind if kind in _INSIDE else "gzip"
    if head[257:262] == b"ustar":
        return "tar"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(head)
    for mark, kind in (
        (b"\x93NUMPY", "npy"),
        (b"PAR1", "parquet"),
        (b"ARROW1\0\0", "parquet"),  # tables.as_parquet
        (b"\xff\xff\xff\xff", "parquet" if head[6:12] == b"\0\0\x10\0\0\0" else "unknown"),
        (b"\x89HDF", "hdf5"),
        (b"MATLAB 7.3", "hdf5"),
        (b"MATLAB", "mat"),
        (_TORCH, "torch"),
    ):
        if head.startswith(mark):
            return kind
    if len(head) > 3 and head[:2] == b"\0\0" and 8 <= head[2] <= 14 and 0 < head[3] < 9:
        return "idx"
    if len(head) > 1 and head[0] == 0x80 and head[1] < 6:
        return "pickle"
    if _PICTURES.match(head):
        return "picture"
    return _text(head) or _named(head, name)


def refusal(kind: str, name: str) -> str:
    """Why a file of a kind is not read, and what to do."""
    instead = "give torchvision:CIFAR10 instead, or " * is_cifar(name)
    if kind == "pickle":
        return f"{name:.99} is a pickle, which could run any program; {instead}{_PICKLE}"
    return (
        f"{name:.99} is of no known kind; {instead}expected pictures in a folder, .zip or .tar, "
        "or .npz, .npy, .csv, .parquet, .mat, .h5 or IDX"
    )


def is_cifar(name: str) -> bool:
    """Whether a file has the name of one of those in which CIFAR is published."""
    return re.search(r"(^|/)(data_batch(_\d)?|test_batch)(\.bin)?$", name) is not None


def _zip(head: bytes) -> str:
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    if first.endswith(b".npy"):
        return "npz"
    if first.split(b"/")[-1] in (b"data.pkl", b".format_version", b"byteorder"):
        return "torch"
    return "zip"


def _text(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head[2:].replace(b"\0", b"")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in text)
    if not text or controls or text.startswith((b"<", b"%PDF", b"%!")):
        return ""
    if text.startswith((b"[", b"{")):
        return "json"
    return "csv" if re.search(rb"[,;\t|\n]|^[-+.\deE]+ +[-+.\d]", text) else ""


def _named(head: bytes, name: str) -> str:
    """Of files that only their decoder knows, as TGA."""
    if name.rsplit(".", 1)[-1].lower() in pictures.ENDINGS and len(head) > 20:
        with suppress(pictures.PictureError):
            pictures.open_picture(head, name)
            return "picture"
    return "unknown"
