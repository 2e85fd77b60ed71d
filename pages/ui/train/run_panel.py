"""One run: its state, its progress and its actions."""

import streamlit as st

from vae.training import run_queue, runs
from vae.training.runs import RunInfo

from ..runtime import cache, session, visitor
from ..runtime.errors import shown_errors
from ..runtime.text import plain
from . import session as train_session

STATES = {
    "queued": "is queued",
    "starting": "is starting",
    "running": "is training",
    "stopped": "was stopped",
    "finished": "has finished",
    "failed": "failed",
    "dead": "has crashed",
    "damaged": "is damaged",
}


def run_panel(id: str) -> None:
    """Shows the run's state, progress and buttons."""
    run = next((r for r in runs.list_runs() if r.id == id), None)
    with shown_errors("This run cannot be shown"):
        run = run or runs.info(id)
    if run is None:
        return
    queue = f", number {run.position} in the queue" if run.position else ""
    st.subheader(f"{plain(run.name)} {STATES.get(run.state, run.state)}{queue}")
    _progress(run)
    if run.state in ("failed", "dead", "damaged"):
        message = run.status.message or "The process exited without an error message."
        st.error(plain(f"{message[0].upper()}{message[1:]}"))
        if run.log_tail:
            st.code("\n".join(run.log_tail), language=None)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row, shown_errors("This run was not changed"):
        _buttons(run)


def _progress(run: RunInfo) -> None:
    status = run.status
    if not status.steps:
        return
    epoch = min(status.epochs, status.step * status.epochs // status.steps + 1)
    parts = [f"epoch {epoch} of {status.epochs}"]
    if run.live:
        parts.append(f"{status.images_per_second:,} images per second")
        if status.left is not None:
            parts.append(f"{_left(status.left)} left")
    else:
        parts.append(f"{status.seconds:.0f} s of training")
    st.progress(min(1.0, status.step / status.steps), ", ".join(parts))
    for warning in status.warnings:
        st.warning(f"{warning[:1].upper()}{warning[1:]}.")


def _buttons(run: RunInfo) -> None:
    if not visitor.may_change(run.path):
        st.caption("Started by someone else, or in another browser: only there can it be changed.")
        return
    by = visitor.visitor()
    if run.live or run.state == "queued":
        about = "Saves the state of the training; it can be resumed later."
        if st.button("Stop", key="run-stop", help=about):
            run_queue.stop(run.id, by)
            st.rerun()
        return
    if run.state == "finished" and run.plan.options:
        about = "Starts another training with the same settings from these weights."
        if st.button("Train for longer", key="run-longer", help=about):
            options = dict(run.plan.options) | {"start": str(run.path)}
            who = {"by": by, "checkpoints": cache.CHECKPOINTS}
            longer = run_queue.start(options, name=f"{run.name}, longer"[:80], **who)
            train_session.show_runs([longer])
            st.query_params["run"] = longer
            st.rerun()
    can_resume = run.state in ("stopped", "dead", "failed") and run.plan.options
    if can_resume and st.button("Resume", key="run-resume"):
        run_queue.resume(run.id, by, cache.CHECKPOINTS)
        st.rerun()
    saved = train_session.published().get(run.id)
    if saved and (cache.CHECKPOINTS / saved).exists():
        if st.button(f"Open {saved} in Explore", type="primary", key="run-open"):
            session.choose_model(saved)
            st.switch_page("explore.py")
    elif run.state in ("stopped", "finished"):
        key = f"run-name-{run.id}"
        name = st.text_input(
            "Save checkpoint as", _slug(run.name), max_chars=60, width=260, key=key
        )
        if st.button("Save", key="run-save"):
            runs.publish(run.id, name, cache.CHECKPOINTS, by)
            train_session.published()[run.id] = name
            st.rerun()
    with st.popover("Delete"):
        st.caption("Deletes the run, its curve and its snapshots. Saved checkpoints stay.")
        if st.button("Delete this run", key="run-delete"):
            runs.delete(run.id, by)
            train_session.show_runs([])
            st.query_params.clear()
            st.rerun()


def _slug(name: str) -> str:
    characters = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return "-".join(part for part in characters.split("-") if part)[:60] or "mine"


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
