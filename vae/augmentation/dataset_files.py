"""Made images as files that other programs open: a .zip in torchvision's ImageFolder layout with a
manifest from which every image decodes again, or an .npz of arrays."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..checkpoint.folder import Checkpoint
from ..pictures.grid import encode_png
from .synthetic import AugmentError, Made, decode

FORMATS = ("zip", "npz")
MANIFEST = "manifest.json"
MEASURED = Path(__file__).with_name("augmentation.json")
SCHEMA = 1
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # in every .zip, so that the same images give the same bytes

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Origin:
    """What was asked for, and of which model: enough to ask again."""

    model: str
    digest: str
    data: str
    per_class: int
    spread: float
    seed: int
    least_confidence: float | None
    judged_by: str
    class_names: tuple[str, ...]


def write(made: Made, origin: Origin, format: str, *, progress: Progress | None = None) -> bytes:
    """The bytes of a file of one of FORMATS.

    The folders of the .zip are numbered, so that ImageFolder, which sorts them, gives every image
    the label that it was made for.
    """
    if format not in FORMATS:
        raise AugmentError(f"the format is {format!r}; expected one of {', '.join(FORMATS)}")
    heard = progress or (lambda done, of: None)
    return _zip(made, origin, heard) if format == "zip" else _npz(made, origin, heard)


def folders(class_names: tuple[str, ...]) -> list[str]:
    """A folder name for each class: its number, and what of its name is safe on every system."""
    wide = len(str(len(class_names) - 1))
    safe = [re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] for name in class_names]
    return [f"{k:0{wide}}-{name}".rstrip("-") for k, name in enumerate(safe)]


def decode_manifest(text: str | bytes, checkpoint: Checkpoint) -> np.ndarray:
    """The images uint8 [N, C, H, W] of a manifest, decoded again: the very pixels of the files."""
    z, labels, seeds, digest = _read(text)
    if digest != checkpoint.digest:
        raise AugmentError(
            f"the images were made by the model {digest[:12]}, this one is "
            f"{checkpoint.digest[:12]}; open the checkpoint that made them"
        )
    if z.ndim != 2 or z.shape[1] != checkpoint.model.latent:
        raise AugmentError(f"the codes have shape {z.shape}, not [N, {checkpoint.model.latent}]")
    return decode(checkpoint.model, z, labels, seeds)


def measured() -> dict | None:
    """Whether made images help a classifier, as `tests/benchmarks/augmentation.py` measured it;
    None where it was not measured."""
    return json.loads(MEASURED.read_text()) if MEASURED.exists() else None


def _read(text: str | bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    try:
        told = json.loads(text)
        images = told["images"]
        z = np.array([image["z"] for image in images], np.float32)
        labels = np.array([image["label"] for image in images], np.int64)
        return z, labels, np.array([i["seed"] for i in images], np.int64), str(told["digest"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AugmentError(
            f"the manifest cannot be read ({type(error).__name__}: {error}); expected the "
            f"{MANIFEST} of a .zip that was made here"
        ) from error


def _names(made: Made, origin: Origin) -> list[str]:
    folder, count = folders(origin.class_names), [0] * len(origin.class_names)
    names = []
    for label in made.labels.tolist():
        names.append(f"{folder[label]}/{count[label]:05}.png")
        count[label] += 1
    return names


def _zip(made: Made, origin: Origin, heard: Progress) -> bytes:
    target, names = io.BytesIO(), _names(made, origin)
    with zipfile.ZipFile(target, "w") as archive:
        for done, (name, image) in enumerate(zip(names, made.images, strict=True)):
            if done % 100 == 0:
                heard(done, len(names))
            picture = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
            archive.writestr(
                zipfile.ZipInfo(name, _LONG_AGO), encode_png(np.ascontiguousarray(picture))
            )
        entry = zipfile.ZipInfo(MANIFEST, _LONG_AGO)
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, json.dumps(_manifest(made, origin, names), indent=1))
    heard(len(names), len(names))
    return target.getvalue()


def _manifest(made: Made, origin: Origin, names: list[str]) -> dict:
    records = zip(
        names,
        made.labels.tolist(),
        made.z.astype(float).round(4).tolist(),
        made.seeds.tolist(),
        made.confidence.astype(float).round(4).tolist(),
        strict=True,
    )
    kinds = ("file", "label", "z", "seed", "confidence")
    return {
        "schema": SCHEMA,
        **asdict(origin),
        "tried": made.tried.tolist(),
        "passed": made.passed.tolist(),
        "images": [dict(zip(kinds, record, strict=True)) for record in records],
    }


def _npz(made: Made, origin: Origin, heard: Progress) -> bytes:
    target = io.BytesIO()
    told = {k: v for k, v in asdict(origin).items() if k != "class_names"}
    np.savez_compressed(
        target,
        images=made.images,
        labels=made.labels,
        z=made.z,
        seeds=made.seeds,
        confidence=made.confidence,
        class_names=np.array(origin.class_names),
        origin=np.array(json.dumps(told)),
    )
    heard(1, 1)
    return target.getvalue()
