"""From requests and commands to sheets."""

import zlib

import numpy as np

import vae
from vae.latent import sampling

from ..runtime import cache
from ..runtime.query import InvalidValueError
from . import cache as generate_cache
from .sheet import GridCommand, Record, Sheet

N_VARIATIONS = 12
_SOURCES = {
    "prior": "from the prior",
    "aggregate": "from the aggregate posterior",
    "class": "around {label}",
    "around": "around {z}",
    "region": "uniformly from the lasso",
    "inside": "from the aggregate posterior inside the lasso",
}


def sample_sheet(entry: vae.Entry, request: sampling.SamplingRequest) -> Sheet:
    """The sheet of a request; raises SamplingError."""
    found = generate_cache.samples(entry.name, entry.digest, request)
    names = cache.display_dataset(entry.name, entry.digest).class_names
    label = names[request.label] if request.label is not None else ""
    z = ", ".join(f"{v:.2f}" for v in request.z)
    title = f"{len(found.z)} images {_SOURCES[request.source].format(label=label, z=z)}"
    if found.label is not None and request.source != "class":
        title += f", conditioned on “{label}”"
    note = f"seed {request.seed}"
    if request.temperature != 1:
        note += f", temperature {request.temperature:g}"
    if found.draws > len(found.z):
        note += f", {len(found.z)} of {found.draws:,} draws accepted"
    return Sheet(title, _records(found, (), f"sample, seed {request.seed}"), request, note)


def derived_sheet(entry: vae.Entry, sheet: Sheet, command: GridCommand) -> Sheet:
    """The sheet that a command derives from the records of another one."""
    if max(command.selected) >= len(sheet.records):
        raise InvalidValueError(f"the sheet has {len(sheet.records)} images only")
    parents = tuple(sheet.records[index] for index in command.selected)
    title, records = _derived(entry, parents, command)
    return Sheet(title, records, sheet.request, steps=(*sheet.steps, command.as_step))


def _derived(
    entry: vae.Entry, parents: tuple[Record, ...], command: GridCommand
) -> tuple[str, tuple[Record, ...]]:
    parent = parents[0]
    if command.do == "variations":
        children = _variations(entry, parent, command.spread)
        return f"An image and its {N_VARIATIONS} variations", (parent, *children)
    if command.do == "move":
        step = command.description[:80] or "moved"
        moved = Record(command.z, parent.label, parent.seed, (parent,), step)
        return f"An image, moved: {step}", (moved, parent)
    weights = command.weights if len(command.weights) == len(parents) else (1.0,) * len(parents)
    code = sampling.mix(np.array([parent.z for parent in parents], np.float32), weights)
    shares = "/".join(str(round(100 * w / sum(weights))) for w in weights[:8])
    mixed = Record(tuple(map(float, code)), parent.label, parent.seed, parents, f"mix {shares}")
    return f"A mix {shares} of {len(parents)} images, and its parents", (mixed, *parents)


def _variations(entry: vae.Entry, parent: Record, spread: float) -> tuple[Record, ...]:
    # The seed depends on the record and the spread, so that the same command repeats its result.
    seed = zlib.crc32(repr((parent.z, parent.seed, round(spread, 4))).encode()) % 2**31
    model = cache.checkpoint(entry.name, entry.digest).model
    options = {"spread": spread, "seed": seed, "label": parent.label, "noise_seed": parent.seed}
    found = sampling.variations(model, parent.z, N_VARIATIONS, **options)
    return _records(found, (parent,), f"variation, σ {spread:.2f}")


def _records(found: sampling.Samples, parents: tuple[Record, ...], step: str) -> tuple:
    return tuple(
        Record(tuple(map(float, z)), found.label, int(seed), parents, step)
        for z, seed in zip(found.z, found.seeds, strict=True)
    )
