"""One visitor's path through one model's plane, and its form in the address bar.

Pure: no Streamlit here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from vae.latent.paths import SPACINGS, from_json

from ..runtime.location import MOST_PINS, Space, polygon_text, split_codes
from ..runtime.query import (
    QueryField,
    always,
    code,
    comma_separated,
    model_query,
    one_of,
    read_message,
    read_query,
    subset,
    whole,
    write_query,
)

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
        return model_query(model, digest) | write_query(self, _fields(_PLANE))


_PLANE = Space(2)


def _fields(space: Space) -> tuple[QueryField, ...]:
    return (
        QueryField("stops", "p", _codes(space.latent, MOST_STOPS), split_codes, polygon_text),
        QueryField("kind", "k", one_of(kinds_for(space)), when=always),
        QueryField("frames", "n", whole(FEWEST, MOST), when=always),
        QueryField("spacing", "e", one_of(SPACINGS)),
        QueryField("guard", "g", _flag, format=lambda guard: str(int(guard))),
        QueryField("stroke", "w", _codes(2, MOST_PINS), split_codes, polygon_text),
        QueryField("label", "c", space.label),
        QueryField("seed", "s", space.seed),
        QueryField("layers", "l", subset(LAYERS), comma_separated, ",".join),
    )


def kinds_for(space: Space) -> tuple[str, ...]:
    """The kinds of way that make sense in a latent space."""
    return ("straight", "geodesic", "drawn") if space.latent == 2 else ("straight", "spherical")


def way_from_query(query: Mapping[str, str], start: Way, space: Space) -> tuple[Way, list[str]]:
    """The way a link describes, and the names of parameters that could not be read: those, as
    those that are absent, are taken from `start`."""
    way, unreadable = read_query(query, _fields(space), start)
    if way.kind == "drawn" and len(way.stroke) < 2:
        return replace(way, kind="straight"), [*unreadable, "w"]
    return way, unreadable


def way_from_map(value: Mapping, space: Space) -> Way:
    """What the map committed. Raises ValueError when it is not a way."""
    way = Way(**read_message(value, _fields(space)))
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


def _codes(latent: int, most: int) -> Callable[[list], tuple[Code, ...]]:
    """A list of at most `most` latent codes."""

    def check(codes: list) -> tuple[Code, ...]:
        if len(codes) > most:
            raise ValueError(f"{len(codes)} codes, at most {most}")
        return tuple(map(code(latent), codes))

    return check


def _flag(value: str | bool) -> bool:
    return {"0": False, "1": True, False: False, True: True}[value]
