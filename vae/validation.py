"""Checks of values that come from users and files; each refusal is one sentence."""

import difflib
import math
import typing
from collections.abc import Iterable

import msgspec

from .errors import AtelierError

_WORDS = {int: "a whole number", float: "a finite number", str: "a text", bool: "true or false"}


class ConfigError(AtelierError):
    """An invalid setting: what came, what was expected, what to do."""


def suggest(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` with the most similar known word, or an empty string."""
    similar = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {similar[0]!r}?)" if similar else ""


def one_of(name: str, value: str, known: Iterable[str]) -> None:
    """Raises `ConfigError` for a value that is not a known one."""
    known = tuple(known)
    if value not in known:
        raise ConfigError(
            f"{name} is {value!r}{suggest(value, known)}; expected one of {', '.join(known)}"
        )


def refuse_unknown(name: str, data: dict, known: Iterable[str]) -> None:
    """Raises `ConfigError` for the first key of `data` that is not a known one."""
    known = tuple(known)
    for key in data:
        if key not in known:
            raise ConfigError(
                f"{name} has an unknown key {key!r}{suggest(str(key), known)}; "
                f"expected some of {', '.join(known)}"
            )


def within(name: str, value: float, low: float, high: float) -> None:
    """Raises `ConfigError` for a number outside the bounds."""
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}; expected {low:g} to {high:g}")


def coerce_types(record: object) -> None:
    """Converts the fields of a dataclass to their annotated types in place: integers to floats,
    lists to tuples. Raises `ConfigError` for a value of another type."""
    for name, hint in typing.get_type_hints(type(record)).items():
        value = getattr(record, name)
        try:
            converted = msgspec.convert(value, hint)
        except msgspec.ValidationError:
            converted = math.nan
        if isinstance(converted, float) and not math.isfinite(converted):
            expected = _WORDS.get(hint, "a list of whole numbers")
            raise ConfigError(f"{name} is {value!r}; expected {expected}")
        object.__setattr__(record, name, converted)
