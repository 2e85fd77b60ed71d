"""Tables as CSV that a spreadsheet opens as they are.

A cell whose text begins like a formula would be run by a spreadsheet, and names come from people
and their files (https://owasp.org/www-community/attacks/CSV_Injection): it gets a quote before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

_RUN = ("=", "+", "-", "@", "\t", "\r")


def to_csv(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A line of names, a line a row, as RFC 4180 has it (ends of lines are \\r\\n)."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return target.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_RUN) and not _number(value):
        return f"'{value}"
    return value


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
