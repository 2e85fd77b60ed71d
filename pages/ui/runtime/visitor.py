"""Who a visitor is: a secret key in a cookie of their browser, which the server gives with its
first page. What they make on the server belongs to the key."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from vae import limits
from vae.files import owners
from vae.files.owners import OwnerError, Visitor

PUBLIC = "This server is for looking only: it trains nothing and keeps nothing."
_COOKIE, _KEY = "latent-atelier-visitor", re.compile(r"[A-Za-z0-9_-]{22}")
_SECONDS = 400 * 24 * 3600  # longer is not allowed by browsers
_HERE = re.compile(r"(https?://)?(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?")
_FORWARDED = re.compile(r"forwarded|x-forwarded-.*|x-real-ip|via", re.IGNORECASE)


def key() -> str:
    """The key of this browser; of this session where the browser keeps no cookies."""
    known = key_in(st.context.cookies)
    return known or st.session_state.setdefault("visitor-key", secrets.token_urlsafe(16))


def key_in(cookies: Mapping[str, str]) -> str | None:
    """The key among cookies; None where it is missing or malformed."""
    found = str(cookies.get(_COOKIE, ""))
    return found if _KEY.fullmatch(found) else None


def visitor() -> Visitor:
    """Who asks for a change. Raises `OwnerError` on a public server."""
    if limits.current().public:
        raise OwnerError(PUBLIC)
    return owners.visitor_of(key(), local=_at_this_machine())


def may_change(folder: Path) -> bool:
    """Whether the visitor may change a run or a model."""
    return not limits.current().public and owners.may_change(folder, visitor())


def upload_mb() -> int:
    """Megabytes of one file that both this program and Streamlit's server take."""
    return min(limits.current().upload_mb, st.get_option("server.maxUploadSize"))


def _at_this_machine() -> bool:
    """Whether the server listens here alone and is asked by a browser here, not by a proxy."""
    asked = [st.context.headers.get(name) or "localhost" for name in ("Host", "Origin")]
    return (
        limits.current().mode == ""
        and st.get_option("server.address") in ("localhost", "127.0.0.1", "::1")
        and not isinstance(st.context.ip_address, str)  # Streamlit names none for this machine
        and all(map(_HERE.fullmatch, asked))
        and not any(map(_FORWARDED.fullmatch, st.context.headers))
    )


class RememberVisitor:
    """ASGI middleware that gives every browser its key with the HTML of a page, and renews it. The
    cookie has no path: it is for all pages beside the one that was asked for."""

    def __init__(self, app) -> None:
        self._app = app

    async def __call__(self, scope, receive, send) -> None:
        async def send_with_key(message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    key = key_in(HTTPConnection(scope).cookies) or secrets.token_urlsafe(16)
                    more = f"Max-Age={_SECONDS}; HttpOnly; SameSite=Lax"
                    headers.append("Set-Cookie", f"{_COOKIE}={key}; {more}")
            await send(message)

        await self._app(scope, receive, send_with_key if scope["type"] == "http" else send)
