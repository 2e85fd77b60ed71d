"""JSON files read into records (`msgspec.Struct`): every field is checked."""

import json
import re
from typing import Annotated, TypeVar

import msgspec

from ..errors import AtelierError

T = TypeVar("T")
Number = Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]  # finite: NaN is in no bounds
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
# msgspec's terms -> plain words
_WORDS = {
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "an object",
    "`int | null`": "a whole number or null",
    "`float | null`": "a number or null",
    "length <=": "length at most",
    "length >=": "length at least",
    "<=": "of at most",
    ">=": "of at least",
    "<": "below",
}


def one_of(*names: str) -> msgspec.Meta:
    """The constraint of a text that is one of some names."""
    return msgspec.Meta(pattern=rf"^({'|'.join(names)})\Z")


def read_json(text: str | bytes, record: type[T], error: type[AtelierError]) -> T:
    """A record from JSON text. Raises `error` with the first wrong field and what is expected."""
    try:
        data = json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()  # refuses half of a surrogate pair
    except (ValueError, RecursionError) as problem:
        raise error("the file is not JSON; choose a file saved by Latent Atelier") from problem
    return convert(data, record, error)


def convert(data: object, record: type[T], error: type[AtelierError]) -> T:
    """A record from parsed JSON. Raises `error` as `read_json` does."""
    try:
        return msgspec.convert(data, record)
    except msgspec.ValidationError as problem:
        reason, _, path = str(problem).partition(" - at `$")
        path = path.removesuffix("`").removeprefix(".")
    if match := re.fullmatch(r"Object (contains unknown|missing required) field `(.*)`", reason):
        state = "missing" if match[1].startswith("missing") else "not a known field"
        raise error(f"{path}{'.' if path else ''}{match[2]:.40} is {state}")
    value = data
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        value = value[int(index)] if index else value[key]
    expected = reason[0].lower() + reason[1:].split(", got ")[0]
    if options := re.search(r"regex '\^\((.*)\)\\\\Z'", expected):
        expected = f"expected one of {options[1].replace('|', ', ')}"
    for name, words in _WORDS.items():
        expected = expected.replace(name, words)
    shown = repr(value) if len(repr(value)) <= 40 else f"{value!r:.37}..."
    raise error(f"{path or 'the file'} is {shown}; {expected}")
