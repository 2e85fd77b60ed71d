"""What scores say: the histogram with its threshold, how well it separates, and the most unusual
images."""

from dataclasses import replace

import numpy as np
import streamlit as st

import vae
from vae.anomaly import thresholds
from vae.anomaly.scores import DEFAULT, SCORES
from vae.anomaly.screening import BASELINE

from ..runtime import cache, session
from ..runtime.location import Place, link
from . import cache as anomalies_cache
from . import session as anomalies_session
from .export import anomaly_exports
from .figures import trade_off_figure
from .gallery import Entry, unusual_list
from .score_histogram import committed, score_histogram
from .scores import Answer, Group, Question
from .settings import COUNTS, LISTS, Choices, Inquiry, threshold_from_histogram

_HISTOGRAM = "histogram"


def verdict(entry: vae.Entry, choices: Choices, question: Question, answer: Answer) -> None:
    """Shows it all; a fragment's worth, run anew when a threshold is let go."""
    asked, _ = anomalies_session.inquiry(entry.digest, choices)
    urls = anomalies_cache.sorted_scores(question, answer)
    sent = committed(_HISTOGRAM)
    if sent.get("key") == "|".join(urls) and not session.answered("threshold", sent["turn"]):
        try:
            asked = threshold_from_histogram(sent, asked)
            anomalies_session.inquire(entry.digest, asked)
        except ValueError as error:
            st.warning(f"The last threshold is kept: {error}.")
    normal, suspects = answer.normal, answer.suspects
    threshold = asked.threshold
    if threshold is None:
        threshold = thresholds.threshold_at(normal.scores, asked.false_alarms)
    st.query_params.from_dict(asked.to_query(entry.name, entry.digest))
    words = _told(asked, choices, answer)
    score_histogram(urls, words, threshold, key=_HISTOGRAM)
    if len(suspects.scores):
        _separation(question, answer, asked, threshold)
    _listed(entry, question, answer, asked, threshold)
    anomaly_exports(entry, answer, asked, threshold)


def _told(asked: Inquiry, choices: Choices, answer: Answer) -> tuple[str, str]:
    """What the two groups are, with their sizes."""
    suspects = {
        "data": f"images of {asked.which}",
        "class": f"test images of {choices.classes[asked.label]}",
        "damage": "damaged copies of normal images",
        "own": "images of mine",
        "none": "",
    }[asked.suspects]
    normal = "test images"
    if asked.only is not None:
        normal = f"test images of {choices.classes[asked.only]}"
    elif asked.suspects == "class":
        normal = "test images of the other classes"
    return _some(answer.normal, normal), _some(answer.suspects, suspects)


def _some(group: Group, words: str) -> str:
    count = len(group.scores)
    if count == group.count:
        return f"{count:,} {words}"
    return f"{count:,} {words}, evenly taken from {group.count:,}"


def _separation(question: Question, answer: Answer, asked: Inquiry, threshold: float) -> None:
    found, plain = anomalies_cache.curves(question, answer)
    normal, suspects = answer.normal.scores, answer.suspects.scores
    alarms, detected = (normal > threshold).sum(), (suspects > threshold).sum()
    share = len(suspects) / (len(normal) + len(suspects))
    rate = detected / len(suspects)
    st.subheader("How well they are told apart")
    if asked.suspects == "own":
        st.caption("As if every one of your images were meant to be found.")
    left, right = st.columns(2, gap="medium")
    with left:
        words = (
            f"ROC, area {found.auroc:.3f}: the chance that a suspect scores higher than a normal "
            "image; 0.5 is guessing."
        )
        st.plotly_chart(
            trade_off_figure(
                found.fpr,
                found.tpr,
                (alarms / len(normal), rate),
                ("false alarms", "detections"),
                ((0, 0), (1, 1)),
            ),
            key="roc",
            config={"displayModeBar": False},
            alt=words,
        )
        st.caption(words)
    with right:
        words = (
            f"Precision-recall, area {found.average_precision:.3f}; guessing gives {share:.3f}, "
            "the suspects' share of these images."
        )
        precision = detected / (alarms + detected) if alarms + detected else 1.0
        st.plotly_chart(
            trade_off_figure(
                found.recall,
                found.precision,
                (rate, precision),
                ("recall", "precision"),
                ((0, share), (1, share)),
            ),
            key="precision-recall",
            config={"displayModeBar": False},
            alt=words,
        )
        st.caption(words)
    _artefact(question, asked, found.auroc, plain)


def _artefact(question: Question, asked: Inquiry, auroc: float, plain: float) -> None:
    model = cache.checkpoint(question.name, question.digest).model
    if not model.likelihood.has_floor:
        return
    title = SCORES[asked.score].title
    beside = "" if asked.score == BASELINE else f"“{title}” **{auroc:.3f}**, "
    advice = f" “{SCORES[DEFAULT].title}” does not have it." if asked.score == BASELINE else ""
    st.markdown(
        f"**A known trap.** Area under the ROC on these images: {beside}plain reconstruction "
        f"error **{plain:.3f}**. With a Bernoulli likelihood even a perfect reconstruction of a "
        "grey pixel costs up to 0.69 nats and of a black one nothing, so that error follows how "
        "much grey an image has: it flags bright ordinary images and passes over dark strange "
        f"ones, whether that helps on these suspects or not.{advice}"
    )


def _listed(entry, question: Question, answer: Answer, asked: Inquiry, threshold: float) -> None:
    st.subheader("The most unusual")
    lists = list(LISTS) if len(answer.suspects.scores) else ["normal"]
    listed = asked.listed if asked.listed in lists else "normal"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choice(entry, asked, "listed", "Of", lists, LISTS.get, 200, listed)
        _choice(entry, asked, "count", "Show", COUNTS, str, 110, asked.count)
    group: Group = getattr(answer, listed)
    order = np.argsort(-group.scores, kind="stable")[: asked.count]
    below = thresholds.percentile_rank(answer.normal.scores, group.scores[order])
    real = listed == "normal" or asked.suspects == "class"
    entries = []
    for row, share in zip(order, below, strict=True):
        z = tuple(float(v) for v in group.codes.mean[row].round(4) + 0.0)
        item = int(group.items[row]) if real else None
        where = Place(z, item=item).to_query(entry.name, entry.digest)
        score = float(group.scores[row])
        entries.append(
            Entry(
                group.named[row],
                score,
                share,
                score > threshold,
                f"./{link(where)}",
                listed == "normal",
            )
        )
    rows = tuple(int(row) for row in order)
    sprite = anomalies_cache.pictures(question, listed, rows, answer)
    st.html(unusual_list(entries, sprite, len(answer.normal.scores)))
    st.caption(
        "Each image, its reconstruction, and where the two differ: from dark red over orange to "
        "pale yellow, 1.5 or more of the standard deviations that the model expects of a pixel."
    )


def _choice(entry, asked: Inquiry, field, title, options, words, width, value) -> None:
    key = f"show-{field}"
    st.session_state[key] = value

    def changed() -> None:
        anomalies_session.inquire(entry.digest, replace(asked, **{field: st.session_state[key]}))

    st.selectbox(title, options, format_func=words, key=key, width=width, on_change=changed)
