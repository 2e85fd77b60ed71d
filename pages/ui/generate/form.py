"""The controls of the Generate page: where codes are drawn, how far, how many, with which seed."""

import random
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

import vae
from vae.latent.sampling import POLYGON_SOURCES, SOURCES, SamplingRequest

from ..runtime import session
from ..runtime.location import Space
from . import session as generate_session

_WORDS = {
    "prior": "The model's prior",
    "aggregate": "Where images really lie",
    "class": "Around one class",
    "around": "Around a place",
    "region": "Inside the lasso",
    "inside": "Images inside the lasso",
}
_COUNTS = (16, 36, 64, 100, 196, 400)


def sampling_form(entry: vae.Entry, space: Space, names: Sequence[str]) -> SamplingRequest:
    """Shows the controls and returns what they ask for."""
    request, _ = generate_session.request(entry.digest, space, len(names))
    key = entry.digest[:12]
    if generate_session.form_is_behind(
        entry.digest, request
    ):  # undo, a link or other dice have spoken
        for name in ("src", "c", "z", "sp", "t", "min", "n", "seed"):
            st.session_state.pop(name + key, None)
    places = _places(entry, space, request)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        source = _choice(
            "Draw", f"src{key}", _sources(entry, request), request.source, _WORDS.get, 200
        )
        changed = replace(request, source=source)
        # What a source asks for comes and goes; in a row of its own it moves nothing after it.
        with st.container(horizontal=True, width="content", gap="small"):
            if space.labels or source == "class":
                changed = replace(changed, label=_label(key, space, request, names))
            if source == "around":
                place, spread = _ground(key, request, places)
                changed = replace(changed, z=place, spread=spread)
        changed = replace(
            changed,
            temperature=_slider(
                "Temperature",
                f"t{key}",
                0.0,
                2.0,
                request.temperature,
                0.05,
                "How far pictures stray from the source's own centres: 1 as learned, less is "
                "safer, more is bolder.",
            ),
            min_density=_slider(
                "Least crowding",
                f"min{key}",
                0.0,
                1.0,
                request.min_density,
                0.05,
                "Pictures from ground that is emptier than this are drawn again; 1 is the "
                "density where the typical image lies.",
            ),
            n=_choice("Pictures", f"n{key}", _counts(request.n), request.n, str, 100),
        )
        changed = replace(changed, seed=_seed(key, request))
        locked = st.toggle("Lock", key=f"lock{key}", help="Keeps the seed from being changed.")
        st.button(
            "Draw others",
            type="primary",
            disabled=locked,
            key=f"dice{key}",
            help="Takes a new seed. Undo brings the old pictures back.",
            on_click=lambda: generate_session.set_request(
                entry.digest, replace(changed, seed=random.randrange(100_000))
            ),
        )
    if changed.source == "prior" and not space.labels:
        changed = replace(changed, label=None)
    generate_session.set_request(entry.digest, changed)
    generate_session.form_shows(entry.digest, changed)
    return changed


def _places(
    entry: vae.Entry, space: Space, request: SamplingRequest
) -> dict[str, tuple[float, ...]]:
    """The places by their names around which can be drawn."""
    place, pins = session.explored(entry.digest)
    places = {"where Explore stands": place} if place else {}
    places |= {f"pin {i + 1}": pin.z for i, pin in enumerate(pins)}
    if request.z and request.z not in places.values():
        places = {"the place of this link": request.z, **places}
    return places or {"the middle of the plane": (0.0,) * space.latent}


def _label(key: str, space: Space, request: SamplingRequest, names: Sequence[str]) -> int:
    title = "Class that the model is told" if space.labels else "Class"
    label = request.label if request.label is not None else 0
    return _choice(title, f"c{key}", range(len(names)), label, lambda k: names[k], 170)


def _ground(key: str, request: SamplingRequest, places: dict) -> tuple[tuple[float, ...], float]:
    known = list(places)
    first = next((n for n in known if places[n] == request.z), known[0])
    name = _choice("Place", f"z{key}", known, first, str, 190)
    return tuple(places[name]), _slider("Spread", f"sp{key}", 0.02, 1.0, request.spread, 0.02)


def _seed(key: str, request: SamplingRequest) -> int:
    _keep(f"seed{key}", request.seed)
    seed = st.number_input(
        "Seed",
        min_value=0,
        max_value=2**31 - 1,
        key=f"seed{key}",
        width=130,
        help="The same seed and settings draw the same pictures again.",
    )
    return int(seed)


def _sources(entry: vae.Entry, request: SamplingRequest) -> list[str]:
    """A model without a prior has only where its codes lie; a region must have been drawn."""
    has_prior = vae.MODELS[entry.config.model.name].cls.has_prior
    known = {"prior": has_prior} | dict.fromkeys(POLYGON_SOURCES, bool(request.polygon))
    return [source for source in SOURCES if known.get(source, True)]


def _counts(now: int) -> list[int]:
    return sorted({*_COUNTS, now})


def _keep(key: str, value) -> None:
    """What a widget shows first; it forgets between pages, the session does not."""
    st.session_state.setdefault(key, value)


def _choice(title, key, options, value, words, width):
    options = list(options)
    _keep(key, value if value in options else options[0])
    return st.selectbox(title, options, key=key, format_func=words, width=width)


def _slider(title, key, low, high, value, step, explained=None):
    _keep(key, min(max(float(value), low), high))
    return st.slider(title, low, high, key=key, step=step, width=150, help=explained)
