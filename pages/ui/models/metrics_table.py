"""The metrics of several models as an HTML table with units, directions and the best values.

Pure: entries in, HTML out. Text that comes from files is escaped.
"""

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import vae

from .families import evaluation, label_note


class Metric(NamedTuple):
    """A column: the key of its metric, how it is formatted, and which direction is better."""

    key: str
    label: str
    unit: str
    better: str  # "low", "high" or ""
    format: str
    needs_prior: bool = False

    @property
    def help(self) -> str:
        return _HELP[self.key]

    @property
    def header(self) -> str:
        """The head of its column as HTML."""
        help = f"{self.help} {WORDS[self.better].capitalize()}."
        name = f'<abbr title="{escape(help)}">{escape(self.label)} {ARROWS[self.better]}</abbr>'
        return f'<th scope="col">{name}<small>{escape(self.unit)}</small></th>'


METRICS = (
    Metric("neg_elbo", "−ELBO", "nats", "low", ".1f", True),
    Metric("reconstruction", "Reconstruction", "nats", "low", ".1f"),
    Metric("kl", "KL", "nats", "", ".2f", True),
    Metric("nll_exact", "−log p(x)", "nats", "low", ".1f", True),
    Metric("nll_bound", "−log p(x) bound", "nats", "low", ".1f", True),
    Metric("mse", "MSE", "per pixel", "low", ".4f"),
    Metric("knn1", "1-NN", "accuracy", "high", ".1%"),
    Metric("knn5", "5-NN", "accuracy", "high", ".1%"),
    Metric("trustworthiness", "Trust", "0 to 1", "high", ".3f"),
    Metric("silhouette", "Silhouette", "−1 to 1", "high", ".3f"),
    Metric("v_measure", "V-measure", "0 to 1", "high", ".3f"),
    Metric("active_units", "Active", "latents", "", ".0f"),
    Metric("frechet", "Fréchet", "distance", "low", ".1f"),
    Metric("precision", "Precision", "fraction", "high", ".1%"),
    Metric("recall", "Recall", "fraction", "high", ".1%"),
)
_HELP = {
    "neg_elbo": "The loss of a VAE: reconstruction plus KL, an upper bound on −log p(x).",
    "reconstruction": "−log p(x|z), averaged over q(z|x).",
    "kl": "The information in a code beyond the prior: more gives sharper images, less a smoother "
    "latent space.",
    "nll_exact": "By numerical integration over the latent space; exact, not a bound.",
    "nll_bound": "The importance-weighted bound, tighter than −ELBO; of a hierarchy also that of "
    "an integral over its top level, whichever is lower.",
    "mse": "Between an image and its reconstruction, grey values from 0 to 1.",
    "knn1": "How often the nearest code has the same class.",
    "knn5": "How often the majority of the five nearest codes has the same class.",
    "trustworthiness": "Whether neighbours in latent space are neighbours in pixel space.",
    "silhouette": "Whether codes are closer to their own class than to the next one.",
    "v_measure": "How well clusters of codes match the classes.",
    "active_units": "Latents that carry information about the image.",
    "frechet": "Between generated and real images, in the features of a classifier.",
    "precision": "Fraction of generated images that look like real ones.",
    "recall": "Fraction of real images that the generated ones cover.",
}

ARROWS = {"low": "↓", "high": "↑", "": ""}
WORDS = {"low": "lower is better", "high": "higher is better", "": "neither direction is better"}
STYLE = """<style>
.mt { overflow-x: auto; }
.mt:focus-visible { outline: 2px solid var(--st-primary-color); }
.mt table { border-collapse: collapse; width: auto; font-size: 14px; margin: 0; }
.mt th, .mt td { padding: 6px 10px; border: 0; border-bottom: 1px solid var(--st-border-color);
  text-align: right; white-space: nowrap; min-width: 84px; }
.mt thead th { vertical-align: bottom; line-height: 1.3; font-weight: 600; }
.mt th small { display: block; font-weight: 400; font-size: 12px; }
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
    """The value of a metric of a model; None if it was not measured or is not defined."""
    if metric.needs_prior and not vae.KINDS[entry.config.model.name].cls.has_prior:
        return None
    value = evaluation(entry).get(metric.key)
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if known else None


def metrics_table(
    entries: Sequence[vae.Entry],
    keys: Sequence[str] | None = None,
    title: str = "Metrics of the models",
    about: Callable[[vae.Entry], str] | None = None,
) -> str:
    """The table of some models; metrics that none of them has are listed below it. `title` is the
    table's name for screen readers, `about` describes each model in words."""
    selected = [m for m in METRICS if keys is None or m.key in keys]
    columns = [m for m in selected if any(number(e, m) is not None for e in entries)]
    best = {m.key: _best(entries, m) for m in columns}
    rows = ""
    for e in entries:
        cells = "".join(_cell(e, m, best[m.key]) for m in columns)
        words = f"<small>{escape(about(e))}</small>" if about else ""
        rows += f'<tr><th scope="row">{escape(e.name)}{words}</th>{cells}</tr>'
    head = "".join(m.header for m in columns)
    missing = [m.label for m in selected if m not in columns]
    words = "".join(
        f"<dt>{escape(m.label)}</dt><dd>{escape(m.help)} {WORDS[m.better].capitalize()}.</dd>"
        for m in columns
    )
    note = f" Not measured for any of these: {escape(', '.join(missing))}." if missing else ""
    return (
        f'{STYLE}<div class="mt" role="region" aria-label="{escape(title)}" tabindex="0">'
        f'<table><thead><tr><th scope="col">Model</th>{head}</tr></thead><tbody>{rows}</tbody>'
        "</table></div><div class='mt'><p>★ best of its column · ↑ higher, ↓ lower is better · "
        "a dash: not measured or not defined for this model · ◐ of binarised images, | y given "
        f"the label: not comparable with the other rows.{note}</p><details><summary>What the "
        f"columns mean</summary><dl>{words}</dl></details></div>"
    )


def _best(entries: Sequence[vae.Entry], metric: Metric) -> str | None:
    """The best value as it is shown, so that ties are all marked; None if there is no best."""
    comparable = [e for e in entries if _remark(e, metric) is None]
    values = [v for e in comparable if (v := number(e, metric)) is not None]
    if not metric.better or len(values) < 2:
        return None
    return numeral((min if metric.better == "low" else max)(values), metric.format)


def numeral(value: float, spec: str) -> str:
    """A formatted number with a true minus sign."""
    return format(value, spec).replace("-", "−")


def _remark(entry: vae.Entry, metric: Metric) -> tuple[str, str] | None:
    """A mark and its meaning where a likelihood is not comparable with those of other models."""
    if metric.key not in ("neg_elbo", "reconstruction", "kl", "nll_exact", "nll_bound"):
        return None
    if evaluation(entry).get("binarized"):
        return "◐", "of binarised images, so not comparable with grey images"
    if entry.config.model.classes:
        return "| y", "given the label, so not comparable with unconditional models"
    return None


def _cell(entry: vae.Entry, metric: Metric, best: str | None) -> str:
    value = number(entry, metric)
    if value is None:
        prior = vae.KINDS[entry.config.model.name].cls.has_prior
        why = "not measured" if prior or not metric.needs_prior else "this model has no prior"
        if metric.key in ("knn1", "knn5", "trustworthiness", "silhouette", "v_measure"):
            why = label_note(entry) or why
        return f'<td><abbr title="{why}" aria-label="{why}">—</abbr></td>'
    text = shown = numeral(value, metric.format)
    if metric.key in ("kl", "neg_elbo") and entry.config.model.name == "avb":
        shown = f'<abbr title="estimated by the adversary">≈ {text}</abbr>'
    if remark := _remark(entry, metric):
        mark, why = remark
        return f'<td>{shown} <abbr title="{why}" aria-label="{why}">{mark}</abbr></td>'
    if text == best:
        return f'<td><strong><span aria-label="best">★</span> {shown}</strong></td>'
    return f"<td>{shown}</td>"
