"""Synthetic images as files: a .zip in torchvision's ImageFolder layout with a manifest from which
every image decodes again, or an .npz of arrays."""

import io
import json
import re
import zipfile
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import numpy as np

from ..checkpoint.folder import Checkpoint
from ..pictures.grid import encode_png
from .synthetic import AugmentError, SyntheticImages, decode

FORMATS = ("zip", "npz")
MANIFEST = "manifest.json"
MEASURED = Path(__file__).with_name("augmentation.json")
SCHEMA = 1
_KEYS = {"min_confidence": "least_confidence", "classifier": "judged_by"}  # names in files
_DATE = (1980, 1, 1, 0, 0, 0)  # in every .zip, so that the same images give the same bytes


@dataclass(frozen=True)
class Origin:
    """The request and the model of a synthetic data set: enough to repeat it."""

    model: str
    digest: str
    data: str
    per_class: int
    spread: float
    seed: int
    min_confidence: float | None
    classifier: str
    class_names: tuple[str, ...]

    def to_json(self) -> dict:
        """JSON values, whose keys are those of files written by earlier versions."""
        return {_KEYS.get(key, key): value for key, value in asdict(self).items()}


def write(synthetic: SyntheticImages, origin: Origin, format: str) -> bytes:
    """The bytes of a file in one of `FORMATS`; .zip folders get numbers, as ImageFolder sorts."""
    if format not in FORMATS:
        raise AugmentError(f"the format is {format!r}; expected one of {', '.join(FORMATS)}")
    return (_zip if format == "zip" else _npz)(synthetic, origin)


def folders(class_names: tuple[str, ...]) -> list[str]:
    """A folder name per class: its number and the safe characters of its name."""
    width = len(str(len(class_names) - 1))
    safe = [re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40] for name in class_names]
    return [f"{k:0{width}}-{name}".rstrip("-") for k, name in enumerate(safe)]


def decode_manifest(text: str | bytes, checkpoint: Checkpoint) -> np.ndarray:
    """The images uint8 [N, C, H, W] of a manifest, decoded again: the same pixels as the files."""
    try:
        values = json.loads(text)
        images, digest = values["images"], str(values["digest"])
        z = np.array([image["z"] for image in images], np.float32)
        labels, seeds = (np.array([i[k] for i in images], np.int64) for k in ("label", "seed"))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AugmentError(
            f"the manifest cannot be read ({type(error).__name__}: {error}); expected the "
            f"{MANIFEST} of an exported .zip"
        ) from error
    if digest != checkpoint.digest:
        raise AugmentError(
            f"the images were created with the model {digest[:12]}, this one is "
            f"{checkpoint.digest[:12]}; open the checkpoint that created them"
        )
    if z.ndim != 2 or z.shape[1] != checkpoint.model.latent:
        raise AugmentError(f"the codes have shape {z.shape}, not [N, {checkpoint.model.latent}]")
    return decode(checkpoint.model, z, labels, seeds)


def measured() -> dict | None:
    """Whether synthetic images help classifiers (`benchmarks/augmentation.py`); None: unknown."""
    return json.loads(MEASURED.read_text()) if MEASURED.exists() else None


def _zip(synthetic: SyntheticImages, origin: Origin) -> bytes:
    target, folder = io.BytesIO(), folders(origin.class_names)
    numbers = [count() for _ in folder]
    names = [f"{folder[k]}/{next(numbers[k]):05}.png" for k in synthetic.labels.tolist()]
    with zipfile.ZipFile(target, "w") as archive:
        for name, image in zip(names, synthetic.images, strict=True):
            picture = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
            data = encode_png(np.ascontiguousarray(picture))
            archive.writestr(zipfile.ZipInfo(name, _DATE), data)
        entry = zipfile.ZipInfo(MANIFEST, _DATE)
        manifest = json.dumps(_manifest(synthetic, origin, names), indent=1)
        archive.writestr(entry, manifest, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _manifest(synthetic: SyntheticImages, origin: Origin, names: list[str]) -> dict:
    z, confidence = (v.astype(float).round(4) for v in (synthetic.z, synthetic.confidence))
    columns = (v.tolist() for v in (synthetic.labels, z, synthetic.seeds, confidence))
    keys = ("file", "label", "z", "seed", "confidence")
    records = zip(names, *columns, strict=True)
    return {
        "schema": SCHEMA,
        **origin.to_json(),
        "tried": synthetic.draws.tolist(),
        "passed": synthetic.accepted.tolist(),
        "images": [dict(zip(keys, record, strict=True)) for record in records],
    }


def _npz(synthetic: SyntheticImages, origin: Origin) -> bytes:
    target = io.BytesIO()
    facts = {k: v for k, v in origin.to_json().items() if k != "class_names"}
    arrays = {k: v for k, v in synthetic._asdict().items() if k not in ("draws", "accepted")}
    arrays |= {"class_names": origin.class_names, "origin": json.dumps(facts)}
    np.savez_compressed(target, **arrays)
    return target.getvalue()
