"""One visitor's way through one model's plane, and its form in the address bar.

Links and the map's messages are read with every number checked. Pure: no Streamlit here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vae.latent.paths import SPACINGS, from_json

from ..runtime.location import (
    MOST_PINS,
    Pin,
    Place,
    Space,
    place_from_map,
    place_from_query,
)
from ..runtime.query import Reading

MOST_STOPS = 40
FEWEST, MOST = 2, 120  # frames
LAYERS = ("points", "manifold", "density", "speed", "names")

Code = tuple[float, ...]


@dataclass(frozen=True)
class Way:
    """Stops and how to walk between them; a drawn way follows `stroke` instead."""

    stops: tuple[Code, ...]
    kind: str = "straight"
    frames: int = 24
    spacing: str = "steps"
    guard: bool = True  # whether a geodesic keeps away from empty places
    stroke: tuple[Code, ...] = ()
    label: int | None = None
    seed: int = 0
    layers: tuple[str, ...] = ("points", "names")

    def to_json(self) -> dict:
        return {
            "stops": [list(z) for z in self.stops],
            "kind": self.kind,
            "frames": self.frames,
            "spacing": self.spacing,
            "guard": self.guard,
            "stroke": [list(z) for z in self.stroke],
            "label": self.label,
            "seed": self.seed,
            "layers": list(self.layers),
        }

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this way; those at their default are left out."""
        query = {"m": model, "d": digest[:12], "p": _text(self.stops), "k": self.kind}
        query["n"] = str(self.frames)
        if self.spacing != "steps":
            query["e"] = self.spacing
        if not self.guard:
            query["g"] = "0"
        if self.stroke:
            query["w"] = _text(self.stroke)
        if self.label is not None:
            query["c"] = str(self.label)
        if self.seed:
            query["s"] = str(self.seed)
        if self.layers != Way.layers:
            query["l"] = ",".join(self.layers)
        return query


def kinds_for(space: Space) -> tuple[str, ...]:
    """The kinds of way that make sense in a latent space."""
    return ("straight", "geodesic", "drawn") if space.latent == 2 else ("straight", "spherical")


def way_from_query(query: Mapping[str, str], start: Way, space: Space) -> tuple[Way, list[str]]:
    """The way a link describes, and the names of parameters that could not be read: those, as
    those that are absent, are taken from `start`."""
    read = Reading(query)
    way = replace(
        start,
        stops=read("p", lambda t: _stops(_codes(t, space)), start.stops),
        kind=read("k", lambda t: _one_of(t, kinds_for(space)), start.kind),
        frames=read("n", _frames, start.frames),
        spacing=read("e", lambda t: _one_of(t, SPACINGS), start.spacing),
        guard=read("g", lambda t: _one_of(t, ("0", "1")) == "1", start.guard),
        stroke=read("w", lambda t: _codes(t, Space(2)), start.stroke),
        label=read("c", space.label, start.label),
        seed=read("s", space.seed, start.seed),
        layers=read("l", lambda t: _layers(t.split(",") if t else []), start.layers),
    )
    if way.kind == "drawn" and len(way.stroke) < 2:
        way = replace(way, kind="straight")
        read.broken.append("w")
    return way, read.broken


def way_from_map(value: Mapping, space: Space) -> Way:
    """What the map committed. Raises ValueError when it is not a way."""
    try:
        told = {"label": value["label"], "seed": value["seed"]}
        way = Way(
            stops=_stops(_committed(value["stops"], told, space)),
            kind=_one_of(value["kind"], kinds_for(space)),
            frames=_frames(value["frames"]),
            spacing=_one_of(value["spacing"], SPACINGS),
            guard=value["guard"] is True,
            stroke=_committed(value["stroke"], {"label": None, "seed": 0}, Space(2)),
            label=space.label(value["label"]),
            seed=space.seed(value["seed"]),
            layers=_layers(value["layers"]),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"the map sent no valid way ({error})") from error
    if way.kind == "drawn" and len(way.stroke) < 2:
        raise ValueError("a drawn way needs a stroke")
    return way


def way_from_file(
    data: bytes, model: str, digest: str, space: Space
) -> tuple[Way, tuple[str, ...]]:
    """The way of a saved path for a model, and what does not match it in sentences. Raises
    `PathError` or ValueError for a file that is no path of this many dimensions."""
    facts, frames = from_json(data)
    told = []
    codes = facts["stops"] or tuple(frame.z for frame in frames)
    if len(codes[0]) != space.latent:
        raise ValueError(
            f"its codes have {len(codes[0])} numbers; {model} expects {space.latent}, choose the "
            f"model that it was made with, {facts['model']}"
        )
    if not digest.startswith(facts["digest"][:12]):
        told.append(
            f"This path was made with {facts['model']} ({facts['digest'][:12]}): the same "
            "coordinates may show other pictures here."
        )
    kind = facts["kind"] if facts["kind"] in kinds_for(space) else "straight"
    if kind != facts["kind"]:
        told.append(f"{model} knows no {facts['kind']} way; the stops are joined straight.")
    label, seed = frames[0].label, frames[0].seed
    if not _known(space.label, label) or not _known(space.seed, seed):
        told.append(f"{model} knows no class {label} with detail seed {seed}; both are left out.")
        label, seed = space.label(None), 0
    drawn = kind == "drawn" and len(codes) > 1
    codes = _thinned(codes, MOST_PINS if drawn else MOST_STOPS)
    return Way(
        stops=() if drawn else codes,
        kind="straight" if kind == "drawn" and not drawn else kind,
        frames=max(FEWEST, min(MOST, len(frames))),
        spacing=facts["spacing"],
        guard=facts["guard"],
        stroke=codes if drawn else (),
        label=label,
        seed=seed,
    ), tuple(told)


def _known(check, value) -> bool:
    try:
        check(value)
    except (ValueError, TypeError):
        return False
    return True


def _thinned(codes: tuple[Code, ...], most: int) -> tuple[Code, ...]:
    """At most so many of them, evenly chosen, the first and the last among them."""
    if len(codes) <= most:
        return codes
    return tuple(codes[round(k * (len(codes) - 1) / (most - 1))] for k in range(most))


def _text(codes: tuple[Code, ...]) -> str:
    return ";".join(Pin(z).to_text() for z in codes)


def _codes(text: str, space: Space) -> tuple[Code, ...]:
    place, broken = place_from_query({"p": text}, Place(()), Space(space.latent))
    if broken:
        raise ValueError("no codes")
    return tuple(pin.z for pin in place.pins)


def _committed(codes, told: Mapping, space: Space) -> tuple[Code, ...]:
    bare = {"z": [0.0] * space.latent, "view": None, "layers": [], "item": None, "hidden": []}
    pins = [{"z": z, "label": None, "seed": 0} for z in codes]
    return tuple(pin.z for pin in place_from_map(bare | told | {"pins": pins}, space).pins)


def _stops(stops: tuple[Code, ...]) -> tuple[Code, ...]:
    if len(stops) > MOST_STOPS:
        raise ValueError(f"{len(stops)} stops, at most {MOST_STOPS}")
    return stops


def _frames(value: str | int) -> int:
    number = int(value)
    if not FEWEST <= number <= MOST:
        raise ValueError(f"{number} frames, expected {FEWEST} to {MOST}")
    return number


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value} is none of {', '.join(known)}")
    return value


def _layers(names) -> tuple[str, ...]:
    chosen = tuple(name for name in LAYERS if name in set(names))
    if len(chosen) != len(set(names)):
        raise ValueError("unknown layer")
    return chosen
