"""Board: what is worth keeping?"""

import streamlit as st

from pages.ui.board import cache as board_cache
from pages.ui.board import export
from pages.ui.board import session as board_session
from pages.ui.board.cards import board_cards
from pages.ui.board.changes import asked
from pages.ui.controls.page_header import page_header
from pages.ui.runtime import session
from vae import boards
from vae.boards.item import BoardError

page_header(
    "Board",
    "Which images are worth saving? Sort, rate and annotate them here, then export them or "
    "share the link.",
)

ELSEWHERE = "This board was changed in another window."

key = board_session.board_key()
st.query_params.from_dict({"b": key})


def write(items, *, name=None, undoable=True) -> None:
    """Writes items to the board and says what another window had done meanwhile."""
    seen, before = board_session.board_seen(), boards.load(key)
    outcome = boards.change(key, items, seen=seen, name=name)
    if undoable:
        board_session.record_change(before, items, name)
    board_session.see_board(outcome.board.revision)
    if outcome.conflicts:
        many = len(outcome.conflicts)
        told = f"Another window had changed {many} of these pictures; what you did last stands."
        st.toast(told, icon=":material/group:")
    elif before.revision > seen > 0:
        st.toast(ELSEWHERE, icon=":material/group:")


def answer() -> None:
    """Does what the cards asked for, once."""
    value = (st.session_state.get("cards") or {}).get("ask")
    if not value or session.answered(key, int(value.get("turn", 0))):
        return
    deeds, now = board_session.deeds(), boards.load(key)
    if value.get("do") in ("undo", "redo"):
        after, change = deeds.undo() if value["do"] == "undo" else deeds.redo()
        if change:
            write(change.on(now), name=change.name, undoable=False)
            board_session.set_deeds(after)
    elif items := asked(now, value):
        write(items)


def rename() -> None:
    """Gives the board the name that was typed."""
    named = st.session_state[f"name-{key}"].strip()
    try:
        if named and named != boards.load(key).name:
            write([], name=named)
    except BoardError as error:
        st.toast(f"Not renamed: {error}.", icon=":material/error:")


@st.fragment(run_every=2)
def follow() -> None:
    """Looks whether another window has written, and then shows it."""
    now = boards.revision(key)
    if st.session_state.setdefault("board-stamp", now) != now:
        st.session_state["board-stamp"] = now
        if boards.load(key).revision != board_session.board_seen():
            st.rerun()


try:
    board = boards.load(key)
except BoardError as error:
    st.error(f"{str(error)[0].upper()}{str(error)[1:]}.")
    if st.button("Begin a new board"):
        board_session.open_board(boards.new_key())
        st.rerun()
    st.stop()
try:
    answer()
    board = boards.load(key)
except BoardError as error:
    st.toast(f"Not done: {error}.", icon=":material/error:")
if board.revision > board_session.board_seen() > 0:
    st.toast(ELSEWHERE, icon=":material/group:")
board_session.see_board(board.revision)

with st.container(horizontal=True, vertical_alignment="bottom"):
    if st.session_state.get(f"name-{key}", "").strip() != board.name:
        st.session_state[f"name-{key}"] = board.name  # given here or in another window
    st.text_input("Name", max_chars=80, width=260, key=f"name-{key}", on_change=rename)
    export.take_home(key, board, (st.session_state.get("cards") or {}).get("picked") or [])
    export.bring(key, board, write)
    if st.button("New board", help="This one stays under its link."):
        board_session.open_board(boards.new_key())
        st.rerun()
    st.caption("The link in the address bar is the key to this board: who has it may change it.")

items = board.kept
if not items:
    st.info(
        "Nothing is kept here yet. Pin places on the map of Explore and press “Keep pins”, or "
        "choose pictures on Generate and press “Keep”."
    )
follow()
shown = board_cache.board_pictures(tuple(items))
board_cards(
    items,
    sprite=shown.sprite,
    links=shown.links,
    warnings=shown.warnings,
    generations=boards.generations(items),
    note=f"{len(items)} kept" if items else "",
    revision=board.revision,
    can_undo=bool(board_session.deeds().done),
    can_redo=bool(board_session.deeds().undone),
    key="cards",
)
