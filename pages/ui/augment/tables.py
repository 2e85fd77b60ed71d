"""The preview of synthetic images and the results of the benchmark, as HTML and Markdown. Pure."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from ..models.metrics_table import STYLE, numeral

SHOWN = 10  # images of a class in the preview

_STYLE = """<style>
.am { display: grid; grid-template-columns: max-content minmax(0, 560px) max-content;
  gap: 6px 16px; align-items: center; font-size: 14px; }
.am > div { display: contents; }
.am img { display: block; image-rendering: pixelated; height: auto; }
.am .none { color: var(--st-text-color); opacity: 0.75; }
.am output { font-family: var(--st-code-font); font-size: 13px; white-space: nowrap; }
.at th { white-space: normal; }
.at tbody th { font-weight: 400; }
@media (max-width: 760px) {
  .am { grid-template-columns: minmax(0, 1fr) max-content; gap: 2px 12px; }
  .am .strip { grid-column: 1 / -1; grid-row: auto; margin-bottom: 8px; order: 1; }
  .am > div { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; }
  .at th, .at td { padding: 6px; font-size: 12px; }
}
</style>"""


class PreviewRow(NamedTuple):
    """A class: its name, up to ten images side by side as a PNG, their number, and how many of the
    draws passed the confidence filter."""

    name: str
    strip: bytes
    count: int
    passed: int
    tried: int


def preview_table(rows: Sequence[PreviewRow], urls: Sequence[str], *, filtered: bool) -> str:
    """A row per class: its images and the share of the draws that passed."""
    lines = "".join(_line(row, url, filtered) for row, url in zip(rows, urls, strict=True))
    return f'{_STYLE}<div class="am" data-testid="made-preview">{lines}</div>'


def _line(row: PreviewRow, url: str, filtered: bool) -> str:
    name = escape(row.name)
    shown = f'<span class="none">none of {row.tried} draws passed</span>'
    if row.count:
        alt = f"{row.count} synthetic images of class {name}"
        width = f"{100 * row.count / SHOWN:g}%"
        shown = f'<img src="{escape(url)}" style="width: {width}" alt="{alt}">'
    share = f"{100 * row.passed / row.tried:.0f} % passed" if filtered else "not filtered"
    strip = f'<span class="strip">{shown}</span>'
    return f"<div><span>{name}</span>{strip}<output>{share}</output></div>"


def accuracy_table(benchmark: dict) -> str:
    """Accuracies of the benchmark: a row per arm, a column per number of labels."""
    counts = list(dict.fromkeys(row["labels"] for row in benchmark["rows"]))
    known = {
        (row["labels"], row["arm"]): f"{row['mean']:.1f} ± {row['spread']:.1f}"
        for row in benchmark["rows"]
    }
    head = "".join(f'<th scope="col">{n:,}</th>' for n in counts)
    body = ""
    for arm, title in benchmark["arms"].items():
        cells = "".join(f"<td>{known.get((n, arm), '—')}</td>" for n in counts)
        body += f'<tr><th scope="row">{escape(title)}</th>{cells}</tr>'
    return (
        f'{STYLE}{_STYLE}<div class="mt at" role="region" tabindex="0" '
        'aria-label="Measured accuracy">'
        f'<table><thead><tr><th scope="col">Test accuracy (%) by labels per class</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def summary(benchmark: dict) -> str:
    """The benchmark in words, a line per arm: where it helps, where it hurts, where neither."""
    lines = []
    for arm, title in benchmark["arms"].items():
        rows = [row for row in benchmark["rows"] if row["arm"] == arm]
        if arm == "labels" or not rows:
            continue
        parts = []
        for verb, sign in (("better", 1), ("worse", -1)):
            chosen = [row for row in rows if row["clear"] and sign * row["gain"] > 0]
            named = [f"{r['labels']:,} ({numeral(r['gain'], '+.1f')} points)" for r in chosen]
            if named:
                parts.append(f"{verb} with {' and '.join(named)}")
        if unclear := [f"{r['labels']:,}" for r in rows if not r["clear"]]:
            parts.append(f"no clear difference with {' and '.join(unclear)}")
        lines.append(f"- **{title[0].upper()}{title[1:]}**: {'; '.join(parts)} labels per class.")
    return "\n".join(lines)


def method_note(benchmark: dict) -> str:
    """How the benchmark was measured, in a few sentences."""
    seeds, batch = len(benchmark["seeds"]), benchmark["batch"]
    steps = ", ".join(f"{s:,} with {int(n):,}" for n, s in benchmark["steps"].items())
    choices = "; ".join(
        f"{int(n):,} labels: {100 * c['share']:.0f} % of a batch, spread {c['spread']:g}, "
        + (f"minimum confidence {c['least']:g}" if c["least"] else "no filter")
        for n, c in benchmark["choices"].items()
    )
    return (
        f"Measured {benchmark['date']} on Fashion-MNIST, {benchmark['split']}; mean ± standard "
        f"deviation of {seeds} seeds, which determine the labelled images, the synthetic ones and "
        "the initial weights. All rows of a column train the same small network for the same "
        f"number of steps of {batch} images ({steps} labels), so synthetic images do not add "
        "training. A difference is clear if the 95 % interval of the paired differences excludes "
        "0. The generative model was trained on all training images without labels; the codes of "
        "each class and the classifier of the filter were fitted to the labelled images only; the "
        "conditional model was trained with all labels. Settings of “synthetic”, chosen on "
        f"held-out training images: {choices}."
    )
