"""Generate: what else could there be?"""

from dataclasses import replace

import streamlit as st

from pages.ui import cache, session
from pages.ui.board.keeping import keep_records
from pages.ui.generate import making, sheet_cache, sheet_session
from pages.ui.generate.direction_panel import direction_panel
from pages.ui.generate.sample_grid import sample_grid
from pages.ui.generate.wish_form import wish_form
from pages.ui.model_picker import model_and_map, warn_of_link
from pages.ui.sheet import ask_from_grid
from vae.latent.sampling import GenerateError

entry, assets = model_and_map()
space = cache.space(entry.name, entry.digest)
names = cache.shown(entry.name, entry.digest).class_names
_, broken = sheet_session.wish(entry.digest, space, len(names))
warn_of_link(broken)


def answer() -> None:
    """Does what the grid asked for, once."""
    value = (st.session_state.get("samples") or {}).get("ask")
    sheet = sheet_session.history(entry.digest).sheet
    if not value or sheet is None:
        return
    try:
        ask = ask_from_grid(value, len(sheet.records), space)
    except (ValueError, TypeError) as error:
        st.warning(f"The grid asked for something that cannot be done: {error}")
        return
    if session.answered(entry.digest, ask.turn):
        return
    if ask.do in ("undo", "redo"):
        sheet_session.step_back(entry.digest, forward=ask.do == "redo")
    elif ask.do == "keep":
        keep_records(entry.name, entry.digest, [sheet.records[i] for i in ask.picks])
    elif ask.do == "region":
        wish, _ = sheet_session.wish(entry.digest, space, len(names))
        sheet_session.ask_for(entry.digest, replace(wish, source="region", polygon=ask.polygon))
    elif ask.do in ("a", "b"):
        sheet_session.groups(entry.digest)[ask.do] = tuple(sheet.records[i] for i in ask.picks)
    else:
        try:
            sheet_session.show_sheet(entry.digest, making.made(entry, sheet, ask))
        except GenerateError as error:
            st.warning(str(error))


@st.fragment
def generator() -> None:
    """Reruns alone when the visitor asks for other pictures."""
    answer()
    wish = wish_form(entry, space, names)
    known = sheet_session.history(entry.digest)
    latest = next((s.wish for s in reversed(known.sheets[: known.now + 1]) if s.wish), None)
    if wish != latest:
        try:
            sheet_session.show_sheet(entry.digest, making.drawn(entry, wish))
        except GenerateError as error:
            st.warning(f"Nothing could be drawn: {error}.")
    known = sheet_session.history(entry.digest)
    if known.sheet is None:
        return
    st.query_params.from_dict(wish.to_query(entry.name, entry.digest))
    pins = tuple(record.pin for record in known.sheet.records)
    sample_grid(
        assets,
        known,
        sheet_cache.judged(entry.name, entry.digest, pins),
        labels=names,
        directions=sheet_session.directions(entry.digest),
        groups={side: len(of) for side, of in sheet_session.groups(entry.digest).items()},
        key="samples",
    )
    direction_panel(entry, names)


generator()
