"""Uploads that stay on disk, as pages read them. Streamlit keeps what is uploaded in memory: for a
large file that is a reference, which `upload_middleware.py` gives it in place of the content."""

from collections.abc import Iterable
from pathlib import Path

from streamlit.runtime.scriptrunner import get_script_run_ctx

from vae.data.incoming import IncomingFiles
from vae.formats.untrusted import read_regular

INCOMING = IncomingFiles()  # their keys are the ids of session and file


def source(file) -> Path | bytes:
    """The path of an `UploadedFile`, or the content of one that is in memory. Raises `DataError`
    for one that could not be kept."""
    key = _key(file)
    return INCOMING.source(key, file.name) if key else file.getvalue()


def content(file) -> bytes:
    """The content of an `UploadedFile`. Raises `DataError` for one that could not be kept."""
    found = source(file)
    return read_regular(found) if isinstance(found, Path) else found


def size(file) -> int:
    """Bytes of an `UploadedFile`."""
    found = INCOMING.find(_key(file))
    return found.size if found else file.size


def release(files: Iterable) -> None:
    """Lets go of files of `st.file_uploader` that are not needed any more."""
    context = get_script_run_ctx()
    for file in files:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
        INCOMING.drop((context.session_id, file.file_id))


def _key(file) -> tuple[str, str] | None:
    """The key of the file that an upload refers to; None if it is the content itself, and be it
    the reference of another upload or another session."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return None
    key = context.session_id, file.file_id
    return key if file.getvalue() == INCOMING.reference(key) else None
