"""Generate: new images from a latent space, with the real images nearest to them."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from pages.ui.board import session as board_session
from pages.ui.controls.page_header import page_header
from pages.ui.generate import cache as generate_cache
from pages.ui.generate import sampling
from pages.ui.generate import session as generate_session
from pages.ui.generate.direction_panel import add_direction_of_groups, direction_panel, set_group
from pages.ui.generate.form import sampling_form
from pages.ui.generate.sample_grid import sample_grid
from pages.ui.generate.save import save_records
from pages.ui.generate.settings import PACKED, derived_to_query, request_to_query
from pages.ui.generate.sheet import Derived, Record, Sheet, View, command_from_grid
from pages.ui.generate.start import photograph_dialog
from pages.ui.interpolate import session as interpolate_session
from pages.ui.interpolate.settings import MAX_WAYPOINTS, PathSettings, path_kinds
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.models.shown_items import chosen_items, items_from_link
from pages.ui.preference import panel as preference
from pages.ui.preference import session as preference_session
from pages.ui.runtime import cache, packed, session
from pages.ui.runtime.errors import shown_errors
from pages.ui.runtime.location import link
from pages.ui.runtime.query import InvalidValueError, code
from vae.files.records import convert
from vae.latent.sampling import SamplingRequest

page_header(
    "Generate",
    "What new images can the model generate? Draw a sheet of samples, choose the ones you "
    "like, then vary, mix or edit them.",
)

entry, assets = model_and_map(cache.SHARP_MODEL)
space = cache.space(entry.name, entry.digest)
names = cache.display_dataset(entry.name, entry.digest).class_names
broken = items_from_link(entry, assets)
broken += preference_session.open_link(entry.digest, space)
broken += generate_session.request(entry.digest, space, len(names))[1]
warn_of_link(broken)


def open_sheet(derived: Derived, view: View) -> None:
    """Shows the sheet of the request with the steps that follow."""
    request, _ = generate_session.request(entry.digest, space, len(names))
    if not generate_session.show_known(entry.digest, request, derived.steps):
        with shown_errors("The sheet was not derived", show=st.warning):
            sheet = sampling.sample_sheet(entry, request)
            generate_session.push_sheet(entry.digest, sheet)
            for step in derived.steps:
                sheet = sampling.derived_sheet(entry, sheet, step)
                generate_session.push_sheet(entry.digest, sheet)
    if done := generate_session.sheets(entry.digest).done:
        generate_session.set_view(entry.digest, done[-1], view)


def open_link(derived: Derived, view: View) -> None:
    """Shows the sheet of a link, with its groups and directions."""
    for side, codes in {"a": derived.a, "b": derived.b}.items():
        if codes:
            set_group(entry.digest, side, codes)
    generate_session.directions(entry.digest)[:] = derived.directions
    open_sheet(derived, view)


if opened := generate_session.opened(entry.digest):
    open_link(*opened)


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
    if command.do == "undo":
        generate_session.undo(entry.digest)
    elif command.do == "redo":
        generate_session.redo(entry.digest)
    elif command.do == "save":
        save_records(entry.name, entry.digest, [sheet.records[i] for i in command.selected])
    elif command.do == "film":
        open_film([sheet.records[i] for i in command.selected])
    elif command.do == "region":
        request, _ = generate_session.request(entry.digest, space, len(names))
        rounded = tuple(map(code(2), command.polygon))
        request = replace(request, source="region", polygon=rounded)
        generate_session.set_request(entry.digest, request)
    elif command.do in ("a", "b"):
        codes = tuple(sheet.records[i].z for i in command.selected)
        set_group(entry.digest, command.do, codes)
        if command.do == "b":
            add_direction_of_groups(entry, command.description)
    else:
        with shown_errors("No images were generated", show=st.warning):
            derived = sampling.derived_sheet(entry, sheet, command)
            generate_session.push_sheet(entry.digest, derived)


def open_film(records: Sequence[Record]) -> None:
    """Opens Interpolate with a path through records, to the current one, which is the first."""
    current, *others = records
    waypoints = tuple(record.z for record in (*others, current))[-MAX_WAYPOINTS:]
    kind = path_kinds(space)[1]  # along which the images change least
    seconds = {"frames": 72, "fps": 24.0}
    path = PathSettings(waypoints, kind, label=current.label, seed=current.seed, **seconds)
    interpolate_session.replace_path(entry.digest, path)
    st.switch_page("interpolate.py", query_params=path.to_query(entry.name, entry.digest))


def photograph() -> None:
    """The button that starts a sheet from an image of the visitor."""
    help = "Starts from a picture of yours. It may also be dropped anywhere on this page."
    if st.button("From a photograph", key="photo-open", help=help):
        photograph_dialog(entry, start_sheet)


def start_sheet(request: SamplingRequest, derived: Derived) -> None:
    """Shows the sheet of an image of the visitor."""
    generate_session.set_request(entry.digest, request)
    open_sheet(derived, View())


def take_view() -> None:
    """Remembers how the grid shows the last sheet, before a command shows another."""
    value = (st.session_state.get("samples") or {}).get("view") or {}
    done = generate_session.sheets(entry.digest).done
    current = bool(done) and value.get("key") == f"{entry.digest[:12]}/{done[-1].key}"
    if current and not session.already_handled("view", value.get("turn")):
        with shown_errors("The grid sent an invalid view", show=st.warning):
            view = convert(value, View, InvalidValueError)
            generate_session.set_view(entry.digest, done[-1], view)


def write_link(sheet: Sheet, view: View) -> str:
    """The link that restores what is shown, also in the address bar."""
    groups = generate_session.groups(entry.digest)
    directions = tuple(generate_session.directions(entry.digest))
    derived = Derived(sheet.steps, groups.get("a", ()), groups.get("b", ()), directions)
    query = request_to_query(sheet.request, entry.name, entry.digest)
    query |= session.items(entry.digest).to_query()
    with shown_errors("The link of this page is incomplete", show=st.warning):
        query = packed.shortened(query | derived_to_query(derived, view), *PACKED)
    session.set_link(query)
    return link(query)


@st.fragment
def generator() -> None:
    """Reruns alone when the visitor asks for other images."""
    items = chosen_items(entry, assets, "samples")
    take_view()
    handle_command()
    request = sampling_form(entry, space, names, photograph)
    done = generate_session.sheets(entry.digest).done
    if not done or request != done[-1].request:
        with shown_errors("Nothing could be sampled", show=st.warning):
            generate_session.push_sheet(entry.digest, sampling.sample_sheet(entry, request))
    sheets = generate_session.sheets(entry.digest)
    if not sheets.done:
        return
    sheet = sheets.done[-1]
    view = generate_session.view(entry.digest, sheet)
    sample_grid(
        assets,
        sheets,
        generate_cache.sample_stats(
            entry.name, entry.digest, tuple(record.pin for record in sheet.records)
        ),
        view,
        labels=names,
        items=items,
        directions=generate_session.directions(entry.digest),
        saved=board_session.saved_ids().keys(),
        groups={k: len(codes) for k, codes in generate_session.groups(entry.digest).items()},
        link=write_link(sheet, view),
        key="samples",
    )
    direction_panel(entry, names)
    board_session.remember_on_device()


def sample_around(z: tuple[float, ...]) -> None:
    """Makes the code that a search by choosing has found the source of the sheet."""
    request, _ = generate_session.request(entry.digest, space, len(names))
    generate_session.set_request(entry.digest, replace(request, source="around", z=z))


if preference.mode_choice(space):
    current, _ = generate_session.request(entry.digest, space, len(names))
    query = request_to_query(current, entry.name, entry.digest)
    query |= session.items(entry.digest).to_query()
    preference.choosing(
        entry, assets, current.label if space.labels else None, query, sample_around
    )
else:
    generator()
    if space.latent <= 2:
        preference.map_sentence()
