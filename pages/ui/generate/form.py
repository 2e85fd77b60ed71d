"""The controls of the Generate page."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import streamlit as st

import vae
from vae.latent.sampling import POLYGON_SOURCES, SOURCES, SamplingRequest

from ..runtime import cache, session
from ..runtime.location import Space
from ..runtime.query import MAX_SEED
from . import session as generate_session

_TITLES = {
    "prior": "Prior",
    "aggregate": "Aggregate posterior",
    "class": "Around a class",
    "around": "Around a location",
    "region": "Lasso, uniform",
    "inside": "Lasso, aggregate posterior",
}
_COUNTS = (16, 36, 64, 100, 196, 400)
_FIELDS = ("src", "c", "z", "sp", "g", "t", "min", "n", "seed")
_HELP = {
    "t": "Scales the deviation from the centres of the source: 1 as learned, below 1 closer to "
    "typical images, above 1 more varied.",
    "class": "Codes of real images of this class, each with the spread of its posterior. Where "
    "classes overlap on the map, some images are of other classes; in a hierarchical model more "
    "are, since the noise of its lower levels decides a part of the image.",
    "g": "How many real items an image borrows its detail from: of the nearest alone it is like a "
    "real item, of many it is new, and less crisp.",
    "min": "Samples with a lower local density are rejected and drawn again; 1 is the density at "
    "the median real image.",
    "seed": "The same seed and settings give the same images.",
}


def sampling_form(
    entry: vae.Entry, space: Space, names: Sequence[str], photograph: Callable[[], None]
) -> SamplingRequest:
    """Shows the controls, with what `photograph` shows among them, and returns the request that
    they describe."""
    request, _ = generate_session.request(entry.digest, space, len(names))
    key = entry.digest[:12]
    if generate_session.form_is_outdated(entry.digest, request):
        for field in _FIELDS:
            st.session_state.pop(field + key, None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        sources = _sources(entry, request)
        source = _select("Sample from", "src", key, sources, request.source, _TITLES.get, 210)
        changed = replace(request, source=source)
        # A row of its own: controls that come and go with the source move nothing after them.
        with st.container(horizontal=True, width="content", gap="small"):
            if space.labels or source == "class":
                title = "Condition (class)" if space.labels else "Class"
                about, classes = None if space.labels else _HELP["class"], range(len(names))
                name = names.__getitem__
                label = _select(title, "c", key, classes, request.label, name, 170, about)
                changed = replace(changed, label=label)
            if source == "around":
                codes = _locations(entry, space, request)
                named = next((name for name in codes if codes[name] == request.z), None)
                name = _select("Location", "z", key, codes, named, str, 180)
                spread = _slider("Spread (σ)", "sp", key, request.spread, 0.02, 1.0, 0.02)
                changed = replace(changed, z=tuple(codes[name]), spread=spread)
        if groups := dict(cache.codec(entry.name, entry.digest).info.seed_groups):
            names_of = {first: name for name, first in groups.items()}
            name = names_of.get(request.group, names_of[0])
            name = _select("Detail", "g", key, groups, name, str.capitalize, 190, _HELP["g"])
            changed = replace(changed, group=groups[name])
        counts = sorted({*_COUNTS, request.n})
        n = _select("Images", "n", key, counts, request.n, str, 100)
        with st.popover("More settings", help=_more_help(request)):
            changed = replace(changed, n=n, **_more_settings(request, key))
            locked = st.toggle("Lock", key=f"lock{key}", help="Protects the seed from changes.")
        photograph()
        st.button(
            "Resample",
            type="primary",
            disabled=locked,
            key=f"dice{key}",
            help="Samples with a new seed. Undo brings the previous images back.",
            on_click=lambda: generate_session.set_request(
                entry.digest, replace(changed, seed=random.randrange(100_000))
            ),
        )
    if changed.source == "prior" and not space.labels:
        changed = replace(changed, label=None)
    generate_session.set_request(entry.digest, changed)
    generate_session.set_form_request(entry.digest, changed)
    return changed


def _more_settings(request: SamplingRequest, key: str) -> dict[str, float | int]:
    """What is seldom changed."""
    temperature = _slider("Temperature", "t", key, request.temperature, 0.0, 2.0, 0.05)
    density = _slider("Minimum density", "min", key, request.min_density, 0.0, 1.0, 0.05)
    st.session_state.setdefault(f"seed{key}", request.seed)
    seed = st.number_input("Seed", 0, MAX_SEED, key=f"seed{key}", width=150, help=_HELP["seed"])
    return {"temperature": temperature, "min_density": density, "seed": int(seed)}


def _more_help(request: SamplingRequest) -> str:
    return (
        f"Temperature {request.temperature:g}, minimum density {request.min_density:g}, "
        f"seed {request.seed}"
    )


def _locations(
    entry: vae.Entry, space: Space, request: SamplingRequest
) -> dict[str, tuple[float, ...]]:
    """The codes to sample around, by name."""
    codes = {}
    if explored := session.explored(entry.digest):
        codes["current location on Explore"] = explored.z
        codes |= {f"pin {i + 1}": pin.z for i, pin in enumerate(explored.pins)}
    if request.z and request.z not in codes.values():
        codes = {"code of the sheet": request.z, **codes}
    return codes or {"origin": (0.0,) * space.latent}


def _sources(entry: vae.Entry, request: SamplingRequest) -> list[str]:
    """The sources of this model: a prior where it has one, the lasso where one was drawn."""
    has_prior = vae.KINDS[entry.config.model.name].cls.has_prior
    available = {"prior": has_prior} | dict.fromkeys(POLYGON_SOURCES, bool(request.polygon))
    return [source for source in SOURCES if available.get(source, True)]


# Streamlit forgets a widget's value when its page is left, so each value is set from the request.


def _select(
    title: str,
    field: str,
    key: str,
    known: Iterable,
    value,
    format: Callable,
    width: int,
    help: str | None = None,
):
    known = list(known)
    st.session_state.setdefault(field + key, value if value in known else known[0])
    return st.selectbox(title, known, key=field + key, format_func=format, width=width, help=help)


def _slider(
    title: str, field: str, key: str, value: float, low: float, high: float, step: float
) -> float:
    name, help = field + key, _HELP.get(field)
    st.session_state.setdefault(name, min(max(float(value), low), high))
    return st.slider(title, low, high, key=name, step=step, width=140, help=help)
