"""Records in a link: packed into text, and stored where their address would be too long.

Packed is "1" and the JSON, deflated, in URL-safe base64. Stored is "k" and the key of a file with
the packed text; the key is the hash of the text, and the oldest files are swept.
"""

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from vae import limits
from vae.errors import AtelierError
from vae.files import atomic, folders
from vae.files.records import convert

from .location import link
from .query import InvalidValueError

Record = TypeVar("Record", bound=msgspec.Struct)
MAX_ADDRESS = 2000  # characters of a query; some programs cut longer addresses
_MAX_JSON, _MAX_TEXT, _MAX_FILES = 2**19, 2**16, 2000
_KEY = re.compile(r"k[0-9a-f]{24}")


class LinkError(AtelierError):
    """A link that is too long for an address and cannot be stored."""


def pack(record: msgspec.Struct) -> str:
    deflated = zlib.compress(msgspec.json.encode(record), 9, wbits=-15)
    return "1" + base64.urlsafe_b64encode(deflated).decode().rstrip("=")


def unpack(text: str, kind: type[Record]) -> Record:
    """The record of a packed or a stored text; raises `InvalidValueError`."""
    text = _load(text) if _KEY.fullmatch(text) else text
    inflate = zlib.decompressobj(wbits=-15)
    try:
        deflated = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), b"-_", validate=True)
        raw = inflate.decompress(deflated, _MAX_JSON)
        if text[0] != "1" or not inflate.eof:
            raise ValueError("it is not whole, or too large")
        return convert(msgspec.json.decode(raw), kind, InvalidValueError)
    except (zlib.error, ValueError, LookupError, RecursionError) as error:
        raise InvalidValueError(f"this is no packed value ({error})") from error


def shortened(query: Mapping[str, str], *packed: str) -> dict[str, str]:
    """The query with those of its `packed` values stored without which its address would be too
    long. Raises `LinkError`."""
    short = dict(query)
    for key in sorted(short.keys() & packed, key=lambda key: -len(short[key])):
        if len(link(short)) > MAX_ADDRESS:
            short[key] = _save(short[key])
    return short


def _save(text: str) -> str:
    """The key of a text, under which it is stored."""
    key, folder = "k" + _hash(text), folders.links()
    if len(text) > _MAX_TEXT or limits.current().public:
        raise LinkError("it is too long for an address, and this server does not store it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / key).exists():
            oldest = sorted(folder.glob("k*"), key=lambda path: path.stat().st_mtime_ns)
            for path in oldest[: max(0, len(oldest) + 1 - _MAX_FILES)]:
                path.unlink(missing_ok=True)
            atomic.write(folder / key, text)
    except OSError as error:
        raise LinkError(f"it is too long for an address and cannot be stored ({error})") from error
    return key


def _load(key: str) -> str:
    try:
        with (folders.links() / key).open("rb") as file:
            text = file.read(_MAX_TEXT).decode("ascii", "replace")
    except OSError as error:
        raise InvalidValueError("what the link refers to is no longer stored here") from error
    if _hash(text) != key[1:]:
        raise InvalidValueError("what the link refers to is damaged")
    return text


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
