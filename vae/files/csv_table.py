"""Tables as CSV that is safe to open in a spreadsheet.

A spreadsheet evaluates a cell whose text begins like a formula, and the texts come from users and
their files (https://owasp.org/www-community/attacks/CSV_Injection): a quote is put before it.
"""

import csv
import io
from collections.abc import Iterable, Sequence


def to_csv(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A header line and one line per row, as in RFC 4180 (line ends are \\r\\n)."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return target.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        try:
            float(value)  # a number is no formula
        except ValueError:
            return f"'{value}"
    return value
