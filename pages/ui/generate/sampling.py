"""From wishes to sheets: the engine is asked, and its answer put into the words of the page."""

import zlib

import numpy as np

import vae
from pages.ui.generate import cache as generate_cache
from vae.latent import sampling

from ..runtime import cache
from .sheet import Ask, Record, Sheet

CHILDREN = 12
_SOURCES = {
    "prior": "from the prior",
    "aggregate": "from where images really lie",
    "class": "around {of}",
    "around": "around {place}",
    "region": "from inside the lasso",
    "inside": "from where images lie inside the lasso",
}


def drawn(entry: vae.Entry, request: sampling.SamplingRequest) -> Sheet:
    """The sheet of a request; SamplingError where nothing can be drawn."""
    found = generate_cache.samples(entry.name, entry.digest, request)
    names = cache.shown(entry.name, entry.digest).class_names
    of = names[request.label] if request.label is not None else ""
    place = ", ".join(f"{v:.2f}" for v in request.z)
    title = f"{len(found.z)} pictures {_SOURCES[request.source].format(of=of, place=place)}"
    if found.label is not None and request.source != "class":
        title += f", told “{of}”"
    note = f"seed {request.seed}"
    if request.temperature != 1:
        note += f", temperature {request.temperature:g}"
    if found.draws > len(found.z):
        note += f", {found.draws:,} drawn to keep {len(found.z)}"
    step = f"sample, seed {request.seed}"
    return Sheet(title, _records(found, (), step), request, note)


def made(entry: vae.Entry, sheet: Sheet, ask: Ask) -> Sheet:
    """The sheet that an ask makes of another's records."""
    model = cache.checkpoint(entry.name, entry.digest).model
    first = sheet.records[ask.picks[0]]
    if ask.do == "variations":
        # The seed follows from the picture and the spread, so that asking again brings the same.
        told = repr((first.z, first.seed, round(ask.spread, 4)))
        seed = zlib.crc32(told.encode()) % 2**31
        found = sampling.variations(
            model, first.z, CHILDREN, spread=ask.spread, seed=seed, label=first.label
        )
        children = _records(found, (first,), f"variation, spread {ask.spread:.2f}")
        return Sheet(f"A picture and its {CHILDREN} variations", (first, *children))
    if ask.do == "move":
        moved = Record(ask.z, first.label, first.seed, (first,), ask.words or "moved")
        return Sheet(f"A picture, moved: {ask.words}", (moved, first))
    parents = tuple(sheet.records[pick] for pick in ask.picks)
    weights = ask.weights if len(ask.weights) == len(parents) else (1.0,) * len(parents)
    code = sampling.mix(np.array([p.z for p in parents], np.float32), weights)
    shares = [round(100 * w / sum(weights)) for w in weights]
    words = "mix " + "/".join(map(str, shares[:8]))
    mixed = Record(tuple(map(float, code)), first.label, first.seed, parents, words)
    return Sheet(f"A {words} of {len(parents)} pictures, and those", (mixed, *parents))


def _records(found: sampling.Samples, parents: tuple[Record, ...], step: str) -> tuple:
    return tuple(
        Record(tuple(map(float, z)), found.label, int(seed), parents, step)
        for z, seed in zip(found.z, found.seeds, strict=True)
    )
