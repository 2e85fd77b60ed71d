"""The controls of the Generate page."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

import vae
from vae.latent.sampling import POLYGON_SOURCES, SOURCES, SamplingRequest

from ..runtime import session
from ..runtime.location import Space
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
_FIELDS = ("src", "c", "z", "sp", "t", "min", "n", "seed")


def sampling_form(entry: vae.Entry, space: Space, names: Sequence[str]) -> SamplingRequest:
    """Shows the controls and returns the request that they describe."""
    request, _ = generate_session.request(entry.digest, space, len(names))
    key = entry.digest[:12]
    if generate_session.form_is_outdated(entry.digest, request):
        for field in _FIELDS:
            st.session_state.pop(field + key, None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        source = _select(
            "Sample from", f"src{key}", _sources(entry, request), request.source, _TITLES.get, 230
        )
        changed = replace(request, source=source)
        # A row of its own: controls that come and go with the source move nothing after them.
        with st.container(horizontal=True, width="content", gap="small"):
            if space.labels or source == "class":
                changed = replace(changed, label=_label(key, space, request, names))
            if source == "around":
                z, spread = _location(entry, key, space, request)
                changed = replace(changed, z=z, spread=spread)
        changed = replace(
            changed,
            temperature=_slider(
                "Temperature",
                f"t{key}",
                0.0,
                2.0,
                request.temperature,
                0.05,
                "Scales the deviation from the centres of the source: 1 as learned, below 1 "
                "closer to typical images, above 1 more varied.",
            ),
            min_density=_slider(
                "Minimum density",
                f"min{key}",
                0.0,
                1.0,
                request.min_density,
                0.05,
                "Samples with a lower local density are rejected and drawn again; 1 is the "
                "density at the median real image.",
            ),
            n=_select("Images", f"n{key}", sorted({*_COUNTS, request.n}), request.n, str, 100),
        )
        changed = replace(changed, seed=_seed(key, request))
        locked = st.toggle("Lock", key=f"lock{key}", help="Protects the seed from changes.")
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


def _locations(
    entry: vae.Entry, space: Space, request: SamplingRequest
) -> dict[str, tuple[float, ...]]:
    """The codes to sample around, by name."""
    codes = {}
    if explored := session.explored(entry.digest):
        codes["current location on Explore"] = explored.z
        codes |= {f"pin {i + 1}": pin.z for i, pin in enumerate(explored.pins)}
    if request.z and request.z not in codes.values():
        codes = {"location of this link": request.z, **codes}
    return codes or {"origin": (0.0,) * space.latent}


def _label(key: str, space: Space, request: SamplingRequest, names: Sequence[str]) -> int:
    title = "Condition (class)" if space.labels else "Class"
    return _select(
        title, f"c{key}", range(len(names)), request.label or 0, lambda k: names[k], 170
    )


def _location(
    entry: vae.Entry, key: str, space: Space, request: SamplingRequest
) -> tuple[tuple[float, ...], float]:
    codes = _locations(entry, space, request)
    first = next((name for name in codes if codes[name] == request.z), next(iter(codes)))
    name = _select("Location", f"z{key}", codes, first, str, 210)
    spread = _slider("Spread (σ)", f"sp{key}", 0.02, 1.0, request.spread, 0.02)
    return tuple(codes[name]), spread


def _seed(key: str, request: SamplingRequest) -> int:
    st.session_state.setdefault(f"seed{key}", request.seed)
    seed = st.number_input(
        "Seed",
        min_value=0,
        max_value=2**31 - 1,
        key=f"seed{key}",
        width=130,
        help="The same seed and settings give the same images.",
    )
    return int(seed)


def _sources(entry: vae.Entry, request: SamplingRequest) -> list[str]:
    """The sources of this model: a prior where it has one, the lasso where one was drawn."""
    has_prior = vae.MODELS[entry.config.model.name].cls.has_prior
    available = {"prior": has_prior} | dict.fromkeys(POLYGON_SOURCES, bool(request.polygon))
    return [source for source in SOURCES if available.get(source, True)]


# Streamlit forgets a widget's value when its page is left, so each value is set from the request.


def _select(title: str, key: str, options, value, format: Callable[..., str], width: int):
    options = list(options)
    st.session_state.setdefault(key, value if value in options else options[0])
    return st.selectbox(title, options, key=key, format_func=format, width=width)


def _slider(title: str, key: str, low: float, high: float, value: float, step: float, help=None):
    st.session_state.setdefault(key, min(max(float(value), low), high))
    return st.slider(title, low, high, key=key, step=step, width=150, help=help)
