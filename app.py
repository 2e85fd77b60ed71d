"""Latent Atelier: `streamlit run app.py` or `uvicorn app:app`."""

import gc
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.runtime import routes
from pages.ui.runtime.visitor import RememberVisitor
from vae import limits
from vae.validation import ConfigError

try:
    limits.current()
except ConfigError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(2)


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


app = st.App(
    "pages/main.py",
    routes=routes.routes(),
    lifespan=_lifespan,
    middleware=[Middleware(RememberVisitor)],
)
