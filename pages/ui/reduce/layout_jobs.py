"""The jobs that compute the layouts of the Reduce page, their state, and the rows of the table.

Each session runs one job of each kind at a time, in the order of its requests.
"""

from collections.abc import Mapping, Sequence

import vae

from ..runtime import cache, session
from ..runtime.jobs import Job, JobError
from . import cache as reduce_cache
from . import session as reduce_session
from .cache import LayoutRequest
from .reduce_map import TITLES
from .settings import ReduceSettings
from .table import Row

_STOP, _RESTART, _RETRY = "Stop", "Restart", "Try again"
_ABILITIES = {
    "pca": ("yes", "linearly", "as a Gaussian"),
    "tsne": ("no", "no", "no"),
    "umap": ("yes", "approximately, slowly", "no"),
}


def layout_requests(
    entry: vae.Entry, settings: ReduceSettings, available: Sequence[str]
) -> list[LayoutRequest]:
    """The layouts to compute, in order; methods that are not available are left out."""
    config = cache.checkpoint(entry.name, entry.digest).config
    images = cache.images_of(entry.name, entry.digest)
    count = min(settings.count, len(cache.dataset(images).shown.images))
    axes = settings.axes or "1,2"
    model = LayoutRequest("model", images, count, entry.name, entry.digest, axes)
    requests = [model]
    if config.model.latent > 2:
        requests.append(model._replace(method="all", axes=""))
    neighbours = {"tsne": settings.perplexity, "umap": settings.neighbours}
    for method in settings.methods:
        if method not in available:
            continue
        request = LayoutRequest(method, images, count)
        if method in neighbours:
            k = min(neighbours[method], count - 1)
            request = request._replace(seed=settings.seed, neighbours=k)
        requests.append(request)
    return requests


def start_next(requests: Sequence[LayoutRequest]) -> bool:
    """Starts the next job of each kind and stops those no longer requested. Returns whether any
    is running, or could not start yet."""
    jobs: dict[LayoutRequest, Job] = reduce_session.layout_jobs()
    for request in [r for r in jobs if r not in requests]:
        jobs.pop(request).stop()
    for slow in (False, True):
        if any(job.running for request, job in jobs.items() if request.slow == slow):
            continue
        for request in (r for r in requests if r.slow == slow):
            job = jobs.get(request)
            ended = job is not None and (job.stopped or job.error is not None)
            if not ended and reduce_cache.metrics(request) is None:
                try:
                    jobs[request] = reduce_cache.start(request)
                except JobError:  # too many are running
                    return True
                break
    return any(job.running for job in jobs.values())


def handle_command(requests: Sequence[LayoutRequest], command: Mapping) -> None:
    """Stops or restarts the layout that the visitor pressed a button of, once per press."""
    turn, method, word = (command.get(key) for key in ("turn", "method", "do"))
    if not isinstance(turn, int) or session.already_handled("layouts", turn):
        return
    jobs: dict[LayoutRequest, Job] = reduce_session.layout_jobs()
    for request in requests:
        if request.method == method and request in jobs:
            if word == _STOP:
                jobs[request].stop()
                jobs[request].wait(2)
            elif word in (_RESTART, _RETRY):
                del jobs[request]


def layout_status(request: LayoutRequest) -> dict:
    """The state of a layout that is not finished, for its plane."""
    job = reduce_session.layout_jobs().get(request)
    if job is None:
        return {"state": "waiting", "message": "Starts after the computations before it."}
    if job.running:
        message, done = "Starting…", 0
        if job.of > 1:
            done = job.done / job.of
            message = f"{TITLES.get(request.method)}: step {job.done:,} of {job.of:,}"
            if request.method == "model":
                message = f"Encoding: {job.done:,} of {job.of:,} images"
        return {"state": "busy", "message": message, "done": done, "word": _STOP}
    if job.error is not None:
        return {"state": "failed", "message": f"Embedding failed: {job.error}.", "word": _RETRY}
    return {"state": "stopped", "message": "Stopped.", "word": _RESTART}


def table_rows(entry: vae.Entry, requests: Sequence[LayoutRequest]) -> list[Row]:
    """The metrics and abilities of each layout."""
    prior = vae.KINDS[entry.config.model.name].cls.has_prior
    model = ("yes", "yes", "yes" if prior else "has no prior")
    several = any(request.method == "all" for request in requests)
    titles = TITLES | {
        "model": f"{entry.name}, this plane" if several else entry.name,
        "all": f"{entry.name}, all latents",
    }
    words = _ABILITIES | {"model": model, "all": model}
    return [
        Row(titles[r.method], reduce_cache.metrics(r), _progress_word(r), words[r.method])
        for r in requests
    ]


def _progress_word(request: LayoutRequest) -> str:
    """What the table shows in place of the metrics."""
    job = reduce_session.layout_jobs().get(request)
    if job is None:
        return "waiting"
    if job.running:
        return "measuring…" if reduce_cache.layout(request) is not None else "computing…"
    return "stopped" if job.error is None else "failed"
