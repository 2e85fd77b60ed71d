"""The search by choosing, as a mode of the page Generate."""

from collections.abc import Callable, Mapping

import streamlit as st

import vae
from vae.preference.search import MAX_CHOICES

from ..runtime import packed, session
from ..runtime.errors import shown_errors
from ..runtime.location import Space, link
from ..runtime.map_assets import MapAssets
from . import cache as preference_cache
from . import session as preference_session
from .choice_gallery import choice_gallery
from .search import Command, Found, Search, command_from_gallery

_MODES = {False: "Sheet of samples", True: "Search by choosing"}
_COMPONENT = "choices"


def mode_choice(space: Space) -> bool:
    """Offers the search where a gallery shows what the map does not; whether it is on."""
    if space.latent <= 2:
        return False
    st.session_state["generate-mode"] = preference_session.choosing()
    st.segmented_control(
        "Find images by",
        _MODES,
        format_func=_MODES.get,
        key="generate-mode",
        label_visibility="collapsed",
        required=True,
        on_change=lambda: preference_session.set_choosing(st.session_state["generate-mode"]),
    )
    return preference_session.choosing()


def map_sentence() -> None:
    """What a model of two latents has instead."""
    st.caption(
        "With two latents the map is the whole plane, so choose on it; a search by choosing is "
        "offered for models with more."
    )


@st.fragment
def choosing(
    entry: vae.Entry,
    assets: MapAssets,
    label: int | None,
    query: Mapping[str, str],
    use: Callable[[tuple[float, ...]], None],
) -> None:
    """Shows the gallery of the current search. `label` conditions its pictures, `query` is the
    rest of the link; `use` takes the code that was found to the sheet."""
    model = (entry.name, entry.digest, label)
    with shown_errors("There is no gallery", stop=True):
        if _handle(model, preference_cache.gallery(*model, _current(entry)), use):
            st.rerun()
        search = _current(entry)
        found = preference_cache.gallery(*model, search)
        first = preference_cache.gallery(*model, Search())
    query = {**query, preference_session.KEY: packed.pack(search)}
    with shown_errors("The link of this page is incomplete", show=st.warning):
        query = packed.shortened(query, preference_session.KEY)
    session.set_link(query)
    choice_gallery(
        assets,
        search,
        found,
        first=first.spread,
        label=label,
        most=MAX_CHOICES,
        redo=bool(preference_session.history(entry.digest).undone),
        link=link(query),
        key=_COMPONENT,
    )


def _current(entry: vae.Entry) -> Search:
    return preference_session.current(entry.digest)


def _handle(
    model: tuple[str, str, int | None], shown: Found, use: Callable[[tuple[float, ...]], None]
) -> bool:
    """Carries out the last command of the gallery, once; whether the search ends with it."""
    command = _command(shown)
    if command is None:
        return False
    digest = model[1]
    search = preference_session.current(digest)
    if command.do == "choose":
        after = preference_cache.chosen(*model, search, shown, command.index)
    elif command.do == "none":
        after = Search((*search.choices, ()))
    elif command.do == "back":
        after = Search(search.choices[: command.step])
    elif command.do == "restart":
        after = Search()
    elif command.do == "use" and search.best:
        preference_session.set_choosing(False)
        use(search.best)
        return True
    else:
        {"undo": preference_session.back, "redo": preference_session.forward}[command.do](digest)
        return False
    if not preference_session.history(digest).done:
        preference_session.push(digest, search)
    preference_session.push(digest, after)
    return False


def _command(shown: Found) -> Command | None:
    """The last command, unless it was handled, or was meant for another gallery."""
    value = (st.session_state.get(_COMPONENT) or {}).get("ask")
    if not value:
        return None
    with shown_errors("The gallery sent an invalid command", show=st.warning):
        command = command_from_gallery(value)
        fresh = not session.already_handled(_COMPONENT, command.turn)
        return command if fresh and command.key == shown.key else None
    return None
