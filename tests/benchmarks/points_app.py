"""A map of synthetic points, so that its size can be chosen: `/?n=1000000`."""

import numpy as np
import streamlit as st

from pages.ui.explore.latent_map import latent_map
from pages.ui.runtime import routes
from pages.ui.runtime.cache import DEFAULT_MODEL, checkpoint, checkpoints
from pages.ui.runtime.location import Location
from pages.ui.runtime.map_assets import publish_map
from vae.export.decoder_program import decoder_program
from vae.latent.encoding import Codes

count = int(st.query_params.get("n", "10000"))


@st.cache_resource
def prepared(count: int):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, count)
    centres = rng.normal(scale=1.5, size=(10, 2))
    codes = (centres[labels] + rng.normal(scale=0.35, size=(count, 2))).astype(np.float32)
    std = np.full_like(codes, 0.03)
    assets = publish_map(Codes(codes, std), labels, [f"class {k}" for k in range(10)])
    entry = next(e for e in checkpoints() if e.name == DEFAULT_MODEL)
    model = checkpoint(entry.name, entry.digest).model
    assets.urls["program"] = routes.publish(decoder_program(model))
    assets.urls["items"] = "none"
    assets.facts.update(
        name="synthetic",
        digest=f"synthetic-{count}",
        image=[1, 28, 28],
        prior=True,
        split=f"{count:,} points",
    )
    return assets


st.set_page_config(layout="wide")
assets = prepared(count)
place = Location((0.0, 0.0), layers=tuple(assets.facts["layers"]))
latent_map(assets, place, link="", revision=0, key="map")
