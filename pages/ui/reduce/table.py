"""The metrics of the layouts and the abilities of their methods as an HTML table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ..models.metrics_table import METRICS, STYLE, numeral

KEYS = ("trustworthiness", "knn1", "knn5", "silhouette", "v_measure")
ABILITIES = {
    "Out-of-sample embedding": "Whether it maps images that it was not fitted to.",
    "Invertible": "Whether a point maps back to an image.",
    "Generative": "Whether it defines a distribution from which new images can be sampled.",
}


@dataclass(frozen=True)
class Row:
    """`metrics` by `KEYS` and "seconds", or None and a `status`; `abilities` has a word for each
    of `ABILITIES`, of which "yes" and "no" are shown as ticks and dashes."""

    title: str
    metrics: Mapping[str, float] | None
    status: str
    abilities: tuple[str, str, str]


def reduce_table(rows: Sequence[Row], about: str) -> str:
    """The table; `about` is a note on how it was measured."""
    columns = [m for key in KEYS for m in METRICS if m.key == key]
    best = {m.key: _best(rows, m.key, m.format) for m in columns}
    head = "".join(m.header for m in columns)
    head += '<th scope="col">Time<small>seconds</small></th>'
    head += "".join(
        f'<th scope="col"><abbr title="{escape(meaning)}">{escape(name)}</abbr></th>'
        for name, meaning in ABILITIES.items()
    )
    body = ""
    for row in rows:
        if row.metrics is None:
            wide = f'colspan="{len(columns) + 1}" style="text-align: left"'
            cells = f"<td {wide}>{escape(row.status)}</td>"
        else:
            cells = "".join(_cell(row.metrics[m.key], m.format, best[m.key]) for m in columns)
            cells += f"<td>{_seconds(row.metrics['seconds'])}</td>"
        cells += "".join(f"<td>{_ability(word)}</td>" for word in row.abilities)
        body += f'<tr><th scope="row">{escape(row.title)}</th>{cells}</tr>'
    words = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(meaning)}</dd>"
        for name, meaning in [(m.label, m.help) for m in columns] + list(ABILITIES.items())
    )
    return (
        f'{STYLE}<div class="mt" role="region" aria-label="Metrics of the layouts" tabindex="0">'
        f'<table data-testid="reduce-table"><thead><tr><th scope="col">Layout</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
        f'<div class="mt"><p>★ Best in its column. {escape(about)}</p>'
        f"<details><summary>What the columns mean</summary><dl>{words}</dl></details></div>"
    )


def _best(rows: Sequence[Row], key: str, format: str) -> str | None:
    """The highest value as it is shown; None if there is only one."""
    values = [row.metrics[key] for row in rows if row.metrics is not None]
    return numeral(max(values), format) if len(values) > 1 else None


def _cell(value: float, format: str, best: str | None) -> str:
    text = numeral(value, format)
    if text == best:
        return f'<td><strong><span aria-label="best">★</span> {text}</strong></td>'
    return f"<td>{text}</td>"


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _ability(word: str) -> str:
    if word == "yes":
        return '<span aria-label="yes">✓</span>'
    if word == "no":
        return '<span aria-label="no">—</span>'
    return escape(word)
