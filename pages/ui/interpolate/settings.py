"""The path of the Interpolate page: its settings, and their form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vae.data.dataset import evenly_spaced
from vae.latent.paths import SPACINGS, from_json

from ..runtime import query
from ..runtime.location import MAX_PINS, Space, polygon_text, split_codes
from ..runtime.query import QueryField, always, code, comma_separated, list_of, one_of

MAX_WAYPOINTS = 40
MIN_FRAMES, MAX_FRAMES = 2, 240  # 10 seconds of 24 frames
LAYERS = ("points", "thumbnails", "manifold", "density", "speed", "names")
PLAYBACKS = ("loop", "ping-pong", "once")
TOO_FEW_WAYPOINTS = "A path needs two waypoints: click the map to add them."

Code = tuple[float, ...]


@dataclass(frozen=True)
class PathSettings:
    """Waypoints, or the stroke that a drawn path follows, the kind of curve between them, and the
    frames on it."""

    waypoints: tuple[Code, ...]
    kind: str = "straight"
    frames: int = 24
    spacing: str = "steps"
    avoid_low_density: bool = True  # for geodesics
    stroke: tuple[Code, ...] = ()
    label: int | None = None
    seed: int = 0
    layers: tuple[str, ...] = ("points", "names")
    fps: float = 12.0  # of the player and of files
    playback: str = "loop"

    @property
    def complete(self) -> bool:
        """Whether there are enough points for a curve."""
        return self.kind == "drawn" or len(self.waypoints) > 1

    def to_json(self) -> dict:
        """The message to the map."""
        return dict(vars(self))

    def to_query(self, model: str, digest: str) -> dict[str, str]:
        """Query parameters that restore this path; those at their default are left out."""
        return query.write_query(self, _fields(Space(2)), model, digest)


def _fields(space: Space) -> tuple[QueryField, ...]:
    waypoints = list_of(code(space.latent), MAX_WAYPOINTS)
    return (
        QueryField("waypoints", "p", waypoints, split_codes, polygon_text),
        QueryField("kind", "k", one_of(path_kinds(space)), when=always),
        QueryField("frames", "n", query.whole(MIN_FRAMES, MAX_FRAMES), when=always),
        QueryField("spacing", "e", one_of(SPACINGS)),
        QueryField("avoid_low_density", "g", _flag, format=lambda flag: str(int(flag))),
        QueryField("stroke", "w", list_of(code(2), MAX_PINS), split_codes, polygon_text),
        QueryField("label", "c", space.label),
        QueryField("seed", "s", space.seed),
        QueryField("layers", "l", query.subset(LAYERS), comma_separated, ",".join),
        QueryField("fps", "fps", query.number(0.1, 60), format="{:g}".format),
        QueryField("playback", "o", one_of(PLAYBACKS)),
    )


def path_kinds(space: Space) -> tuple[str, ...]:
    """The kinds of path that a latent space of this size offers."""
    return ("straight", "geodesic", "drawn") if space.latent == 2 else ("straight", "spherical")


def path_from_query(
    link: Mapping[str, str], start: PathSettings, space: Space
) -> tuple[PathSettings, list[str]]:
    """The path of a link, and the keys that could not be read; those keep the value of `start`."""
    path, unreadable = query.read_query(link, _fields(space), start)
    if path.kind == "drawn" and len(path.stroke) < 2:
        return replace(path, kind="straight"), [*unreadable, "w"]
    return path, unreadable


def path_from_map(value: Mapping, space: Space) -> PathSettings:
    """The path that the map committed; raises `InvalidValueError`."""
    played = {"fps": PathSettings.fps, "playback": PathSettings.playback}
    path = PathSettings(**query.read_message(value, query.checks_of(_fields(space)), played))
    if path.kind == "drawn" and len(path.stroke) < 2:
        raise query.InvalidValueError("a drawn path needs a stroke")
    return path


def path_from_file(
    data: bytes, model: str, digest: str, space: Space
) -> tuple[PathSettings, tuple[str, ...]]:
    """The path of a JSON file, adapted to a model, with a warning for each difference. Raises
    `PathError`, or ValueError for a path of another number of latents."""
    saved = from_json(data)
    warnings = []
    codes = saved.waypoints or tuple(frame.z for frame in saved.frames)
    if len(codes[0]) != space.latent:
        raise ValueError(
            f"its codes have {len(codes[0])} numbers; {model} expects {space.latent}, choose the "
            f"model that it was made with, {saved.model}"
        )
    if not digest.startswith(saved.digest[:12]):
        warnings.append(
            f"This path was made with {saved.model} ({saved.digest[:12]}): the same "
            "coordinates may decode to other images here."
        )
    kind = saved.kind if saved.kind in path_kinds(space) else "straight"
    if kind != saved.kind:
        warnings.append(f"{model} has no {saved.kind} paths; the waypoints are joined straight.")
    label, seed = saved.frames[0].label, saved.frames[0].seed
    try:
        space.label(label)
        space.seed(seed)
    except (ValueError, TypeError):
        warnings.append(f"{model} has no class {label} with noise seed {seed}; both are left out.")
        label, seed = None, 0
    drawn = kind == "drawn" and len(codes) > 1
    kept = evenly_spaced(len(codes), MAX_PINS if drawn else MAX_WAYPOINTS)
    codes = tuple(codes[k] for k in kept)
    return PathSettings(
        waypoints=() if drawn else codes,
        kind="straight" if kind == "drawn" and not drawn else kind,
        frames=max(MIN_FRAMES, min(MAX_FRAMES, len(saved.frames))),
        spacing=saved.spacing,
        avoid_low_density=saved.avoid_low_density,
        stroke=codes if drawn else (),
        label=label,
        seed=seed,
    ), tuple(warnings)


def _flag(value: str | bool) -> bool:
    return {"0": False, "1": True, False: False, True: True}[value]
