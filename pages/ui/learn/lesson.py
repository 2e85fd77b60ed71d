"""The interactive figure of a step, computed in the browser."""

import streamlit as st

import vae

from ..compare import cache as compare_cache
from ..component.component import component
from ..models.families import beta_family, evaluation
from ..runtime import cache, routes
from .steps import Step

_mount = component(
    __file__,
    "go",
    html='<div class="la ls" data-state="loading"><div class="ls-figure"></div>'
    '<p class="ls-legend" aria-label="Symbols and their current values"></p>'
    '<p class="la-status" role="status">Loading the figure…</p></div>',
)
_EXTENT, _SIDE = 2.5, 11


def lesson(step: Step, *, large: bool, key: str) -> None:
    """Shows the figure of a step, or which model is missing and how to get it."""
    entries = {e.name: e for e in cache.checkpoints() if e.error is None}
    missing = [name for name in step.models if name not in entries]
    if missing:
        st.info(
            f"This step needs {' and '.join(missing)}. Restore the bundled checkpoints, or train "
            "them with the commands in checkpoints/README.md."
        )
        return
    maps = [cache.map_assets(name, entries[name].digest) for name in step.models]
    models = [{"urls": assets.urls, "facts": assets.facts} for assets in maps]
    betas = _betas(list(entries.values())) if step.slug == "beta" else []
    if step.slug == "beta" and not betas:
        st.info(
            "This step needs models that differ only in beta, such as fashion-beta-0.1 to -10."
        )
        return
    _mount(key, {"figure": step.slug, "models": models, "betas": betas, "large": large})


def _betas(entries: list[vae.Entry]) -> list[dict]:
    """The metrics and the decoded grid of models that differ only in beta."""
    rows = []
    for entry in beta_family(entries):
        grid = compare_cache.decoded_grid(entry.name, entry.digest, _EXTENT, _SIDE)
        numbers = evaluation(entry)
        rows.append(
            {
                "beta": entry.config.model.beta,
                "reconstruction": numbers.get("reconstruction"),
                "kl": numbers.get("kl"),
                "picture": routes.publish(grid, "image/png"),
            }
        )
    return rows
