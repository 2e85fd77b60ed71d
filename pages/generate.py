"""Generate: what else could there be?"""

from dataclasses import replace

import streamlit as st

from pages.ui.controls.page_header import page_header
from pages.ui.generate import (
    cache as generate_cache,
)
from pages.ui.generate import (
    sampling,
)
from pages.ui.generate import (
    session as generate_session,
)
from pages.ui.generate.direction_panel import direction_panel
from pages.ui.generate.form import sampling_form
from pages.ui.generate.keep import keep_records
from pages.ui.generate.sample_grid import sample_grid
from pages.ui.generate.sheet import ask_from_grid, request_to_query
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.runtime import cache, session
from vae.latent.sampling import SamplingError

page_header(
    "Generate",
    "What new images can the model generate? Draw a sheet of samples, choose the ones you "
    "like, then vary, mix or edit them.",
)

entry, assets = model_and_map()
space = cache.space(entry.name, entry.digest)
names = cache.shown(entry.name, entry.digest).class_names
_, broken = generate_session.request(entry.digest, space, len(names))
warn_of_link(broken)


def answer() -> None:
    """Does what the grid asked for, once."""
    value = (st.session_state.get("samples") or {}).get("ask")
    sheet = generate_session.history(entry.digest).sheet
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
        generate_session.step_back(entry.digest, forward=ask.do == "redo")
    elif ask.do == "keep":
        keep_records(entry.name, entry.digest, [sheet.records[i] for i in ask.picks])
    elif ask.do == "region":
        request, _ = generate_session.request(entry.digest, space, len(names))
        generate_session.set_request(
            entry.digest, replace(request, source="region", polygon=ask.polygon)
        )
    elif ask.do in ("a", "b"):
        generate_session.groups(entry.digest)[ask.do] = tuple(sheet.records[i] for i in ask.picks)
    else:
        try:
            generate_session.show_sheet(entry.digest, sampling.made(entry, sheet, ask))
        except SamplingError as error:
            st.warning(str(error))


@st.fragment
def generator() -> None:
    """Reruns alone when the visitor asks for other pictures."""
    answer()
    request = sampling_form(entry, space, names)
    known = generate_session.history(entry.digest)
    latest = next((s.request for s in reversed(known.sheets[: known.now + 1]) if s.request), None)
    if request != latest:
        try:
            generate_session.show_sheet(entry.digest, sampling.drawn(entry, request))
        except SamplingError as error:
            st.warning(f"Nothing could be drawn: {error}.")
    known = generate_session.history(entry.digest)
    if known.sheet is None:
        return
    st.query_params.from_dict(request_to_query(request, entry.name, entry.digest))
    pins = tuple(record.pin for record in known.sheet.records)
    sample_grid(
        assets,
        known,
        generate_cache.sample_stats(entry.name, entry.digest, pins),
        labels=names,
        directions=generate_session.directions(entry.digest),
        groups={side: len(of) for side, of in generate_session.groups(entry.digest).items()},
        key="samples",
    )
    direction_panel(entry, names)


generator()
