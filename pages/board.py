"""Board: what is worth keeping?"""

import streamlit as st

from pages.ui import board_files, cache, session
from pages.ui.board import board_cards
from pages.ui.board_state import asked
from vae import boards
from vae.board_items import BoardError

key = session.board_key()
st.query_params.from_dict({"b": key})


def write(items, *, name=None, undoable=True) -> None:
    """Writes items to the board and says what another window had done meanwhile."""
    board = boards.load(key)
    outcome = boards.change(key, items, seen=session.board_seen(), name=name)
    if undoable:
        session.record_change(board, items, outcome)
    session.see_board(outcome.board.revision)
    if outcome.conflicts:
        many = len(outcome.conflicts)
        st.toast(
            f"Another window had changed {many} of these pictures; what you did last stands.",
            icon=":material/group:",
        )


def answer() -> None:
    """Does what the cards asked for, once."""
    value = (st.session_state.get("cards") or {}).get("ask")
    if not value or session.answered(key, int(value.get("turn", 0))):
        return
    deeds = session.deeds()
    if value.get("do") in ("undo", "redo"):
        after, items = deeds.undo() if value["do"] == "undo" else deeds.redo()
        if items:
            write(items, undoable=False)
            session.set_deeds(after)
    elif items := asked(boards.load(key), value):
        write(items)


@st.fragment(run_every=2)
def follow() -> None:
    """Looks whether another window has written, and then shows it."""
    now = boards.revision(key)
    if st.session_state.setdefault("board-stamp", now) != now:
        st.session_state["board-stamp"] = now
        if boards.load(key).revision != session.board_seen():
            st.rerun()


try:
    answer()
    board = boards.load(key)
except BoardError as error:
    st.error(f"{str(error)[0].upper()}{str(error)[1:]}.")
    if st.button("Begin a new board"):
        session.open_board(boards.new_key())
        st.rerun()
    st.stop()
if board.revision > session.board_seen() > 0:
    st.toast("This board was changed in another window.", icon=":material/group:")
session.see_board(board.revision)

with st.container(horizontal=True, vertical_alignment="bottom"):
    named = st.text_input("Name", value=board.name, max_chars=80, width=260, key=f"name-{key}")
    if named.strip() and named.strip() != board.name and board.revision:
        write([], name=named, undoable=False)
        st.rerun()
    board_files.take_home(board, (st.session_state.get("cards") or {}).get("picked") or [])
    board_files.bring(key, board, write)
    if st.button("New board", help="This one stays under its link."):
        session.open_board(boards.new_key())
        st.rerun()
    st.caption("The link in the address bar is the key to this board: who has it may change it.")

items = board.kept
if not items:
    st.info(
        "Nothing is kept here yet. Pin places on the map of Explore and press “Keep pins”, or "
        "choose pictures on Generate and press “Keep”."
    )
follow()
shown = cache.board_pictures(tuple(items))
board_cards(
    items,
    sprite=shown.sprite,
    links=shown.links,
    warnings=shown.warnings,
    generations=boards.generations(items),
    note=f"{len(items)} kept" if items else "",
    revision=board.revision,
    can_undo=bool(session.deeds().done),
    can_redo=bool(session.deeds().undone),
    key="cards",
)
