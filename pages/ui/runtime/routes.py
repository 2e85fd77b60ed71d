"""HTTP routes next to Streamlit's: published content, JavaScript modules, item images, decoding.

Large data reaches the browser through these routes instead of through script runs: a URL names
its content by hash, so the browser may cache it for ever. Content stays in memory as long as a
cache or a session refers to its URL, and the most recent content longer, up to `_RECENT_BYTES`.
"""

import gzip
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from weakref import WeakValueDictionary

import anyio
import numpy as np
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from vae.errors import AtelierError

from . import thumbnails
from .location import Pin, Space, pins_from_text
from .query import code
from .recently_used import RecentlyUsed

PREFIX = "atelier"
_UI = Path(__file__).resolve().parents[1]
_PAGES = ["", *(path.stem for path in _UI.parent.glob("*.py"))]
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_PRIVATE = {"Cache-Control": "private, max-age=3600"}  # what a visitor brought stays with them
_OWN = {"Cache-Control": "private, max-age=3600, immutable"}  # at an address of its content
_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}  # a picture, whatever its bytes say
_SCRIPT_TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}
_RECENT_BYTES = 256 * 2**20
_DECODING, _MOST_REQUESTS = 2, 64  # requests that decode at once; with those that wait for it


@dataclass(frozen=True)
class Content:
    """A response body, gzip-compressed where that is smaller."""

    body: bytes
    media_type: str
    gzipped: bool
    private: bool


@dataclass(frozen=True)
class Decoder:
    """What the decode route needs of a model; `decode` returns bytes [H, W, C]."""

    space: Space
    decode: Callable[[Pin], bytes]


@dataclass(frozen=True)
class Deferred:
    """A response body that `work` makes when it is requested."""

    work: Callable[[], bytes]
    media_type: str


class PublishedUrl(str):
    """A URL relative to the app's root. It keeps what it refers to in memory; a copy that is not
    this object, such as part of a longer string, does not."""

    def __new__(cls, url: str, content: object) -> "PublishedUrl":
        self = super().__new__(cls, url)
        self.content = _published.setdefault(url, content)
        return self

    def __reduce__(self) -> tuple:
        return PublishedUrl, (str(self), self.content)


_published: WeakValueDictionary[str, object] = WeakValueDictionary()
_recent: RecentlyUsed[str, Content] = RecentlyUsed(_RECENT_BYTES, size=lambda c: len(c.body))
_recent_work: RecentlyUsed[str, PublishedUrl] = RecentlyUsed(200)


def publish(
    payload: bytes, media_type: str = "application/octet-stream", *, private: bool = False
) -> PublishedUrl:
    """Publishes `payload`; caches between server and browser may store it unless `private`."""
    url = f"{PREFIX}/content/{hashlib.sha256(payload).hexdigest()[:20]}"
    content = _published.get(url)
    if content is None:
        body = gzip.compress(payload, compresslevel=6, mtime=0)
        gzipped = len(body) < len(payload)
        content = Content(body if gzipped else payload, media_type, gzipped, private)
    published = PublishedUrl(url, content)
    _recent[url] = published.content
    return published


def publish_deferred(
    name: str, work: Callable[[], bytes], media_type: str = "application/json"
) -> PublishedUrl:
    """The URL of what `work` returns; it runs when the browser requests the URL. `name` must
    determine the result."""
    key = hashlib.sha256(name.encode()).hexdigest()[:20]
    published = PublishedUrl(f"{PREFIX}/later/{key}", Deferred(work, media_type))
    _recent_work[key] = published
    return published


def publish_images(digest: str, images: np.ndarray) -> PublishedUrl:
    """Publishes uint8 images [N, C, H, W]; to the URL is added `/{index}.png`, or for many small
    ones `/sheet?i=` and their numbers."""
    return PublishedUrl(f"{PREFIX}/item/{digest}", images)


@dataclass(frozen=True)
class Originals:
    """The picture files of `count` images; `read` returns the bytes of one and its media type."""

    count: int
    read: Callable[[int], tuple[bytes, str]]


def publish_originals(digest: str, originals: Originals) -> PublishedUrl:
    """Publishes the files that images were made from; `/{index}` is added to the URL."""
    return PublishedUrl(f"{PREFIX}/original/{digest}", originals)


def register_decoder(digest: str, space: Space, decode: Callable[[Pin], bytes]) -> PublishedUrl:
    """Registers a checkpoint for the decode route; `decode` returns bytes [H, W, C]."""
    return PublishedUrl(f"{PREFIX}/decode/{digest}", Decoder(space, decode))


@cache
def _modules() -> tuple[dict[str, bytes], str]:
    """All scripts, JavaScript and WebAssembly, and a hash of them. They are read once, as the
    Python files are: an update below a running server never puts new files below the hash of the
    old ones."""
    scripts = sorted(p for p in _UI.rglob("*") if p.suffix in _SCRIPT_TYPES)
    files = {p.relative_to(_UI).as_posix(): p.read_bytes() for p in scripts}
    return files, hashlib.sha256(b"".join(files.values())).hexdigest()[:12]


def module_url(name: str) -> str:
    """URL of a JavaScript file, given by its path below `pages/ui`. All URLs share one hash of all
    files, so that relative imports never mix two versions."""
    return f"{PREFIX}/ui/{_modules()[1]}/{name}"


@cache
def plotly_url() -> str:
    """URL of the plotly.min.js that ships inside the installed plotly package."""
    import plotly

    source = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    return publish(source.read_bytes(), "text/javascript")


def _find(request: Request, kind: str) -> object | None:
    return _published.get(f"{PREFIX}/{kind}/{request.path_params['key']}")


async def _content(request: Request) -> Response:
    content = _find(request, "content")
    if content is None:
        return _missing("content")
    body, headers = content.body, dict(_OWN if content.private else _FOREVER)
    if content.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    elif content.gzipped:
        body = gzip.decompress(body)
    return Response(body, media_type=content.media_type, headers=headers)


def _missing(kind: str) -> Response:
    return PlainTextResponse(f"No such {kind}; reload the page.", 404)


async def _work(request: Request) -> Response:
    found = _find(request, "later")
    if found is None:
        return _missing("content")
    body = await run_in_threadpool(found.work)
    return Response(body, media_type=found.media_type, headers=_PRIVATE)


async def _module(request: Request) -> Response:
    (files, version), name = _modules(), request.path_params["name"]
    if name not in files or request.path_params["version"] != version:
        return _missing("module")
    return Response(files[name], media_type=_SCRIPT_TYPES[Path(name).suffix], headers=_FOREVER)


async def _item(request: Request) -> Response:
    from PIL import Image

    images, index = _find(request, "item"), request.path_params["index"]
    if images is None or not index.isdecimal() or len(index) > 9 or int(index) >= len(images):
        return _missing("image")
    pixels = images[int(index)].transpose(1, 2, 0)
    target = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(target, "PNG")
    return Response(target.getvalue(), media_type="image/png", headers=_FOREVER)


async def _sheet(request: Request) -> Response:
    """`/item/{digest}/sheet?i=3,14,15` -> a PNG of small pictures of these images."""
    images = _find(request, "item")
    if images is None:
        return _missing("content")
    try:
        shown = thumbnails.numbers(request.query_params.get("i", ""), len(images))
    except AtelierError as error:
        return PlainTextResponse(str(error), 400)
    made = anyio.to_thread.run_sync(
        lambda: thumbnails.sheet([images[i] for i in shown]), limiter=_limiter
    )
    return Response(await made, media_type="image/png", headers=_FOREVER)


async def _original(request: Request) -> Response:
    found, index = _find(request, "original"), request.path_params["index"]
    if found is None or not index.isdecimal() or len(index) > 9 or int(index) >= found.count:
        return _missing("picture")
    try:
        body, kind = await anyio.to_thread.run_sync(found.read, int(index), limiter=_limiter)
    except AtelierError as error:
        return PlainTextResponse(f"The file cannot be shown: {error}.", 404)
    return Response(body, media_type=kind, headers=_PRIVATE | _NO_SNIFFING)


_limiter = anyio.CapacityLimiter(_DECODING)
_requests: set[Request] = set()  # that decode or wait for it


async def _decode(request: Request) -> Response:
    """`/decode/{digest}?z=0.1,0.2` -> bytes [H, W, C]; also `&label=3` for a conditional model and
    `&seed=7` for a hierarchical one. `?p=` with n pins as in links of Explore -> bytes
    [n, H, W, C]. The answer depends on the address alone."""
    decoder = _find(request, "decode")
    if decoder is None:
        return _missing("model")
    space, text = decoder.space, request.query_params.get("z", "")
    try:
        if "p" in request.query_params:
            pins = pins_from_text(request.query_params["p"], space)
        else:
            z = code(space.latent, 17)(text.split(",", space.latent))
            label = space.label(request.query_params.get("label"))
            pins = (Pin(z, label, space.seed(request.query_params.get("seed", 0))),)
    except ValueError as error:
        expected = f"{space.latent} numbers from -1000 to 1000, separated by commas"
        return PlainTextResponse(f"{error}; expected codes of {expected}.", 400)
    if len(_requests) >= _MOST_REQUESTS:
        busy = "The server is decoding for others; try again in a second."
        return PlainTextResponse(busy, 503, {"Retry-After": "1"})
    _requests.add(request)
    try:
        pixels = await anyio.to_thread.run_sync(
            lambda: b"".join(map(decoder.decode, pins)), limiter=_limiter
        )
    finally:
        _requests.remove(request)
    return Response(pixels, media_type="application/octet-stream", headers=_FOREVER)


async def _page(request: Request) -> Response:
    """Streamlit's page, told where the app is: else it first looks for the server below the page's
    own address, where there is none. It shows a word until its scripts have loaded."""
    html = (Path(st.__file__).parent / "static/index.html").read_text("utf-8")
    root = 'window.__streamlit = {BACKEND_BASE_URL: new URL(".", location).href}'
    html = html.replace("<head>", f"<head><script>{root}</script>", 1)
    html = html.replace('<div id="root">', '<div id="root">Loading Latent Atelier…', 1)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


def _above() -> str:
    """The path that the app is served below, without a slash at its end; "" at the root."""
    return f"/{st.get_option('server.baseUrlPath').strip('/')}".rstrip("/")


def page_routes() -> list[Route]:
    """The routes of the pages themselves, in place of Streamlit's."""
    return [Route(f"{_above()}/{name}", _page) for name in _PAGES]


def routes() -> list[Route]:
    """The routes, below `server.baseUrlPath` as Streamlit's own are."""
    base = f"{_above()}/{PREFIX}"
    return [
        Route(f"{base}/content/{{key}}", _content),
        Route(f"{base}/later/{{key}}", _work),
        Route(f"{base}/ui/{{version}}/{{name:path}}", _module),
        Route(f"{base}/item/{{key}}/{{index}}.png", _item),
        Route(f"{base}/item/{{key}}/sheet", _sheet),
        Route(f"{base}/original/{{key}}/{{index}}", _original),
        Route(f"{base}/decode/{{key}}", _decode),
    ]
