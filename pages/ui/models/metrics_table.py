"""The numbers of several models as one HTML table: units, directions, the best of each column.

Pure: entries in, HTML out. Every text that comes from a file is escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import vae


@dataclass(frozen=True)
class Metric:
    """One column: where its number stands, how it reads, and which way is better."""

    key: str
    label: str
    unit: str
    better: str  # "low", "high", or "" where neither is
    form: str
    help: str
    needs_prior: bool = False


METRICS = (
    Metric(
        "neg_elbo",
        "−ELBO",
        "nats",
        "low",
        ".1f",
        "What a VAE minimises: reconstruction plus KL, a bound on −log p(x).",
        True,
    ),
    Metric(
        "reconstruction",
        "Reconstruction",
        "nats",
        "low",
        ".1f",
        "How much of an image its code misses: −log p(x|z), averaged over q(z|x).",
    ),
    Metric(
        "kl",
        "KL",
        "nats",
        "",
        ".2f",
        "How much a code says beyond the prior. More buys sharpness, less buys order.",
        True,
    ),
    Metric(
        "nll_exact",
        "−log p(x)",
        "nats",
        "low",
        ".1f",
        "By integration over the whole plane: no bound, the value itself.",
        True,
    ),
    Metric(
        "nll_iwae",
        "−log p(x) bound",
        "nats",
        "low",
        ".1f",
        "The importance-weighted bound, tighter than −ELBO.",
        True,
    ),
    Metric(
        "mse",
        "Squared error",
        "a pixel",
        "low",
        ".4f",
        "Between an image and the picture at its code, grey values from 0 to 1.",
    ),
    Metric(
        "knn1", "1-NN", "share right", "high", ".1%", "How often the nearest code names the class."
    ),
    Metric(
        "knn5",
        "5-NN",
        "share right",
        "high",
        ".1%",
        "How often the five nearest codes name the class.",
    ),
    Metric(
        "trustworthiness",
        "Trust",
        "0 to 1",
        "high",
        ".3f",
        "Whether neighbours on the plane are neighbours in pixels.",
    ),
    Metric(
        "silhouette",
        "Silhouette",
        "−1 to 1",
        "high",
        ".3f",
        "Whether a class lies closer to itself than to the next.",
    ),
    Metric(
        "v_measure",
        "V-measure",
        "0 to 1",
        "high",
        ".3f",
        "Whether clusters of codes are the classes.",
    ),
    Metric(
        "active_units",
        "Active",
        "latents",
        "",
        ".0f",
        "Latents that carry something about the image.",
    ),
    Metric(
        "frechet",
        "Fréchet",
        "distance",
        "low",
        ".1f",
        "Between drawn and real images, in a classifier's features.",
    ),
    Metric(
        "precision", "Precision", "share", "high", ".1%", "Drawn images that look like real ones."
    ),
    Metric("recall", "Recall", "share", "high", ".1%", "Real images that the drawn ones reach."),
)

ARROWS = {"low": "↓", "high": "↑", "": ""}
WORDS = {"low": "lower is better", "high": "higher is better", "": "neither way is better"}
STYLE = """<style>
.mt { overflow-x: auto; }
.mt:focus-visible { outline: 2px solid var(--st-primary-color); }
.mt table { border-collapse: collapse; width: auto; font-size: 14px; margin: 0; }
.mt th, .mt td { padding: 6px 10px; border: 0; border-bottom: 1px solid var(--st-border-color);
  text-align: right; white-space: nowrap; min-width: 84px; }
.mt thead th { vertical-align: bottom; line-height: 1.3; font-weight: 600; }
.mt thead small { display: block; font-weight: 400; font-size: 12px; }
.mt th:first-child { text-align: left; position: sticky; left: 0;
  background: var(--st-background-color); }
.mt td { font-family: var(--st-code-font); font-size: 13px; }
.mt abbr { text-decoration: none; cursor: help; }
.mt dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0; }
.mt dd { margin: 0; } .mt p, .mt summary { font-size: 13px; margin: 6px 0; }
.mt summary { cursor: pointer; }
@media (max-width: 760px) { .mt dl { grid-template-columns: 1fr; } .mt dd { margin-bottom: 6px; } }
</style>"""


def number(entry: vae.Entry, metric: Metric) -> float | None:
    """A model's number; None where it was not measured or cannot be."""
    if metric.needs_prior and not vae.MODELS[entry.config.model.name].cls.has_prior:
        return None
    value = ((entry.metrics or {}).get("evaluation") or {}).get(metric.key)
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if known else None


def metrics_table(
    entries: Sequence[vae.Entry],
    keys: Sequence[str] | None = None,
    title: str = "Numbers of the models",
) -> str:
    """The table of these models; columns that none of them has are named below it. `title` is for
    screen readers, which list the tables of a page."""
    asked = [m for m in METRICS if keys is None or m.key in keys]
    columns = [m for m in asked if any(number(e, m) is not None for e in entries)]
    best = {m.key: _best(entries, m) for m in columns}
    rows = "".join(
        f'<tr><th scope="row">{escape(e.name)}</th>'
        + "".join(_cell(e, m, best[m.key]) for m in columns)
        + "</tr>"
        for e in entries
    )
    head = "".join(
        f'<th scope="col"><abbr title="{escape(m.help)} {WORDS[m.better].capitalize()}.">'
        f"{escape(m.label)} {ARROWS[m.better]}</abbr><small>{escape(m.unit)}</small></th>"
        for m in columns
    )
    missing = [m.label for m in asked if m not in columns]
    words = "".join(
        f"<dt>{escape(m.label)}</dt><dd>{escape(m.help)} {WORDS[m.better].capitalize()}.</dd>"
        for m in columns
    )
    note = f" Not measured for any of these: {escape(', '.join(missing))}." if missing else ""
    return (
        f'{STYLE}<div class="mt" role="region" aria-label="{escape(title)}" tabindex="0">'
        f'<table><thead><tr><th scope="col">Model</th>{head}</tr></thead><tbody>{rows}</tbody>'
        f"</table></div><div class='mt'><p>★ best of its column · ↑ higher, ↓ lower is better · "
        f"a dash: not measured, or not defined for this model · ◐ of black and white images, | y "
        f"given the label: no rivals of the other rows.{note}</p>"
        f"<details><summary>What the columns mean</summary><dl>{words}</dl></details></div>"
    )


def _best(entries: Sequence[vae.Entry], metric: Metric) -> str | None:
    """The best number as it is shown, so that equal readings are equally good; None: no winner."""
    level = [e for e in entries if _aside(e, metric) is None]
    values = [v for e in level if (v := number(e, metric)) is not None]
    if not metric.better or len(values) < 2:
        return None
    return numeral((min if metric.better == "low" else max)(values), metric.form)


def numeral(value: float, form: str) -> str:
    """A number as a table shows it, with a true minus."""
    return format(value, form).replace("-", "−")


def _aside(entry: vae.Entry, metric: Metric) -> tuple[str, str] | None:
    """A mark and its meaning where a likelihood is not of the same thing as the others'."""
    if metric.key not in ("neg_elbo", "reconstruction", "kl", "nll_exact", "nll_iwae"):
        return None
    if ((entry.metrics or {}).get("evaluation") or {}).get("binarized"):
        return "◐", "of black and white draws of the pixels, so not comparable with grey images"
    if vae.MODELS[entry.config.model.name].cls.context == "label":
        return "| y", "given the label, so not comparable with models that are not told it"
    return None


def _cell(entry: vae.Entry, metric: Metric, best: str | None) -> str:
    value = number(entry, metric)
    if value is None:
        prior = vae.MODELS[entry.config.model.name].cls.has_prior
        why = "not measured" if prior or not metric.needs_prior else "this model has no prior"
        return f'<td><abbr title="{why}" aria-label="{why}">—</abbr></td>'
    text = numeral(value, metric.form)
    if metric.key in ("kl", "neg_elbo") and entry.config.model.name == "avb":
        shown = f'<abbr title="its adversary\'s estimate">≈ {text}</abbr>'
    else:
        shown = text
    if aside := _aside(entry, metric):
        return (
            f'<td>{shown} <abbr title="{aside[1]}" aria-label="{aside[1]}">{aside[0]}</abbr></td>'
        )
    if text == best:
        return f'<td><strong><span aria-label="best">★</span> {shown}</strong></td>'
    return f"<td>{shown}</td>"
