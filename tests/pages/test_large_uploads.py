"""Uploads that stay on disk: the middleware before Streamlit's own routes, and what pages read."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from pages.ui.controls import large_uploads, own_data, upload_middleware
from pages.ui.controls.upload_middleware import LargeUploads
from vae import DataError
from vae.data import upload_store
from vae.data.incoming import IncomingFiles
from vae.files.owners import Visitor

MB = 2**20
TOKEN = generate_xsrf_token_string()
HEAD = (
    b'--xyz\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n'
    b"Content-Type: application/zip\r\n\r\n"
)
TAIL = b"\r\n--xyz--\r\n"


def body(content, name="a.zip"):
    return HEAD % name.encode() + content + TAIL


def run(work):
    """In a thread of its own: a browser test in the same process keeps a loop running in this."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


class Server:
    """Streamlit's routes behind the middleware; `sessions` are those that it knows."""

    def __init__(self, base="") -> None:
        self.files, self.sessions = IncomingFiles(), {"s", "t"}
        self.manager = MemoryUploadedFileManager("/_stcore/upload_file")
        self.uploaded_file_mgr = self.manager
        middleware = [Middleware(LargeUploads, incoming=self.files)]
        self.app = Starlette(
            routes=create_upload_routes(self, self.manager, base), middleware=middleware
        )
        self.asked = 0

    def is_active_session(self, session):
        return session in self.sessions

    def request(self, *messages, method="PUT", path="/_stcore/upload_file/s/1", **headers):
        return run(self.requested(messages, method, path, headers))

    async def requested(self, messages, method, path, headers):
        """The status and text of the answer; a body is sent in pieces, which end as asked."""
        given = {
            "content_type": "multipart/form-data; boundary=xyz",
            "x_xsrftoken": TOKEN,
            "cookie": f"_streamlit_xsrf={TOKEN}",
        } | headers
        raw = [(k.replace("_", "-").encode(), str(v).encode()) for k, v in given.items()]
        scope = {"type": "http", "method": method, "path": path, "headers": raw}
        scope |= {"query_string": b"", "root_path": "", "http_version": "1.1"}
        left, answers = list(messages), []

        async def receive():
            self.asked += 1
            piece = left.pop(0)
            if piece is None:
                return {"type": "http.disconnect"}
            if piece is ...:  # silence
                await asyncio.sleep(60)
            return {"type": "http.request", "body": piece, "more_body": bool(left)}

        async def send(message):
            answers.append(message)

        await self.app(scope, receive, send)
        text = b"".join(answer.get("body", b"") for answer in answers)
        return (answers[0]["status"] if answers else None), text.decode()

    def upload(self, content, name="a.zip", **options):
        sent = body(content, name)
        return self.request(sent[:9], sent[9:], content_length=len(sent), **options)[0]

    def kept(self, session="s", file="1"):
        """What Streamlit keeps."""
        return self.manager.get_files(session, [file])[0]

    def read(self, session="s", file="1"):
        """The upload as a page gets it."""
        return UploadedFile(self.kept(session, file), None)


@pytest.fixture
def serve(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path / "runs"))

    def begin(base=""):
        server = Server(base)
        monkeypatch.setattr(large_uploads, "INCOMING", server.files)
        monkeypatch.setattr(upload_middleware.runtime, "exists", lambda: True)
        monkeypatch.setattr(upload_middleware.runtime, "get_instance", lambda: server)
        as_page(server, monkeypatch)
        return server

    return begin


def as_page(server, monkeypatch, session="s"):
    context = SimpleNamespace(session_id=session, uploaded_file_mgr=server.manager)
    monkeypatch.setattr(large_uploads, "get_script_run_ctx", lambda **_: context)


def on_disk(tmp_path):
    folder = tmp_path / "runs/.incoming"
    return [p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"]


@pytest.mark.parametrize("base", ["", "some/path"])
@pytest.mark.parametrize("pieces", [MB, 100_000, 33])
def test_streamlit_keeps_a_reference_and_the_page_reads_the_file(
    serve, tmp_path, monkeypatch, base, pieces
):
    monkeypatch.setattr(upload_middleware, "_BLOCK", pieces)
    server, name = serve(base), "photos/été 1.zip"
    content = b"\r\n--xyz\r\n-\r\n--xy" * 9 + bytes(range(256)) * (8 if pieces == 33 else 5000)
    content = content.replace(b"\r\n--xyz\r\n", b"\r\n--xyZ\r\n")
    sent = body(content, name)
    parts = [sent[i : i + pieces] for i in range(0, len(sent), pieces)]
    path = f"/{base}/_stcore/upload_file/s/1".replace("//", "/")
    assert server.request(*parts, b"", path=path) == (204, "")  # without a Content-Length
    kept = server.kept()
    assert (kept.name, kept.type) == (name, "application/zip") and len(kept.data) < 100
    (file,) = on_disk(tmp_path)
    assert file.read_bytes() == content == large_uploads.content(server.read())
    assert large_uploads.source(server.read()) == file
    assert large_uploads.size(server.read()) == len(content)


def test_small_files_stay_in_memory_as_long_as_they_are_few(serve, tmp_path, monkeypatch):
    server = serve()
    monkeypatch.setattr(upload_middleware, "_IN_MEMORY", 2500)
    for k in range(4):
        assert server.upload(bytes([k]) * 1000, path=f"/_stcore/upload_file/s/{k}") == 204
        assert large_uploads.content(server.read(file=str(k))) == bytes([k]) * 1000
        assert large_uploads.size(server.read(file=str(k))) == 1000
    assert [len(server.kept(file=str(k)).data) > 99 for k in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    assert len(on_disk(tmp_path)) == 2


def test_nothing_is_stored_of_what_is_refused(serve, tmp_path, monkeypatch):
    server = serve()
    content = b"1" * 2 * MB
    assert server.upload(content, x_xsrftoken="") == 403
    assert server.upload(content, path="/_stcore/upload_file/unknown/1") == 400
    assert server.upload(content, path="/other/_stcore/upload_file/s/1") == 404
    length = {"content_length": 300 * MB}
    assert server.request(b"", **length)[0] == 413
    assert server.asked == 0  # not even read
    monkeypatch.setattr(upload_middleware, "upload_mb", lambda: 1)
    for headers in ({}, {"content_length": 2 * MB}, {"content_length": 9 * MB}):
        answer = server.request(body(content), **headers)
        assert answer == (413, "The file is too large; at most 1 MB.")
    two = body(b"1")[: -len(TAIL)] + b"\r\n" + body(b"2")
    assert server.request(two) == (400, "Expected 1 file, but got several.")
    assert server.request(b"x=1", content_type="text/plain")[0] == 400
    assert server.request(b"--abc\r\n")[1] == "The body of the request is damaged."
    assert server.request(body(b"123")[:-9]) == (400, "The file is not complete; upload it again.")
    assert (
        server.request(b"--xyz\r\nContent-Disposition: form-data; name=a\r\n\r\n1" + TAIL)[0]
        == 400
    )
    assert server.request(body(b"123")[:-9], None) == (None, "")  # broken off
    monkeypatch.setattr(upload_middleware, "_SILENT", 0.01)
    answer = server.request(body(b"123")[:-9], ...)
    assert answer == (408, "The upload took too long; try again.")
    assert not on_disk(tmp_path) and not server.files._files and not server.files._taken


def test_a_file_goes_with_what_refers_to_it(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(upload_middleware, "_BETWEEN_SWEEPS", -1)
    server, big = serve(), b"1" * 2 * MB
    server.upload(big)
    assert server.request(b"", method="DELETE") == (204, "")
    assert not on_disk(tmp_path) and not server.files._files
    server.upload(big)
    server.upload(b"small")  # in its place
    assert not on_disk(tmp_path) and large_uploads.content(server.read()) == b"small"
    server.upload(big)
    server.upload(big, path="/_stcore/upload_file/t/1")
    server.manager.remove_session_files("s")
    server.upload(big, path="/_stcore/upload_file/t/2")
    assert len(on_disk(tmp_path)) == 2
    as_page(server, monkeypatch, "t")
    large_uploads.release([server.read("t", "1")])
    assert len(on_disk(tmp_path)) == 1 and not server.manager.get_files("t", ["1"])


def test_only_its_own_session_reads_a_file_and_other_content_is_content(serve, monkeypatch):
    server = serve()
    server.upload(b"1" * 2 * MB)
    reference = server.kept().data
    for session, file in (("t", "1"), ("s", "2"), ("t", "3")):
        server.upload(reference, path=f"/_stcore/upload_file/{session}/{file}")
        as_page(server, monkeypatch, session)
        assert large_uploads.content(server.read(session, file)) == reference
    as_page(server, monkeypatch)
    server.upload(b"2" * 2 * MB, path="/_stcore/upload_file/s/2")
    swapped = UploadedFileRec("2", "a", "b", reference)
    assert large_uploads.content(UploadedFile(swapped, None)) == reference


def test_what_the_disk_or_a_limit_does_not_take_is_said_on_the_page(serve, monkeypatch):
    server = serve()
    monkeypatch.setattr(
        IncomingFiles, "write", lambda self, file, _: self._refuse(file, "the disk is full")
    )
    assert server.upload(b"1" * 2 * MB) == 204
    for read in (large_uploads.content, large_uploads.source):
        with pytest.raises(DataError, match=r"a\.zip: the disk is full"):
            read(server.read())


def test_uploads_of_one_visitor_wait_for_each_other(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(upload_middleware, "_AT_ONCE_EACH", 1)
    server = serve()
    headers = {"cookie": f"_streamlit_xsrf={TOKEN}; latent-atelier-visitor={'k' * 22}"}

    async def three():
        pieces = ((body(b"1"), ...), (body(b"2"),), (body(b"3"),))
        others = (headers, headers, {})
        paths = [f"/_stcore/upload_file/s/{k}" for k in range(3)]
        tasks = [
            asyncio.create_task(server.requested(sent, "PUT", path, other))
            for sent, path, other in zip(pieces, paths, others, strict=True)
        ]
        await asyncio.wait(tasks[2:])
        await asyncio.sleep(0.2)
        done = [task.done() for task in tasks]
        tasks[0].cancel()
        await asyncio.wait(tasks)
        return done, tasks[1].result()[0], tasks[2].result()[0]

    assert run(three()) == ([False, False, True], 204, 204)
    assert len(on_disk(tmp_path)) == 2


def test_files_on_disk_are_kept_for_training_like_those_in_memory(serve, tmp_path, monkeypatch):
    server = serve()
    monkeypatch.setattr(own_data.cache, "checkpoints", lambda: [])
    monkeypatch.setattr(own_data.visitor, "visitor", lambda: Visitor("a" * 32))
    contents = {"cats/1.png": b"1" * 2 * MB, "cats/2.png": b"2"}
    for k, (name, content) in enumerate(contents.items()):
        server.upload(content, name, path=f"/_stcore/upload_file/s/{k}")
    files = [server.read(file=str(k)) for k in range(2)]
    path = own_data.keep_uploads(files)
    assert path == str(upload_store.save(list(contents.items()), by=Visitor("a" * 32)))
    assert own_data.keep_uploads(files[:1]) != path
    large_uploads.release(files)
    assert not on_disk(tmp_path)
    with pytest.raises(DataError, match="no longer"):
        own_data.keep_uploads(files)
