"""Latent Atelier: `streamlit run app.py` or `uvicorn app:app`."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from pages.ui.runtime import routes


def _warm_up() -> None:
    """Loads what the first visitor needs while their browser still loads the frame.

    Afterwards everything alive is moved out of the garbage collector's sight: torch alone brings
    half a million objects that would be visited again and again.
    """
    from pages.ui.runtime import cache

    cache.warm_up()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


app = st.App("pages/main.py", routes=routes.routes(), lifespan=_lifespan)
