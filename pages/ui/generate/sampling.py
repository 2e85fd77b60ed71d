"""From requests and commands to sheets."""

import zlib

import numpy as np

import vae
from vae.latent import sampling
from vae.latent.density import LOW_DENSITY
from vae.latent.variations import vary

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
    images = "1 image" if len(found.z) == 1 else f"{len(found.z)} images"
    title = f"{images} {_SOURCES[request.source].format(label=label, z=z)}"
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
    if max(*command.selected, *command.unlike, 0) >= len(sheet.records):
        raise InvalidValueError(f"the sheet has {len(sheet.records)} images only")
    parents = tuple(sheet.records[index] for index in command.selected)
    unlike = tuple(sheet.records[index] for index in command.unlike)
    if sheet.unlike and parents[0] == sheet.records[0]:  # the same image is varied once more
        unlike = (*sheet.unlike, *unlike)
    title, records = _derived(entry, parents, command, unlike)
    steps = (*sheet.steps, command.as_step)
    return Sheet(title, records, sheet.request, steps=steps, unlike=unlike)


def _derived(
    entry: vae.Entry, parents: tuple[Record, ...], command: GridCommand, unlike: tuple[Record, ...]
) -> tuple[str, tuple[Record, ...]]:
    parent = parents[0]
    if command.do == "variations" and command.z is not None:
        parent = _moved(parent, command)
    if command.do == "variations" and command.distance:
        children = _variations(entry, parent, command, unlike)
        title = f"An image and {len(children)} variations, {command.distance:.2f} RMS per pixel"
        title += " or less from it"
        if children and command.lock and children[0].kind is not None:
            names = cache.display_dataset(entry.name, entry.digest).class_names
            title += f", all {names[children[0].kind]}"
        if unlike:
            title += f", unlike {len(unlike)} that were refused"
        return title, (parent, *children)
    if command.do == "variations":
        children = _gaussian(entry, parent, command.spread)
        return f"An image and its {N_VARIATIONS} variations", (parent, *children)
    if command.do == "move":
        moved = _moved(parent, command)
        return f"An image, moved: {moved.step}", (moved, parent)
    weights = command.weights if len(command.weights) == len(parents) else (1.0,) * len(parents)
    code = sampling.mix(np.array([parent.z for parent in parents], np.float32), weights)
    shares = "/".join(str(round(100 * w / sum(weights))) for w in weights[:8])
    mixed = Record(tuple(map(float, code)), parent.label, parent.seed, parents, f"mix {shares}")
    return f"A mix {shares} of {len(parents)} images, and its parents", (mixed, *parents)


def _moved(parent: Record, command: GridCommand) -> Record:
    step = command.description[:80] or "moved"
    return Record(command.z, parent.label, parent.seed, (parent,), step)


def _variations(
    entry: vae.Entry, parent: Record, command: GridCommand, unlike: tuple[Record, ...]
) -> tuple[Record, ...]:
    """Variations of a record by the metric of the decoder."""
    name, digest = entry.name, entry.digest
    density, codec = cache.density_reference(name, digest), cache.codec(name, digest)
    classify = generate_cache.class_reader(cache.images_of(name, digest))
    keep = None
    if classify and command.lock:
        picture = cache.decoded_images(name, digest, (parent.pin,))
        keep = parent.kind if parent.kind is not None else int(classify(picture)[0].argmax())
    # An image may lie apart from the items; its variations then lie no farther apart.
    least = min(LOW_DENSITY, float(density.at(np.array([parent.z]))[0]) / 2)
    found = vary(
        codec,
        np.array(parent.z),
        N_VARIATIONS,
        distance=command.distance,
        diversity=command.diversity,
        label=parent.label,
        noise_seed=parent.seed,
        seed=_seed(parent, command.distance),
        classify=classify,
        keep=keep,
        inside=lambda z: density.at(z) >= least,
        unlike=cache.decoded_images(name, digest, tuple(r.pin for r in unlike))
        if unlike
        else None,
    )
    if not len(found.z):
        raise sampling.SamplingError(
            f"no variation of this image is at most {command.distance:.2f} from it"
            + (" in its class" if keep is not None else "")
            + "; allow more under “How different”, or switch “Stay in the class” off"
        )
    return tuple(
        Record(
            tuple(map(float, z)),
            parent.label,
            int(seed),
            (parent,),
            f"variation, {distance:.2f} RMS per pixel from the original",
            int(kind) if kind >= 0 else None,
            round(float(distance), 4),
        )
        for z, seed, distance, kind in zip(*found, strict=True)
    )


def _gaussian(entry: vae.Entry, parent: Record, spread: float) -> tuple[Record, ...]:
    """Variations of a record from a Gaussian around its code."""
    model = cache.checkpoint(entry.name, entry.digest).model
    options = {"spread": spread, "seed": _seed(parent, spread)}
    options |= {"label": parent.label, "noise_seed": parent.seed}
    found = sampling.variations(model, parent.z, N_VARIATIONS, **options)
    return _records(found, (parent,), f"variation, σ {spread:.2f}")


def _seed(parent: Record, amount: float) -> int:
    """Depends on the record and on how far variations go, so that a command repeats its result."""
    return zlib.crc32(repr((parent.z, parent.seed, round(amount, 4))).encode()) % 2**31


def _records(found: sampling.Samples, parents: tuple[Record, ...], step: str) -> tuple:
    return tuple(
        Record(tuple(map(float, z)), found.label, int(seed), parents, step)
        for z, seed in zip(found.z, found.seeds, strict=True)
    )
