"""Generate: new images from a latent space, with the real images nearest to them."""

from dataclasses import replace

import streamlit as st

from pages.ui.board import session as board_session
from pages.ui.controls.page_header import page_header
from pages.ui.generate import cache as generate_cache
from pages.ui.generate import sampling
from pages.ui.generate import session as generate_session
from pages.ui.generate.direction_panel import direction_panel, set_group
from pages.ui.generate.form import sampling_form
from pages.ui.generate.sample_grid import sample_grid
from pages.ui.generate.save import save_records
from pages.ui.generate.settings import request_to_query
from pages.ui.generate.sheet import command_from_grid
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.runtime import cache, session
from pages.ui.runtime.errors import shown_errors

page_header(
    "Generate",
    "What new images can the model generate? Draw a sheet of samples, choose the ones you "
    "like, then vary, mix or edit them.",
)

entry, assets = model_and_map()
space = cache.space(entry.name, entry.digest)
names = cache.display_dataset(entry.name, entry.digest).class_names
_, broken = generate_session.request(entry.digest, space, len(names))
warn_of_link(broken)


def handle_command() -> None:
    """Carries out the last command of the grid, once."""
    value = (st.session_state.get("samples") or {}).get("ask")
    sheets = generate_session.sheets(entry.digest)
    if not value or not sheets.done:
        return
    sheet = sheets.done[-1]
    command = None
    with shown_errors("The grid sent an invalid command", show=st.warning):
        command = command_from_grid(value, len(sheet.records), space)
    if command is None or session.already_handled(entry.digest, command.turn):
        return
    if command.action == "undo":
        generate_session.undo(entry.digest)
    elif command.action == "redo":
        generate_session.redo(entry.digest)
    elif command.action == "save":
        save_records(entry.name, entry.digest, [sheet.records[i] for i in command.selected])
    elif command.action == "region":
        request, _ = generate_session.request(entry.digest, space, len(names))
        request = replace(request, source="region", polygon=command.polygon)
        generate_session.set_request(entry.digest, request)
    elif command.action in ("a", "b"):
        records = [sheet.records[i] for i in command.selected]
        set_group(entry.digest, command.action, records)
    else:
        with shown_errors("No images were generated", show=st.warning):
            derived = sampling.derived_sheet(entry, sheet, command)
            generate_session.push_sheet(entry.digest, derived)


@st.fragment
def generator() -> None:
    """Reruns alone when the visitor asks for other images."""
    handle_command()
    request = sampling_form(entry, space, names)
    sampled = [sheet for sheet in generate_session.sheets(entry.digest).done if sheet.request]
    if not sampled or request != sampled[-1].request:
        with shown_errors("Nothing could be sampled", show=st.warning):
            generate_session.push_sheet(entry.digest, sampling.sample_sheet(entry, request))
    sheets = generate_session.sheets(entry.digest)
    if not sheets.done:
        return
    st.query_params.from_dict(request_to_query(request, entry.name, entry.digest))
    pins = tuple(record.pin for record in sheets.done[-1].records)
    groups = generate_session.groups(entry.digest)
    sample_grid(
        assets,
        sheets,
        generate_cache.sample_stats(entry.name, entry.digest, pins),
        labels=names,
        directions=generate_session.directions(entry.digest),
        saved=board_session.saved_ids().keys(),
        groups={side: len(records) for side, records in groups.items()},
        key="samples",
    )
    direction_panel(entry, names)
    board_session.remember_on_device()


generator()
