"""Exports: a panel with choices, a button, a progress bar with Stop and the download; and the
button alone, for the file that is wanted most."""

from collections.abc import Callable

import streamlit as st

from ..runtime import session
from ..runtime.errors import shown_errors, toast
from ..runtime.jobs import Job
from ..runtime.text import plain

Begin = Callable[[], Job | None]
_QUICK = 0.4  # seconds; a longer export gets a progress bar


def job_panel(
    slot: str, form: Callable[[], Begin], *, unit: str, about: str, key: str = "export"
) -> None:
    """Shows the panel.

    `form` draws the choices and returns a function that starts the export, or that shows why it
    cannot start and returns None. `slot` identifies the job in the session, `unit` is the unit of
    progress, and `about` is shown until the first export. A second panel on a page needs another
    `key` of its buttons.
    """
    job = session.remembered(f"{key}_job", slot)
    running = job is not None and job.running
    panel = st.fragment(_panel, run_every=0.4 if running else None)
    panel(slot, form, unit, about, key, running)


def _panel(
    slot: str, form: Callable[[], Begin], unit: str, about: str, key: str, polled: bool
) -> None:
    job = session.remembered(f"{key}_job", slot)
    running = job is not None and job.running
    with st.container():  # the button keeps its position however many choices there are
        begin = form()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Create file", disabled=running, key=f"{key}-make"):
            with shown_errors("The file was not created", show=st.warning):
                job = begin()
            session.remember(f"{key}_job", slot, job)
            if job is not None:
                job.wait(_QUICK)
                if job.running:
                    st.rerun()  # now polled
        if running and st.button("Stop", key=f"{key}-stop"):
            job.stop()
            job.wait(2)
            st.rerun()
    if job is None:
        st.caption(about)
    elif job.running:
        st.progress(min(1.0, job.done / job.of), f"{job.name}: {job.done} of {job.of} {unit}")
    elif polled:
        st.rerun()  # stops polling
    else:
        _outcome(job, key)


def job_button(slot: str, begin: Begin, *, title: str, about: str, key: str) -> None:
    """A button that exports with usual options and downloads the file, with progress and Stop.
    `slot` and `key` as of `job_panel`."""
    job = session.remembered(f"{key}_job", slot)
    running = job is not None and job.running
    panel = st.fragment(_button, run_every=0.4 if running else None)
    panel(slot, begin, title, about, key, running)


def _button(slot: str, begin: Begin, title: str, about: str, key: str, polled: bool) -> None:
    job = session.remembered(f"{key}_job", slot)
    running = job is not None and job.running
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        if st.button(title, disabled=running, key=f"{key}-make", help=about, type="primary"):
            with shown_errors("The file was not created", show=toast):
                job = begin()
            session.remember(f"{key}_job", slot, job)
            if job is not None:
                job.wait(_QUICK)
            st.rerun()
        if running and st.button("Stop", key=f"{key}-stop"):
            job.stop()
            job.wait(2)
            st.rerun()
        if running:
            st.progress(min(1.0, job.done / job.of), width=140)
        elif polled:
            st.rerun()
        elif job is not None and job.error is not None:
            st.caption(plain(f"Export failed: {job.error}."))
        elif job is not None and job.result is not None:
            _download(job, key, f"Save again, {_bytes(len(job.result))}")


def _outcome(job: Job, key: str) -> None:
    if job.error is not None:
        st.error(plain(f"Export failed: {job.error}."))
    elif job.result is None:
        st.info("Export stopped.")
    else:
        _download(job, key, f"Download {job.file} ({_bytes(len(job.result))})")
        st.caption(f"Ready: {job.name}. Your browser saves it by itself.")


def _download(job: Job, key: str, title: str) -> None:
    # download_when_ready.js presses the button once, when it appears. Its own key tells it apart:
    # a container with a new key may still hold the button of the file before.
    st.download_button(
        title,
        job.result,
        job.file,
        job.media_type,
        on_click="ignore",
        key=f"ready-file-{key}-{job.number}",
    )


def _bytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
