"""The results of the Anomalies page: histogram and threshold, ROC and precision-recall curves, and
a gallery of the most anomalous images."""

from dataclasses import replace

import numpy as np
import streamlit as st

import vae
from vae.anomaly import thresholds
from vae.anomaly.scores import DEFAULT, SCORES
from vae.anomaly.screening import BASELINE

from ..runtime import cache, session
from ..runtime.errors import shown_errors
from ..runtime.location import Location, link
from . import cache as anomalies_cache
from . import session as anomalies_session
from .export import anomaly_exports
from .figures import trade_off_figure
from .gallery import GalleryItem, gallery_html
from .score_histogram import score_histogram, threshold_message
from .scores import Group, ScoreRequest, ScoreResult
from .settings import COUNTS, GROUPS, AnomalySettings, Choices, threshold_from_histogram

_HISTOGRAM = "histogram"


def show_results(
    entry: vae.Entry, choices: Choices, request: ScoreRequest, result: ScoreResult
) -> None:
    """Shows everything about a result; runs again on its own when the threshold changes."""
    settings, _ = anomalies_session.settings(entry.digest, choices)
    urls = anomalies_cache.sorted_scores(request, result)
    sent = threshold_message(_HISTOGRAM)
    current = sent.get("key") == "|".join(urls)
    if current and not session.already_handled("threshold", sent["turn"]):
        with shown_errors("The threshold was not changed", show=st.warning):
            settings = threshold_from_histogram(sent, settings)
            anomalies_session.change_settings(entry.digest, settings)
    threshold = settings.threshold
    if threshold is None:
        threshold = thresholds.threshold_at(result.normal.scores, settings.fpr)
    st.query_params.from_dict(settings.to_query(entry.name, entry.digest))
    score_histogram(urls, _descriptions(settings, choices, result), threshold, key=_HISTOGRAM)
    if len(result.candidates.scores):
        _curves(request, result, settings, threshold)
    _most_anomalous(entry, request, result, settings, threshold)
    anomaly_exports(entry, result, settings, threshold)


def _descriptions(
    settings: AnomalySettings, choices: Choices, result: ScoreResult
) -> tuple[str, str]:
    """The normal and the candidate images in words, with their numbers."""
    candidates = {
        "data": f"images of {settings.dataset}",
        "class": f"test images of {choices.classes[settings.label]}",
        "damage": "corrupted copies of normal images",
        "own": "uploaded images",
        "none": "",
    }[settings.candidates]
    normal = "test images"
    if settings.only is not None:
        normal = f"test images of {choices.classes[settings.only]}"
    elif settings.candidates == "class":
        normal = "test images of the other classes"
    return _counted(result.normal, normal), _counted(result.candidates, candidates)


def _counted(group: Group, words: str) -> str:
    count = len(group.scores)
    if count == group.count:
        return f"{count:,} {words}"
    return f"{count:,} of {group.count:,} {words}, evenly spaced"


def _curves(
    request: ScoreRequest, result: ScoreResult, settings: AnomalySettings, threshold: float
) -> None:
    found, plain = anomalies_cache.curves(request, result)
    normal, candidates = result.normal.scores, result.candidates.scores
    false_positives, true_positives = (normal > threshold).sum(), (candidates > threshold).sum()
    share = len(candidates) / (len(normal) + len(candidates))
    recall = true_positives / len(candidates)
    st.subheader("Separation")
    if settings.candidates == "own":
        st.caption("All of your images count as anomalies here.")
    left, right = st.columns(2, gap="medium")
    point = (false_positives / len(normal), recall)
    titles, chance = ("FPR", "TPR (recall)"), ((0, 0), (1, 1))
    _chart(
        left,
        trade_off_figure(found.fpr, found.tpr, point, titles, chance),
        f"ROC curve, AUC {found.auroc:.3f}: the probability that a candidate scores higher "
        "than a normal image; chance is 0.5.",
        key="roc",
    )
    flagged = false_positives + true_positives
    point = (recall, true_positives / flagged if flagged else 1.0)
    titles, chance = ("recall", "precision"), ((0, share), (1, share))
    _chart(
        right,
        trade_off_figure(found.recall, found.precision, point, titles, chance),
        f"Precision-recall curve, average precision {found.average_precision:.3f}; chance is "
        f"{share:.3f}, the share of candidates among these images.",
        key="precision-recall",
    )
    _caveat(request, settings, found.auroc, plain)


def _chart(column, figure, words: str, *, key: str) -> None:
    column.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=words)
    column.caption(words)


def _caveat(request: ScoreRequest, settings: AnomalySettings, auroc: float, plain: float) -> None:
    """A warning about the plain reconstruction error of a Bernoulli likelihood."""
    model = cache.checkpoint(request.name, request.digest).model
    if not model.likelihood.has_floor:
        return
    is_baseline = settings.score == BASELINE
    selected = "" if is_baseline else f"{SCORES[settings.score].title} **{auroc:.3f}**, "
    advice = f" Use “{SCORES[DEFAULT].title}” instead." if is_baseline else ""
    st.markdown(
        f"**Caveat.** AUC on these images: {selected}plain reconstruction error **{plain:.3f}**. "
        "With a Bernoulli likelihood even a perfect reconstruction of a grey pixel costs up to "
        "0.69 nats, of a black pixel none. The plain error therefore measures how much grey an "
        "image has: it flags bright normal images and misses dark anomalies, even if that happens "
        f"to help on these candidates.{advice}"
    )


def _most_anomalous(
    entry: vae.Entry, request: ScoreRequest, result: ScoreResult, settings, threshold: float
) -> None:
    st.subheader("Most anomalous images")
    groups = list(GROUPS) if len(result.candidates.scores) else ["normal"]
    listed = settings.listed if settings.listed in groups else "normal"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choice(entry, settings, "listed", "Show", groups, GROUPS.get, 200, listed)
        _choice(entry, settings, "count", "Number", COUNTS, str, 110, settings.count)
    group: Group = getattr(result, listed)
    order = np.argsort(-group.scores, kind="stable")[: settings.count]
    below = thresholds.percentile_rank(result.normal.scores, group.scores[order])
    is_test_image = listed == "normal" or settings.candidates == "class"
    items = []
    for row, share in zip(order, below, strict=True):
        z = tuple((group.codes.mean[row].round(4) + 0.0).tolist())
        place = Location(z, item=int(group.items[row]) if is_test_image else None)
        name, score, normal = group.names[row], float(group.scores[row]), listed == "normal"
        url = f"./{link(place.to_query(entry.name, entry.digest))}"
        items.append(GalleryItem(name, score, share, score > threshold, url, normal))
    sprite = anomalies_cache.sprite(request, listed, tuple(order.tolist()), result)
    st.html(gallery_html(items, sprite, len(result.normal.scores)))
    st.caption(
        "Each image, its reconstruction, and their difference: from dark red over orange to pale "
        "yellow, 1.5 or more of the standard deviations that the model expects per pixel."
    )


def _choice(entry, settings: AnomalySettings, field, label, options, title, width, value) -> None:
    key = f"show-{field}"
    st.session_state[key] = value

    def changed() -> None:
        chosen = replace(settings, **{field: st.session_state[key]})
        anomalies_session.change_settings(entry.digest, chosen)

    st.selectbox(label, options, format_func=title, key=key, width=width, on_change=changed)
