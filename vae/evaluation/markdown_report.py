"""The numbers of checkpoints as Markdown, written into the README of their folder."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from ..checkpoint.folder import WEIGHTS, CheckpointError, Entry
from ..data.load import NAMED
from ..errors import reported
from ..files import atomic
from ..models import KINDS

BEGIN, END = "<!-- numbers: python -m vae table -->", "<!-- end of numbers -->"
_NONE = "-"


def _number(key: str, form: str) -> Callable[[dict], str]:
    def show(numbers: dict) -> str:
        value = numbers.get(key)
        return _NONE if value is None else format(value, form).replace("%", " %")

    return show


def _elbo(numbers: dict) -> str:
    return f"{numbers['neg_elbo']:.2f}" if numbers["kl"] else "no ELBO"


def _kl(numbers: dict) -> str:
    levels = numbers.get("kl_levels", ())
    parts = f" ({' + '.join(f'{kl:.1f}' for kl in levels)})" if len(levels) > 1 else ""
    return f"{numbers['kl']:.2f}{parts}"


def _exact(numbers: dict) -> str:
    """Nothing for a model without a prior; the lesser of two upper bounds for a hierarchy."""
    hierarchy = len(numbers.get("kl_levels", ())) > 1
    value = numbers.get("nll_bound") if hierarchy else numbers.get("nll_exact")
    if not numbers["kl"] or value is None:
        return _NONE
    return f"{'≤ ' if hierarchy else ''}{value:.2f}"


def _rarest(numbers: dict) -> str:
    """Fraction of the samples in the rarest class; a tenth would be uniform."""
    balance = numbers.get("class_balance")
    return f"{100 * min(balance):.1f} %" if balance else _NONE


LIKELIHOOD = {
    "−ELBO": _elbo,
    "reconstruction": _number("reconstruction", ".2f"),
    "KL": _kl,
    "importance-weighted": _number("nll_iwae", ".2f"),
    "exact −log p(x)": _exact,
    "± last change": _number("nll_exact_error", ".4f"),
    "exact, aggregate posterior": _number("nll_exact_aggregate", ".2f"),
}
CODES = {
    "MSE per pixel": _number("mse", ".4f"),
    "1-NN": _number("knn1", ".3f"),
    "5-NN": _number("knn5", ".3f"),
    "trustworthiness": _number("trustworthiness", ".4f"),
    "silhouette": _number("silhouette", ".3f"),
    "V-measure": _number("v_measure", ".3f"),
    "active units": _number("active_units", ".0f"),
    "MIG": _number("mig", ".3f"),
    "disentanglement": _number("disentanglement", ".3f"),
    "completeness": _number("completeness", ".3f"),
}
SAMPLES = {
    "Fréchet distance": _number("frechet", ".2f"),
    "aggregate posterior": _number("frechet_aggregate", ".2f"),
    "real images": _number("frechet_floor", ".2f"),
    "precision": _number("precision", ".3f"),
    "recall": _number("recall", ".3f"),
    "rarest class": _rarest,
    "label accuracy": _number("label_accuracy", ".1%"),
    "label accuracy, aggregate": _number("label_accuracy_aggregate", ".1%"),
}


def measured(entries: Sequence[Entry]) -> list[Entry]:
    """Undamaged checkpoints with an evaluation, in the order of data sets and models."""
    data, models = [*NAMED], [*KINDS]
    known = [e for e in entries if e.error is None and e.metrics.get("evaluation")]

    def place(entry: Entry) -> tuple:
        name = entry.config.train.data
        order = data.index(name) if name in data else len(data)
        return order, name, models.index(entry.config.model.name), entry.name

    return sorted(known, key=place)


def tables(entries: Sequence[Entry]) -> str:
    """Up to three tables per data set: likelihoods in nats per image, codes, samples. What none of
    its checkpoints has a number for is left out."""
    parts = []
    titles = {"Likelihoods, nats per image": LIKELIHOOD, "Codes": CODES, "Samples": SAMPLES}
    for data, found in itertools.groupby(measured(entries), lambda e: e.config.train.data):
        of_data = list(found)
        for title, columns in titles.items():
            rows = [_cells(entry, columns) for entry in of_data]
            used = [i for i in range(1, len(columns) + 1) if any(row[i] != _NONE for row in rows)]
            if used:
                heads = ["checkpoint", *columns]
                rule = ["---"] * len(heads)
                lines = [f"**{title}: `{data}`**", ""]
                lines += [_row([row[i] for i in (0, *used)]) for row in (heads, rule, *rows)]
                parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cells(entry: Entry, columns: dict[str, Callable[[dict], str]]) -> list[str]:
    numbers = entry.metrics["evaluation"]
    mark = " ◐" if numbers.get("binarized") else ""
    return [f"`{entry.name}`{mark}", *(show(numbers) for show in columns.values())]


def _row(cells: Sequence[str]) -> str:
    line = " | ".join(cells)
    return f"|{line.replace(' | ', '|')}|" if set(cells) == {"---"} else f"| {line} |"


def descriptions(entries: Sequence[Entry]) -> str:
    """One paragraph per checkpoint: what it is, its command, seed, training time, digest, size."""
    parts = []
    for entry in measured(entries):
        info, metrics = KINDS[entry.config.model.name], entry.metrics
        size = (entry.path / WEIGHTS).stat().st_size / 1e6
        training = "trained elsewhere"
        if "seconds" in metrics:
            where = " on one GPU" if metrics.get("device", "").startswith("cuda") else ""
            minutes = f"{metrics['seconds'] / 60:.1f} minutes of training{where}"
            training = f"seed {metrics['seed']} · {minutes}"
        parts.append(
            f"## {entry.name}\n\n{info.title}. {info.summary}\n\n"
            f"```\n{metrics['command']}\n```\n\n"
            f"{training} · digest `{entry.digest[:12]}` · {size:.1f} MB"
        )
    return "\n\n".join(parts)


def report(entries: Sequence[Entry]) -> str:
    """The tables, then the descriptions."""
    return f"{tables(entries)}\n\n{descriptions(entries)}"


def put(path: str | Path, text: str) -> None:
    """Replaces the text between the two marks of a file. Raises `CheckpointError`."""
    path = Path(path)
    with reported(CheckpointError, f"{path} cannot be written"):
        before, _, rest = path.read_text("utf-8").partition(BEGIN)
        _, found, after = rest.partition(END)
        if not found:
            raise CheckpointError(
                f"{path} has no marks to write between; expected {BEGIN} and, further down, {END}"
            )
        atomic.write(path, f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
