"""The middleware through which uploads go to disk, before Streamlit keeps them in memory."""

import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager

import anyio
from anyio.to_thread import run_sync
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from streamlit import runtime

from vae.data.incoming import IncomingFile, IncomingFiles
from vae.formats.untrusted import DataError

from ..runtime.visitor import key_in, upload_mb
from .large_uploads import INCOMING

_ROUTE = re.compile(r".*/_stcore/upload_file/([^/]+)/([^/]+)")
_SMALL = 2**20  # bytes of a request that may stay in memory,
_IN_MEMORY = 32 * 2**20  # if all that Streamlit keeps are not more than these
_MARGIN = 2**20  # bytes of a request beside the content of its file, as Streamlit allows
_BLOCK = 2**18  # bytes that are written at once
_AT_ONCE, _AT_ONCE_EACH = 64, 16  # uploads of all visitors and of one; others wait
_SILENT, _LONGEST = 60, 3600  # seconds without a byte, and of an upload with its waiting
_BETWEEN_SWEEPS = 30  # seconds


class LargeUploads:
    """ASGI middleware that takes the content of uploads to disk, but for small files as long as
    they are few. Streamlit checks headers and session before it asks for the body, so nothing is
    stored of a request that it refuses, and it answers what is refused here."""

    def __init__(self, app, incoming: IncomingFiles = INCOMING) -> None:
        self._app, self._incoming = app, incoming
        self._arriving: Counter[str] = Counter()  # uploads by owner
        self._swept = 0.0

    async def __call__(self, scope, receive, send) -> None:
        route = scope["type"] == "http" and _ROUTE.fullmatch(scope["path"])
        if not route or scope["method"] not in ("PUT", "DELETE"):
            return await self._app(scope, receive, send)
        key, request, stored, accepted = route.groups(), HTTPConnection(scope), None, False

        async def receive_reference():
            nonlocal stored
            if stored is not None:
                return await receive()
            try:
                stored, body = await self._store(key, request, receive)
            except ClientDisconnect:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": body, "more_body": False}

        async def send_and_note(message) -> None:
            nonlocal accepted
            if message["type"] == "http.response.start" and message["status"] < 400:
                accepted = True
                if stored is not None:
                    stored.whole = True
                else:  # deleted, or a small file in its place
                    self._incoming.drop(key)
            await send(message)

        small = scope["method"] == "DELETE" or _stays_in_memory(request)
        try:
            await self._app(scope, receive if small else receive_reference, send_and_note)
        except ClientDisconnect:
            pass  # there is nobody to tell
        finally:
            if stored is not None and not accepted:
                self._incoming.cancel(key)

    async def _store(self, key, request, receive) -> tuple[IncomingFile, bytes]:
        """Writes the file of a request; returns it, and the body with its reference as content."""
        owner = key_in(request.cookies) or key[0]
        if _length(request) > upload_mb() * 2**20 + _MARGIN:
            raise HTTPException(413, _too_large())
        try:
            with anyio.fail_after(_LONGEST):
                async with self._turn(owner):
                    await run_sync(self._sweep)
                    form = _OneFile(request.headers.get("content-type", ""))
                    file = await run_sync(self._incoming.begin, key, owner)
                    try:
                        await self._write(file, form, receive)
                        return file, form.with_content(self._incoming.reference(key))
                    except BaseException:
                        self._incoming.cancel(key)
                        raise
        except TimeoutError as error:
            raise HTTPException(408, "The upload took too long; try again.") from error
        except DataError as error:
            raise HTTPException(409, f"{error}.") from error

    async def _write(self, file, form, receive) -> None:
        most, size = upload_mb() * 2**20, 0
        async with aclosing(_blocks(receive)) as blocks:
            async for block in blocks:
                content = await run_sync(form.content_in, block)
                size += len(content)
                if size > most:
                    raise HTTPException(413, _too_large())
                await run_sync(self._incoming.write, file, content)

    @asynccontextmanager
    async def _turn(self, owner: str) -> AsyncIterator[None]:
        while self._arriving[owner] >= _AT_ONCE_EACH or self._arriving.total() >= _AT_ONCE:
            await anyio.sleep(0.1)
        self._arriving[owner] += 1
        try:
            yield
        finally:
            self._arriving -= Counter([owner])  # which forgets an owner without uploads

    def _sweep(self) -> None:
        """Removes the files of sessions that have ended, and those that pages forgot."""
        if time.monotonic() - self._swept > _BETWEEN_SWEEPS and runtime.exists():
            self._swept = time.monotonic()
            known = runtime.get_instance().uploaded_file_mgr
            self._incoming.sweep(lambda key: bool(known.get_files(key[0], [key[1]])))


async def _blocks(receive: Callable) -> AsyncIterator[bytes]:
    """The body of a request in blocks of about `_BLOCK` bytes."""
    block, more = bytearray(), True
    while more:
        with anyio.fail_after(_SILENT):
            message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        block += message.get("body", b"")
        more = message.get("more_body", False)
        if len(block) >= _BLOCK or not more:
            yield bytes(block)
            block.clear()


class _OneFile:
    """A multipart body with one part, whose content is taken out of it."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        self._boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not self._boundary:
            raise HTTPException(400, "Expected a file as multipart/form-data.")
        self._parts, self._ended = 0, False
        self._head, self._name, self._value = bytearray(), bytearray(), bytearray()
        self._content = bytearray()
        calls = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, i, j: self._name.extend(data[i:j]),
            "on_header_value": lambda data, i, j: self._value.extend(data[i:j]),
            "on_header_end": self._end_header,
            "on_part_data": lambda data, i, j: self._content.extend(memoryview(data)[i:j]),
            "on_end": self._end,
        }
        with _form_errors():
            self._parser = MultipartParser(self._boundary, calls)

    def content_in(self, block: bytes) -> bytes:
        """What of the content is in the next block of the body."""
        with _form_errors():
            self._parser.write(block)
        found, self._content = self._content, bytearray()
        return found

    def with_content(self, content: bytes) -> bytes:
        """The body, which has ended, with another content."""
        if not self._ended:
            raise HTTPException(400, "The file is not complete; upload it again.")
        parts = (b"--", self._boundary, b"\r\n", self._head, b"\r\n", content)
        return b"".join((*parts, b"\r\n--", self._boundary, b"--\r\n"))

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise HTTPException(400, "Expected 1 file, but got several.")

    def _end_header(self) -> None:
        self._head += self._name + b": " + self._value + b"\r\n"
        self._name.clear()
        self._value.clear()

    def _end(self) -> None:
        self._ended = True


@contextmanager
def _form_errors() -> Iterator[None]:
    try:
        yield
    except FormParserError as error:
        raise HTTPException(400, "The body of the request is damaged.") from error


def _stays_in_memory(request: HTTPConnection) -> bool:
    length = _length(request)
    if not 0 < length <= _SMALL:
        return False
    if not runtime.exists():
        return True
    families = runtime.get_instance().uploaded_file_mgr.get_stats()
    held = sum(stat.byte_length for stats in families.values() for stat in stats)
    return held + length <= _IN_MEMORY


def _length(request: HTTPConnection) -> int:
    """Bytes of the body; 0 where that is not said."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _too_large() -> str:
    return f"The file is too large; at most {upload_mb()} MB."
