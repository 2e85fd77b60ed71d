"""The numbers of the layouts beside what each method can do, as one HTML table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ..models.metrics_table import ARROWS, METRICS, STYLE, WORDS, numeral

KEYS = ("trustworthiness", "knn1", "knn5", "silhouette", "v_measure")
ABILITIES = {
    "Places new images": "Whether an image that was not there before finds its place.",
    "Decodes": "Whether a place leads back to a picture.",
    "Generates": "Whether it is a distribution, from which new pictures can be drawn.",
}


@dataclass(frozen=True)
class Row:
    """`numbers` by the keys of `KEYS` with "seconds", or None with `why`; `can` answers
    `ABILITIES` in order: a word each, of which "yes" and "no" are drawn as ticks and dashes."""

    title: str
    numbers: Mapping[str, float] | None
    why: str
    can: tuple[str, str, str]
    note: str = ""  # beside the seconds


def reduce_table(rows: Sequence[Row], about: str) -> str:
    """`about` says of what and how it was measured."""
    columns = [m for key in KEYS for m in METRICS if m.key == key]
    best = {m.key: _best(rows, m.key, m.form) for m in columns}
    head = "".join(
        f'<th scope="col"><abbr title="{escape(m.help)} {WORDS[m.better].capitalize()}.">'
        f"{escape(m.label)} {ARROWS[m.better]}</abbr><small>{escape(m.unit)}</small></th>"
        for m in columns
    )
    head += '<th scope="col">Time<small>seconds</small></th>'
    head += "".join(
        f'<th scope="col"><abbr title="{escape(told)}">{escape(name)}</abbr></th>'
        for name, told in ABILITIES.items()
    )
    body = ""
    for row in rows:
        if row.numbers is None:
            wide = f'colspan="{len(columns) + 1}" style="text-align: left"'
            cells = f"<td {wide}>{escape(row.why)}</td>"
        else:
            cells = "".join(_cell(row.numbers[m.key], m.form, best[m.key]) for m in columns)
            cells += f"<td>{_seconds(row.numbers['seconds'])}{escape(row.note)}</td>"
        cells += "".join(f"<td>{_can(word)}</td>" for word in row.can)
        body += f'<tr><th scope="row">{escape(row.title)}</th>{cells}</tr>'
    words = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(told)}</dd>"
        for name, told in [(m.label, m.help) for m in columns] + list(ABILITIES.items())
    )
    return (
        f'{STYLE}<div class="mt" role="region" aria-label="Numbers of the layouts" tabindex="0">'
        f'<table data-testid="reduce-table"><thead><tr><th scope="col">Layout</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
        f'<div class="mt"><p>★ best of its column. {escape(about)}</p>'
        f"<details><summary>What the columns mean</summary><dl>{words}</dl></details></div>"
    )


def _best(rows: Sequence[Row], key: str, form: str) -> str | None:
    """The highest number as it is shown; none where there is nothing to win against."""
    values = [row.numbers[key] for row in rows if row.numbers is not None]
    return numeral(max(values), form) if len(values) > 1 else None


def _cell(value: float, form: str, best: str | None) -> str:
    text = numeral(value, form)
    if text == best:
        return f'<td><strong><span aria-label="best">★</span> {text}</strong></td>'
    return f"<td>{text}</td>"


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _can(word: str) -> str:
    if word == "yes":
        return '<span aria-label="yes">✓</span>'
    if word == "no":
        return '<span aria-label="no">—</span>'
    return escape(word)
