"""HTTP routes next to Streamlit's: published content, JavaScript modules, item images, decoding.

Large data reaches the browser through these routes instead of through script runs: a URL names its
content by hash, so the browser may cache it for ever. Published content lives in memory; beyond
`_STORE_BYTES` the least recently used is dropped and its URL answers 404.
"""

import gzip
import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .location import Pin, Space
from .recently_used import RecentlyUsed

PREFIX = "atelier"
_UI = Path(__file__).resolve().parents[1]
_MODULES = sorted(p.relative_to(_UI).as_posix() for p in _UI.rglob("*.js"))
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_STORE_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Content:
    """A response body, gzip-compressed where that is smaller."""

    body: bytes
    media_type: str
    gzipped: bool


_store: RecentlyUsed[str, Content] = RecentlyUsed(
    _STORE_BYTES, size=lambda content: len(content.body)
)
_images: dict[str, np.ndarray] = {}
_deferred: RecentlyUsed[str, Callable[[], bytes]] = RecentlyUsed(500)
_decoders: dict[str, tuple[Space, Callable[[Pin], bytes]]] = {}


def publish(payload: bytes, media_type: str = "application/octet-stream") -> str:
    """Publishes `payload` and returns its URL, relative to the app's root."""
    key = hashlib.sha256(payload).hexdigest()[:20]
    if _store.get(key) is None:
        body = gzip.compress(payload, compresslevel=6, mtime=0)
        gzipped = len(body) < len(payload)
        _store[key] = Content(body if gzipped else payload, media_type, gzipped)
    return f"{PREFIX}/content/{key}"


def publish_deferred(name: str, work: Callable[[], bytes]) -> str:
    """Returns the URL of the JSON that `work` returns; it runs when the browser requests the URL.
    `name` must determine the result."""
    key = hashlib.sha256(name.encode()).hexdigest()[:20]
    _deferred[key] = work
    return f"{PREFIX}/later/{key}"


def publish_images(digest: str, images: np.ndarray) -> str:
    """Publishes uint8 images [N, C, H, W]; returns the URL to which `/{index}.png` is added."""
    _images[digest] = images
    return f"{PREFIX}/item/{digest}"


def register_decoder(digest: str, space: Space, decode: Callable[[Pin], bytes]) -> str:
    """Registers a checkpoint for the decode route; `decode` returns bytes [H, W, C]."""
    _decoders[digest] = (space, decode)
    return f"{PREFIX}/decode/{digest}"


@cache
def _version() -> str:
    return hashlib.sha256(b"".join((_UI / m).read_bytes() for m in _MODULES)).hexdigest()[:12]


def module_url(name: str) -> str:
    """URL of a JavaScript file, given by its path below `pages/ui`. All URLs share one hash of all
    files, so that relative imports never mix two versions."""
    return f"{PREFIX}/ui/{_version()}/{name}"


@cache
def plotly_url() -> str:
    """URL of the plotly.min.js that ships inside the installed plotly package."""
    import plotly

    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return publish(source.read_bytes(), "text/javascript")


async def _content(request: Request) -> Response:
    content = _store.get(request.path_params["key"])
    if content is None:
        return PlainTextResponse("No such content; reload the page.", 404)
    body, headers = content.body, dict(_FOREVER)
    if content.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    elif content.gzipped:
        body = gzip.decompress(body)
    return Response(body, media_type=content.media_type, headers=headers)


async def _work(request: Request) -> Response:
    work = _deferred.get(request.path_params["key"])
    if work is None:
        return PlainTextResponse("No such content; reload the page.", 404)
    body = await run_in_threadpool(work)
    return Response(body, media_type="application/json", headers=_FOREVER)


async def _module(request: Request) -> Response:
    name, version = request.path_params["name"], request.path_params["version"]
    if name not in _MODULES or version != _version():
        return PlainTextResponse("No such module; reload the page.", 404)
    return Response((_UI / name).read_bytes(), media_type="text/javascript", headers=_FOREVER)


async def _item(request: Request) -> Response:
    from PIL import Image

    images = _images.get(request.path_params["digest"])
    index = request.path_params["index"]
    if images is None or index >= len(images):
        return PlainTextResponse("No such image; reload the page.", 404)
    pixels = images[index].transpose(1, 2, 0)
    target = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(target, "PNG")
    return Response(target.getvalue(), media_type="image/png", headers=_FOREVER)


async def _decode(request: Request) -> Response:
    """`/decode/{digest}?z=0.1,0.2` -> bytes [H, W, C]; also `&label=3` for a conditional model and
    `&seed=7` for a hierarchical one."""
    space, decode = _decoders.get(request.path_params["digest"], (None, None))
    if decode is None:
        return PlainTextResponse("No such model; reload the page.", 404)
    try:
        z = tuple(float(v) for v in request.query_params.get("z", "").split(","))
    except ValueError:
        z = ()
    if len(z) != space.latent or not all(math.isfinite(v) and abs(v) <= 1e3 for v in z):
        message = f"z must be {space.latent} numbers between -1000 and 1000, separated by commas."
        return PlainTextResponse(message, 400)
    try:
        label = space.label(request.query_params.get("label"))
        seed = space.seed(request.query_params.get("seed", 0))
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    pixels = await run_in_threadpool(decode, Pin(z, label, seed))
    headers = {"Cache-Control": "no-store"}
    return Response(pixels, media_type="application/octet-stream", headers=headers)


ROUTES = [
    Route(f"/{PREFIX}/content/{{key}}", _content),
    Route(f"/{PREFIX}/later/{{key}}", _work),
    Route(f"/{PREFIX}/ui/{{version}}/{{name:path}}", _module),
    Route(f"/{PREFIX}/item/{{digest}}/{{index:int}}.png", _item),
    Route(f"/{PREFIX}/decode/{{digest}}", _decode),
]
