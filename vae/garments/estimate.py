"""The factors of a garment from a picture of it, real or generated, by drawing: the garment whose
drawing differs least from the picture.

The search starts from the drawings with the most similar silhouettes. Each round draws the garment
with every factor changed on its own, and then the best of these changes together; steps are halved
when nothing helps. Colours and patterns, of which one may look like another, are once tried all
together. Drawings are blurred as much as the picture, which is less sharp if it is generated.
Sources: R. Hooke and T. Jeeves, "Direct search solution of numerical and statistical problems",
1961; A. Yuille and D. Kersten, "Vision as Bayesian inference: analysis by synthesis?", 2006.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

from . import factors as factors_of
from .colours import GROUND, rgb
from .factors import COLOURS, FACTORS, KINDS, PATTERNS, SCALES, SHADES, TRIMS, Garment, Table
from .raster import SIDE, render

_MEASURES = ("sleeve", "length", "width", "waist", "flare")
_NUMBERS = (*_MEASURES, "shade", "scale")
_REFERENCES = 600  # drawings that a picture is compared with at first
_STARTS = 3  # of them, of different kinds, from which the search starts
_FIRST, _LAST = 0.25, 0.01  # steps of numbers, in shares of their ranges
_ROUNDS, _LARGE_ROUNDS = 40, 10  # at most
_BLURS = (0, 1, 2, 3, 5, 8)
_SHADES = np.linspace(*SHADES, 5)


class _Target(NamedTuple):
    """A picture float32 [3, H, W], and how often a drawing is blurred to be as blurred."""

    pixels: np.ndarray
    blurs: int = 0

    def sharpened(self, garment: Garment) -> "_Target":
        """With the blur with which the drawing of a garment is most similar."""
        tried = [self._replace(blurs=blurs) for blurs in _BLURS]
        return min(tried, key=lambda target: _errors([garment], target)[0])


class Estimate(NamedTuple):
    """The garment, and the root mean square difference between its drawing, as blurred as the
    picture, and the picture, both blurred by a pixel, in grey levels from 0 to 255."""

    garment: Garment
    error: float


def estimate(picture: np.ndarray) -> Estimate:
    """The garment in a picture uint8 [3, H, W], on the light ground of the data set."""
    target = _Target(_resized(picture, SIDE))
    small = _Target(target.pixels.reshape(3, SIDE // 2, 2, SIDE // 2, 2).mean((2, 4)))
    found = [_improve(one, small, rounds=3) for one in _starts(target.pixels)]
    best = min(found, key=lambda estimate: estimate.error)
    target = target.sharpened(best.garment)
    found = [_improve(one, target, rounds=3) for one in _recoloured(best.garment, target)]
    best = min(found, key=lambda estimate: estimate.error)
    best = _improve(best.garment, target.sharpened(best.garment), rounds=_ROUNDS)
    if min(picture.shape[1:]) < 2 * SIDE:
        return best
    # A larger picture has thinner lines.
    target = _Target(_resized(picture, 2 * SIDE)).sharpened(best.garment)
    return _improve(best.garment, target, rounds=_LARGE_ROUNDS, step=0.06)


def _resized(picture: np.ndarray, side: int) -> np.ndarray:
    """float32 [3, side, side]."""
    image = np.asarray(picture, np.uint8).transpose(1, 2, 0)
    if image.shape[:2] != (side, side):
        image = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BOX))
    return image.transpose(2, 0, 1).astype(np.float32)


def factor_errors(truth: Table, found: list[Garment]) -> dict[str, float]:
    """How far estimates are from the true factors, by factor: of categories the share that is
    wrong, of numbers the mean absolute error in their unit, over the garments that have them and
    whose kind is right."""
    same = np.array([one.kind for one in found]) == truth["kind"]
    errors = {"kind": float(1 - same.mean())}
    for name in FACTORS[1:]:
        guess, true = np.array([getattr(one, name) for one in found]), truth[name]
        rows = same & (truth["pattern"] != "plain") if name == "scale" else same
        rows = rows & (truth["neckline"] != "") if name in ("sleeve", "neckline") else rows
        pair = guess[rows], true[rows]
        wrong = np.abs(np.subtract(*pair)) if name in _NUMBERS else np.not_equal(*pair)
        errors[name] = float(wrong.mean()) if len(wrong) else np.nan
    return errors


def _recoloured(garment: Garment, target: _Target) -> list[Garment]:
    """The garment in the colours and patterns and with the trims that fit best.

    They are first compared by how many pixels have which value, wherever these are: a pattern of
    another scale is elsewhere.
    """
    options = [
        {"colour": colour, "shade": float(shade), **pattern, "trims": trims}
        for trims in (TRIMS[1::2] if "pockets" in garment.trims else TRIMS[::2])
        for colour in COLOURS
        for shade in _SHADES
        for pattern in _patterns(2)
    ]
    drawn = _blurred(_drawn([replace(garment, **option) for option in options]), target.blurs)
    values = np.sort(drawn.reshape(len(drawn), 3, -1))
    errors = np.abs(values - np.sort(target.pixels.reshape(3, -1))).mean((1, 2))
    best: dict[tuple, Garment] = {}
    for row in np.argsort(errors, kind="stable"):
        which = options[row]["colour"], options[row]["pattern"]
        best.setdefault(which, replace(garment, **options[row]))
    scaled = []
    for one in list(best.values())[: 2 * _STARTS]:
        scales = np.linspace(*SCALES, 21) if one.pattern != "plain" else [one.scale]
        tried = [replace(one, scale=float(a), shade=float(b)) for a in scales for b in _SHADES]
        errors = _errors(tried, target)
        scaled.append((float(errors.min()), tried[int(errors.argmin())]))
    return [one for _, one in sorted(scaled, key=lambda pair: pair[0])[: _STARTS - 1]]


def _patterns(scales: int) -> list[dict[str, object]]:
    """All patterns, each with some scales."""
    spaced = np.linspace(*SCALES, scales).tolist()
    plain = {"pattern": "plain", "scale": SCALES[0]}
    return [plain, *({"pattern": p, "scale": s} for p in PATTERNS[1:] for s in spaced)]


def _starts(target: np.ndarray) -> list[Garment]:
    """Garments of different kinds whose silhouettes are most similar to that of the picture."""
    table, silhouettes = _references()
    differences = np.abs(silhouettes - _silhouette(target[None])).mean((1, 2))
    nearest: dict[str, Garment] = {}
    for row in np.argsort(differences, kind="stable"):
        one = factors_of.garment(table, row)
        nearest.setdefault(one.kind, one)
        if len(nearest) == _STARTS:
            break
    return list(nearest.values())


@lru_cache(1)
def _references() -> tuple[Table, np.ndarray]:
    """Plain garments and their silhouettes [N, SIDE, SIDE]."""
    table = factors_of.sample(_REFERENCES, seed=2)
    first = {kind: KINDS[kind].necklines[0] for kind in KINDS}
    table["neckline"] = np.array([first[kind] for kind in table["kind"].tolist()])
    table["pattern"] = np.full(_REFERENCES, "plain")
    table["trims"] = np.full(_REFERENCES, "none")
    return table, _silhouette(render(table).astype(np.float32))


def _silhouette(images: np.ndarray) -> np.ndarray:
    """How clearly pixels [N, 3, H, W] differ from the ground, from 0 to 1 [N, H, W]."""
    ground = np.array(rgb(GROUND), np.float32)[:, None, None]
    return np.clip(np.abs(images - ground).max(1) / 40, 0, 1)


def _improve(garment: Garment, target: _Target, *, rounds: int, step: float = _FIRST) -> Estimate:
    """The garment after some rounds of the search."""
    (error,) = _errors([garment], target)
    for _ in range(rounds):
        changes = _changes(garment, step)
        errors = _errors([replace(garment, **change) for change in changes], target)
        best: dict[tuple[str, ...], int] = {}  # the best change of each factor
        for row in np.argsort(errors, kind="stable"):
            if errors[row] < error:
                best.setdefault(tuple(changes[row]), row)
        joined, together = garment, []
        for row in best.values():
            joined = replace(joined, **changes[row])
            together.append(joined)
        if together:
            errors = _errors(together, target)
            garment, error = together[int(errors.argmin())], float(errors.min())
        elif step < _LAST:
            break
        else:
            step /= 2
    return Estimate(garment, error)


def _changes(garment: Garment, step: float) -> list[Mapping[str, object]]:
    """Single factors with other values; a colour with its shade, a pattern with its scale."""
    kind, changes = KINDS[garment.kind], []
    for name in _NUMBERS:
        low, high = {"shade": SHADES, "scale": SCALES}.get(name) or getattr(kind, name)
        now = getattr(garment, name)
        for share in (-2, -1, -0.5, 0.5, 1, 2):
            value = float(np.clip(now + share * step * (high - low), low, high))
            if name == "sleeve" and low == 0 < high:
                value = 0.0 if value < factors_of.SHORTEST_SLEEVE else value
            if value != now:
                changes.append({name: value})
    options = {"neckline": kind.necklines, "trims": TRIMS}
    changes += [
        {name: value}
        for name, values in options.items()
        for value in values
        if value != getattr(garment, name)
    ]
    shades = _SHADES if step > 0.1 else [garment.shade]
    changes += [{"colour": c, "shade": float(s)} for c in COLOURS for s in shades]
    scales = np.linspace(*SCALES, 11) if step > 0.1 else [garment.scale]
    changes += [{"pattern": p, "scale": float(s)} for p in PATTERNS[1:] for s in scales]
    return [*changes, {"pattern": "plain", "scale": garment.scale}]


def _errors(garments: list[Garment], target: _Target) -> np.ndarray:
    """The root mean square differences [N] between drawings and the picture, both blurred: it may
    have been resized or generated."""
    drawn = _blurred(_drawn(garments, target.pixels.shape[-1]), target.blurs)
    return np.sqrt(np.square(_blurred(drawn - target.pixels, 1)).mean((1, 2, 3)))


def _blurred(images: np.ndarray, times: int) -> np.ndarray:
    """Pictures [N, 3, H, W] with every pixel averaged with its neighbours by weights 1, 2, 1."""
    for _ in range(times):
        for axis in (2, 3):
            images = 0.5 * images + 0.25 * (np.roll(images, 1, axis) + np.roll(images, -1, axis))
    return images


def _drawn(garments: list[Garment], size: int = SIDE) -> np.ndarray:
    rows = [asdict(one) for one in garments]
    table = {name: np.array([row[name] for row in rows]) for name in FACTORS}
    return render(table, size).astype(np.float32)
