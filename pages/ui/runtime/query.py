"""Reads and writes the state of a page in the address bar, from one list of fields per page.

Every value of a link or of a component's message is checked.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, replace
from typing import Any, TypeVar

from vae.errors import AtelierError

State = TypeVar("State")
Check = Callable[[Any], Any]

MAX_SEED = 2**31 - 1
MAX_COORDINATE = 1000.0  # of a latent code
_INVALID = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_WHOLE = re.compile(r"[0-9]{1,18}")


class InvalidValueError(AtelierError):
    """A value of a link or of a component's message is not valid."""


@dataclass(frozen=True)
class QueryField:
    """The attribute `name` of a page's state, and the query parameter `key` that holds it.

    `check` returns the value of JSON, or of a link's text after `split`, or raises
    `InvalidValueError`; `format` writes the value. A link contains the field if `when(state)` is
    true, by default if the value differs from the default of the class.
    """

    name: str
    key: str
    check: Check
    split: Callable[[str], Any] = str
    format: Callable[[Any], str] = str
    when: Callable[[Any], bool] | None = None


def read_query(
    query: Mapping[str, str], fields: Iterable[QueryField], start: State
) -> tuple[State, list[str]]:
    """The state of a link, and the keys that could not be read; those keep their value of
    `start`."""
    values, unreadable = {}, []
    for field in fields:
        if field.key in query:
            try:
                values[field.name] = field.check(field.split(query[field.key]))
            except _INVALID:
                unreadable.append(field.key)
    return replace(start, **values), unreadable


def write_query(
    state: Any, fields: Iterable[QueryField], model: str = "", digest: str = ""
) -> dict[str, str]:
    """The query parameters that restore a state; those of a model begin with the model's."""
    query = {"m": model, "d": digest[:12]} if model else {}
    for field in fields:
        value = getattr(state, field.name)
        default = state.__dataclass_fields__[field.name].default
        if field.when(state) if field.when else default is MISSING or value != default:
            query[field.key] = field.format(value)
    return query


def read_message(
    value: Mapping, checks: Mapping[str, Check], defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The checked values of a component's message; those with a default may be absent. Raises
    `InvalidValueError`."""
    found = {}
    for name, check in checks.items():
        try:
            found[name] = check({**(defaults or {}), **value}[name])
        except _INVALID as error:
            raise InvalidValueError(f"its {name} is not valid ({error})") from error
    return found


def check_state(state: Any, fields: Iterable[QueryField]) -> None:
    """Raises `InvalidValueError` for the first value of a page's state that its field refuses:
    widgets keep their bounds in the browser only."""
    read_message(vars(state), checks_of(fields))


def checks_of(fields: Iterable[QueryField]) -> dict[str, Check]:
    """The checks of fields by name, for a message with the same fields."""
    return {field.name: field.check for field in fields}


def always(state: object) -> bool:
    """A `QueryField.when`: every link contains the field."""
    return True


def comma_separated(text: str) -> list[str]:
    return text.split(",") if text else []


def one_of(known: Iterable) -> Check:
    def check(value: Any) -> Any:
        if value not in known:
            raise InvalidValueError(f"{_short(value)} is not one of {', '.join(map(str, known))}")
        return value

    return check


def subset(known: Iterable[str]) -> Check:
    """A list of known names, returned in the order of `known`."""

    def check(names: Iterable[str]) -> tuple[str, ...]:
        if unknown := set(names) - set(known):
            raise InvalidValueError(f"{_short(min(unknown))} is not one of {', '.join(known)}")
        return tuple(name for name in known if name in names)

    return check


def whole(low: int, high: int) -> Check:
    """A whole number from `low` to `high`."""

    def check(value: Any) -> int:
        number = int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value
        if type(number) is not int or not low <= number <= high:
            raise InvalidValueError(f"{_short(value)} is not a whole number from {low} to {high}")
        return number

    return check


def number(low: float = -math.inf, high: float = math.inf) -> Check:
    """A finite number from `low` to `high`."""

    def check(value: Any) -> float:
        try:
            result = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            result = math.nan
        if not math.isfinite(result) or not low <= result <= high:
            raise InvalidValueError(f"{_short(value)} is not a number from {low:g} to {high:g}")
        return result

    return check


def code(latent: int, digits: int = 4) -> Check:
    """A latent code of `latent` numbers, rounded as on the map."""
    coordinate = number(-MAX_COORDINATE, MAX_COORDINATE)

    def check(values: Any) -> tuple[float, ...]:
        if not isinstance(values, list | tuple) or len(values) != latent:
            raise InvalidValueError(f"{_short(values)} is not a list of {latent} numbers")
        return tuple(round(coordinate(v), digits) for v in values)

    return check


def code_text(values: Iterable[float]) -> str:
    """The text `z1,z2` of a code."""
    return ",".join(f"{v:g}" if v != round(v, 4) else f"{round(v, 4):.10g}" for v in values)


def list_of(check: Check, most: int) -> Check:
    """A list of at most `most` values."""

    def check_all(values: Any) -> tuple:
        if not isinstance(values, list | tuple) or len(values) > most:
            raise InvalidValueError(f"{_short(values)} is not a list of at most {most} values")
        return tuple(map(check, values))

    return check_all


def optional(check: Check, default: Any = None) -> Check:
    """`check`, or `default` for None."""
    return lambda value: default if value is None else check(value)


def _short(value: Any) -> str:
    return f"“{value[:40]}”" if isinstance(value, str) else type(value).__name__
