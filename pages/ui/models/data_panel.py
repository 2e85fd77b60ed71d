"""Where the images of a model are not found: a note, and the form by which its owner points to
them. They are read by the model's preparation and taken only if they are the same."""

import os
from pathlib import Path

import streamlit as st

import vae
from vae.checkpoint.artifacts import save_data_path
from vae.data import kept_images
from vae.data.load import preparation_of
from vae.files.owners import Visitor
from vae.isolation import reader
from vae.progress import Progress

from ..controls.large_uploads import release
from ..controls.own_data import keep_uploads, server_folders
from ..runtime import cache, session, visitor
from ..runtime.errors import shown_errors
from ..runtime.jobs import start_job
from ..runtime.text import plain

_SLOT = "relink"


def data_note(entry: vae.Entry) -> None:
    """Says on a page with a map that its images are those kept with the model."""
    gone = cache.data_missing(entry)
    if gone is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        what = f"“{Path(gone).name}” was not found: shown are the images kept with the model."
        st.caption(plain(what), width="content")
        st.page_link("models.py", label="Point to the images", icon=":material/link:")


def data_panel(entry: vae.Entry) -> None:
    """Says that the images are missing; to those who may change the model it shows the form."""
    job, gone = session.remembered(_SLOT, entry.name), cache.data_missing(entry)
    if gone is None:
        if job is not None and job.result:
            st.success(job.result)
        return
    kept = (
        "those kept with the model are shown, without the originals"
        if kept_images.exists(entry.path)
        else "none are kept with it, so it cannot be shown"
    )
    st.warning(plain(f"The images of this model, “{Path(gone).name}”, were not found: {kept}."))
    if not visitor.may_change(entry.path):
        st.caption("Whoever trained it can point to the images.")
        return
    with st.expander("Point to the images", expanded=job is not None):
        running = job is not None and job.running
        st.fragment(_form, run_every=0.4 if running else None)(entry, running)


def _form(entry: vae.Entry, polled: bool) -> None:
    job = session.remembered(_SLOT, entry.name)
    if job is not None and job.running:
        st.progress(min(1.0, job.done / max(1, job.of)), job.name)
        if st.button("Stop", key="relink-stop"):
            job.stop()
            job.wait(2)
            st.rerun()
        return
    if polled:
        st.rerun()  # stops polling
    if job is not None and job.error:
        st.error(plain(f"{entry.name} was not changed: {job.error.rstrip('.')}."))
    with shown_errors("The images were not compared"):
        by = visitor.visitor()
        if path := _path(entry, by):
            job = start_job(
                lambda progress: _relink(entry, path, by, progress),
                name=f"Comparing the images with those of {entry.name}",
            )
            session.remember(_SLOT, entry.name, job)
            job.wait(0.4)
            st.rerun()


def _path(entry: vae.Entry, by: Visitor) -> str | None:
    """What the visitor gives: the person at this machine any path, others what they upload or what
    the server offers."""
    name = Path(cache.data_missing(entry) or "").name
    st.caption(
        f"Where is “{plain(name)}” now? It is compared with what the model was trained on, and "
        "used if images, labels and order are the same."
    )
    if by.local:
        with st.form(f"relink-{entry.name}", border=False):
            about = "The path of the folder, the archive or the file on this machine."
            path = st.text_input("Folder or file", key=f"relink-path-{entry.name}", help=about)
            sent = st.form_submit_button("Compare and use")
        return os.path.abspath(os.path.expanduser(path.strip())) if sent and path.strip() else None
    if folders := server_folders():
        chosen = st.selectbox("On this server", [*folders], None, format_func=folders.get)
        if st.button("Compare and use", disabled=chosen is None, key=f"relink-use-{entry.name}"):
            return chosen
    turn = st.session_state.setdefault("relink-turn", 0)
    most = visitor.upload_mb()
    files = st.file_uploader(
        f"The files or the archive, at most {most} MB",
        accept_multiple_files=True,
        max_upload_size=most,
        key=f"relink-files-{turn}-{entry.name}",
    )
    if not files:
        return None
    path = keep_uploads(files)
    st.session_state["relink-turn"] = turn + 1  # the field is emptied
    release(files)
    return path


def _relink(entry: vae.Entry, path: str, by: Visitor, progress: Progress) -> str:
    """Compares and records; returns what was done."""
    how, held_out = preparation_of(entry.config), entry.config.train.held_out
    found = reader.read_dataset(path, how, held_out, progress=progress)
    digest = (entry.metrics.get("data") or {}).get("digest")
    kept_images.check_same(entry.path, digest, found, f"“{Path(path).name}”")
    save_data_path(entry.path, path, by)
    cache.forget_images()
    count = len(found.train.labels) + len(found.test.labels)
    return f"The {count:,} images are the same; they and their originals are used from now on."
