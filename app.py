"""Latent Atelier: `streamlit run app.py` or `uvicorn app:app`."""

import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.controls.upload_middleware import LargeUploads
from pages.ui.runtime import routes
from pages.ui.runtime.visitor import RememberVisitor
from vae import limits
from vae.files import folders
from vae.validation import ConfigError

try:
    limits.current()
except ConfigError as error:
    print(f"Error: {error}", file=sys.stderr)
    sys.exit(2)

# Caches that are filled outside a visitor's session, as by the warm-up, are no mistake here.
_CONTEXT = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
_CONTEXT.addFilter(lambda record: "missing ScriptRunContext" not in record.getMessage())


def _warm_up() -> None:
    """Loads what the first visitor needs while their browser still loads the frame.

    Afterwards everything alive is moved out of the garbage collector's sight: torch alone brings
    half a million objects that would be visited again and again.
    """
    from pages.ui.runtime import cache

    cache.warm_up()
    gc.collect()
    gc.freeze()


def _announce() -> None:
    """One line: where the app is, who can reach it, and where data is stored."""
    if Path(sys.argv[0]).name == Path(__file__).name:  # `streamlit run`, which sets it
        address = st.get_option("server.address") or "0.0.0.0"
        alone = address in ("127.0.0.1", "localhost", "::1")
        who = "this machine alone" if alone else "everyone who reaches this machine"
        base = st.get_option("server.baseUrlPath").strip("/")
        scheme = "https" if st.get_option("server.sslCertFile") else "http"
        host = f"[{address}]" if ":" in address else address
        where = f"{scheme}://{host}:{st.get_option('server.port')}/{base} for {who}"
    else:
        where = "the address below"
    stored = f"boards in {folders.boards()}, trainings in {folders.runs()}"
    print(f"Latent Atelier: {where}; {stored}.", flush=True)


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    _announce()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()
    yield


_ROUTES = [*routes.page_routes(), *routes.routes()]
_MIDDLEWARE = [Middleware(RememberVisitor), Middleware(LargeUploads)]
app = st.App("pages/main.py", routes=_ROUTES, lifespan=_lifespan, middleware=_MIDDLEWARE)
