"""From the choices of the Reduce page to its layouts: which there are, which is computed next,
what is said of each. A window computes one of each kind at a time, in this order."""

from collections.abc import Mapping, Sequence

import vae

from ..runtime import cache, session
from ..runtime.jobs import Job
from . import cache as reduce_cache
from . import session as reduce_session
from .cache import Ask
from .reduce_map import TITLES
from .settings import Reduction
from .table import Row

_STOP, _AGAIN, _RETRY = "Stop", "Begin again", "Try again"
_CAN = {
    "pca": ("yes", "straight", "as a Gaussian"),
    "tsne": ("no", "no", "no"),
    "umap": ("yes", "a guess, slowly", "no"),
}


def asks_of(entry: vae.Entry, asked: Reduction, here: Sequence[str]) -> list[Ask]:
    """The layouts in the order in which they are computed: what is there at once comes first.
    `here` are the methods that run."""
    ck = cache.checkpoint(entry.name, entry.digest)
    data, size = ck.config.train.data, ck.model.image_shape[1]
    count = min(asked.count, len(cache.dataset(data, size).test.images))
    model = Ask("model", data, size, count, entry.name, entry.digest, asked.axes or "1,2")
    found = [model]
    if ck.model.latent > 2:
        found.append(model._replace(method="all", axes=""))
    for method in asked.methods:
        if method in here:
            near = {"tsne": asked.perplexity, "umap": asked.neighbours}.get(method)
            random = {} if near is None else {"seed": asked.seed, "near": min(near, count - 1)}
            found.append(Ask(method, data, size, count, **random))
    return found


def begin_next(asks: Sequence[Ask]) -> bool:
    """Begins the next of each kind, ends those that nobody wants any more; whether any is at
    work."""
    jobs: dict[Ask, Job] = reduce_session.layout_jobs()
    for ask in [a for a in jobs if a not in asks]:
        jobs.pop(ask).stop()
    for slow in (False, True):
        if any(job.running for ask, job in jobs.items() if ask.slow == slow):
            continue
        for ask in (a for a in asks if a.slow == slow):
            job = jobs.get(ask)
            over = job is not None and (job.stopped or job.error is not None)
            if not over and reduce_cache.numbers(ask) is None:
                jobs[ask] = reduce_cache.start(ask)
                break
    return any(job.running for job in jobs.values())


def obey(asks: Sequence[Ask], wish: Mapping) -> None:
    """Stops the layout that the visitor points to, or lets it begin again; once each."""
    turn, method, word = (wish.get(key) for key in ("turn", "method", "do"))
    if not isinstance(turn, int) or session.answered("layouts", turn):
        return
    jobs: dict[Ask, Job] = reduce_session.layout_jobs()
    for ask in asks:
        if ask.method == method and ask in jobs:
            if word == _STOP:
                jobs[ask].stop()
                jobs[ask].wait(2)
            elif word in (_AGAIN, _RETRY):
                del jobs[ask]


def state_of(ask: Ask) -> dict:
    """How far a layout is that is not there yet, for its plane."""
    job = reduce_session.layout_jobs().get(ask)
    if job is None:
        return {"state": "waiting", "message": "Comes next, once the one before it is there."}
    if job.running:
        begun = job.of > 1
        words = {"model": f"Encoding: {job.done:,} of {job.of:,} images"}.get(
            ask.method, f"{TITLES.get(ask.method)}: step {job.done:,} of {job.of:,}"
        )
        message = words if begun else "Begins…"
        return {
            "state": "busy",
            "message": message,
            "done": job.done / job.of if begun else 0,
            "word": _STOP,
        }
    if job.error is not None:
        return {"state": "failed", "message": f"Not laid out: {job.error}.", "word": _RETRY}
    return {"state": "stopped", "message": "Stopped.", "word": _AGAIN}


def rows_of(entry: vae.Entry, asks: Sequence[Ask]) -> list[Row]:
    """What is known of each layout, for the table."""
    prior = vae.MODELS[entry.config.model.name].cls.has_prior
    model = ("yes", "yes", "yes" if prior else "has no prior")
    several = any(ask.method == "all" for ask in asks)
    titles = TITLES | {
        "model": f"{entry.name}, this plane" if several else entry.name,
        "all": f"{entry.name}, all its latents",
    }
    return [
        Row(titles[ask.method], reduce_cache.numbers(ask), _why(ask), _CAN.get(ask.method, model))
        for ask in asks
    ]


def _why(ask: Ask) -> str:
    """Why there are no numbers yet."""
    job = reduce_session.layout_jobs().get(ask)
    if job is None:
        return "waits"
    if job.running:
        return "measuring…" if reduce_cache.layout(ask) is not None else "being laid out…"
    return "stopped" if job.error is None else "failed"
