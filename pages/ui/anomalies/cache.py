"""The scores of the Anomalies page, computed once by a job and shared by all sessions."""

import numpy as np
import streamlit as st

import vae
from vae import anomaly
from vae.anomaly import residuals, thresholds
from vae.data import upload_store
from vae.data.uploads import Files
from vae.pictures import grid

from ..runtime import cache, routes
from ..runtime.jobs import Job, start_job
from ..runtime.recently_used import RecentlyUsed
from .scores import Group, ScoreRequest, ScoreResult, codes_of, compute_scores
from .settings import OTHER_DATA, Choices

_MAX_HEAT = 1.5  # expected standard deviations that the colour scale ends at

_results: RecentlyUsed[ScoreRequest, ScoreResult] = RecentlyUsed(8)


def choices(entry: vae.Entry) -> Choices:
    """What the page offers for a model."""
    model = cache.checkpoint(entry.name, entry.digest).model
    data = cache.display_dataset(entry.name, entry.digest)
    others = [name for name in OTHER_DATA if name != data.name]
    return Choices(anomaly.supported_scores(model), data.class_names, others)


def digest_of(files: Files) -> str:
    """A digest of the names and contents of files; "" without any."""
    return upload_store.digest(files) if files else ""


def result(request: ScoreRequest) -> ScoreResult | None:
    """The result, if it was computed."""
    return _results.get(request)


def start(request: ScoreRequest, files: Files) -> Job:
    """Starts scoring, of uploaded `files` if the request is about them. Streamlit's caches are
    read here, before the thread starts."""
    ck = cache.checkpoint(request.name, request.digest)
    data = cache.display_dataset(request.name, request.digest)
    known_images = cache.images_of(request.name, request.digest)
    how = known_images.how
    known = dict.fromkeys(("other", "aggregate", "codes"))
    if request.candidates == "data":
        known["other"] = cache.dataset(known_images._replace(data=request.source))
    if anomaly.SCORES[request.score].requires(ck.model) == "aggregate":
        known["aggregate"] = cache.aggregate_posterior(request.name, request.digest)
    # A conditional model is scored without labels, but its codes depend on them.
    if not ck.config.model.classes:
        known["codes"] = cache.codes(request.name, request.digest)

    def work(progress) -> bytes:
        found = compute_scores(
            request, ck.model, data, files=files, how=how, **known, progress=progress
        )
        _results[request] = found
        return b""

    title = anomaly.SCORES[request.score].title
    return start_job(work, name=f"Scoring: {title}")


@st.cache_data(max_entries=32, show_spinner=False)
def sorted_scores(request: ScoreRequest, _result: ScoreResult) -> tuple[str, str]:
    """URLs of the sorted scores, float64, of the normal and of the candidate images."""
    return tuple(
        routes.publish(np.sort(group.scores).astype("<f8").tobytes())
        for group in (_result.normal, _result.candidates)
    )


@st.cache_data(max_entries=32, show_spinner=False)
def curves(request: ScoreRequest, _result: ScoreResult) -> tuple[thresholds.Curves, float]:
    """The curves of the score, and the AUC of the plain reconstruction error."""
    normal, candidates = _result.normal, _result.candidates
    plain = thresholds.curves(normal.baseline, candidates.baseline).auroc
    return thresholds.curves(normal.scores, candidates.scores), plain


@st.cache_data(max_entries=64, show_spinner=False)
def sprite(request: ScoreRequest, listed: str, rows: tuple[int, ...], _result: ScoreResult) -> str:
    """URL of a sprite with a row per image: the image, its reconstruction, its heat map."""
    group: Group = getattr(_result, listed)
    chosen = list(rows)
    model = cache.checkpoint(request.name, request.digest).model
    images, codes = group.images[chosen], codes_of(group.codes, np.array(chosen))
    decoded = residuals.reconstructions(model, images, codes)
    heat = grid.overlay_heatmap(images, residuals.heatmaps(model, images, codes) / _MAX_HEAT)
    colour = [np.repeat(x, 3, 1) if x.shape[1] == 1 else x for x in (images, decoded)]
    tiles = np.stack([*colour, heat], 1).reshape(-1, *heat.shape[1:]).transpose(0, 2, 3, 1)
    return cache.publish_mosaic(tiles, 3, private=bool(request.upload))
