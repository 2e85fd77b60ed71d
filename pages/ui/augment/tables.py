"""Made images and what they are good for, as HTML. Pure: rows in, HTML out."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

SHOWN = 10

_STYLE = """<style>
.am { display: grid; grid-template-columns: max-content minmax(0, 560px) max-content;
  gap: 6px 16px; align-items: center; font-size: 14px; }
.am > div { display: contents; }
.am img { display: block; image-rendering: pixelated; height: auto; }
.am .none { color: var(--st-text-color); opacity: 0.75; }
.am output { font-family: var(--st-code-font); font-size: 13px; white-space: nowrap; }
.at { overflow-x: auto; }
.at table { border-collapse: collapse; font-size: 14px; margin: 0; }
.at th, .at td { padding: 6px 12px; border: 0; border-bottom: 1px solid var(--st-border-color);
  text-align: right; }
.at td { white-space: nowrap; font-family: var(--st-code-font); font-size: 13px; }
.at th { font-weight: 600; }
.at tbody th { font-weight: 400; }
.at th:first-child { text-align: left; }
@media (max-width: 760px) {
  .am { grid-template-columns: minmax(0, 1fr) max-content; gap: 2px 12px; }
  .am .strip { grid-column: 1 / -1; grid-row: auto; margin-bottom: 8px; order: 0; }
  .am > div { display: grid; grid-column: 1 / -1; grid-template-columns: subgrid; }
  .am .strip { order: 1; }
  .at th, .at td { padding: 6px; font-size: 12px; }
}
</style>"""


class Row(NamedTuple):
    """Of one class: its name, up to ten pictures side by side as a PNG, how many they are, and how
    many of the draws passed."""

    name: str
    strip: bytes
    count: int
    passed: int
    tried: int


def preview_table(rows: Sequence[Row], urls: Sequence[str], *, filtered: bool) -> str:
    """A labelled row a class: its pictures, and the share of the draws that passed."""
    lines = "".join(_line(row, url, filtered) for row, url in zip(rows, urls, strict=True))
    return f'{_STYLE}<div class="am" data-testid="made-preview">{lines}</div>'


def _line(row: Row, url: str, filtered: bool) -> str:
    name = escape(row.name)
    shown = f'<span class="none">none in {row.tried} draws</span>'
    if row.count:
        wide = 100 * row.count / SHOWN
        shown = (
            f'<img src="{escape(url)}" style="width: {wide:g}%" '
            f'alt="{row.count} made pictures of the class {name}">'
        )
    share = f"{100 * row.passed / row.tried:.0f} % passed" if filtered else "not filtered"
    return (
        f'<div><span>{name}</span><span class="strip">{shown}</span><output>{share}</output></div>'
    )


def answer_table(told: dict) -> str:
    """Accuracies of the benchmark: an arm a row, labels a class in the columns."""
    counts = list(dict.fromkeys(row["labels"] for row in told["rows"]))
    known = {(row["labels"], row["arm"]): row for row in told["rows"]}
    head = "".join(f'<th scope="col">{n:,}</th>' for n in counts)
    body = ""
    for arm, words in told["arms"].items():
        cells = ""
        for n in counts:
            row = known.get((n, arm))
            text = "—" if row is None else f"{row['mean']:.1f} ± {row['spread']:.1f}"
            cells += f"<td>{text}</td>"
        body += f'<tr><th scope="row">{escape(words)}</th>{cells}</tr>'
    return (
        f'{_STYLE}<div class="at" role="region" tabindex="0" aria-label="Measured accuracy">'
        f'<table><thead><tr><th scope="col">Test accuracy, %, by labels a class</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def verdict(told: dict) -> str:
    """The answer in words, an arm a line: where it helps, where it hurts, where neither."""
    lines = []
    for arm, words in told["arms"].items():
        rows = [row for row in told["rows"] if row["arm"] == arm]
        if arm == "labels" or not rows:
            continue
        parts = []
        for verb, chosen in (
            ("better with", [r for r in rows if r["clear"] and r["gain"] > 0]),
            ("worse with", [r for r in rows if r["clear"] and r["gain"] < 0]),
        ):
            if chosen:
                named = " and ".join(
                    f"{r['labels']:,} ({_signed(r['gain'])} points)" for r in chosen
                )
                parts.append(f"{verb} {named}")
        if unclear := [f"{r['labels']:,}" for r in rows if not r["clear"]]:
            parts.append(f"no clear difference with {' and '.join(unclear)}")
        lines.append(f"- **{words[0].upper()}{words[1:]}**: {'; '.join(parts)} labels a class.")
    return "\n".join(lines)


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def conditions(told: dict) -> str:
    """Under what the answer was found, in a few sentences."""
    seeds = len(told["seeds"])
    steps = ", ".join(f"{s:,} with {int(n):,}" for n, s in told["steps"].items())
    choices = "; ".join(
        f"{int(n):,} labels: {100 * c['share']:.0f} % of a batch made, spread {c['spread']:g}, "
        + (f"confidence at least {c['least']:g}" if c["least"] else "no filter")
        for n, c in told["choices"].items()
    )
    return (
        f"Measured {told['date']} on Fashion-MNIST, {told['split']}; mean ± standard deviation of "
        f"{seeds} seeds, which draw the labelled images, the made ones and the first weights. All "
        f"lines of a column are the same small network after as many steps of {told['batch']} "
        f"images ({steps} labels), so made images are no extra training. Clear: 0 lies outside "
        "the 95 % interval of the differences, seed by seed. The model that makes them saw all "
        "training images without labels; where a class lies was learned from the labelled ones "
        "alone, and so was the judge of the filter; the conditional model was trained with all "
        "labels. Chosen on training images that were held out, for “synthetic”: "
        f"{choices}."
    )
