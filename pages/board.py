"""Board: the saved images, sorted, annotated and exported."""

import streamlit as st

from pages.ui.board import cache as board_cache
from pages.ui.board import export, storage
from pages.ui.board import session as board_session
from pages.ui.board.cards import board_cards
from pages.ui.board.changes import change_of, changed_items, vote_of
from pages.ui.board.your_boards import your_boards
from pages.ui.controls.page_header import page_header
from pages.ui.runtime import session, visitor
from pages.ui.runtime.errors import shown_errors, toast
from vae import boards, limits
from vae.boards.item import Board

header = page_header(
    "Board",
    "Which images are worth saving? Sort, rate, annotate and vote for them here, then export them "
    "or share the link.",
)

ELSEWHERE = "This board was changed in another window."

key = board_session.shown_board()
voter = boards.voter_of(visitor.key(), key)
st.query_params.from_dict({"b": key})


def others_wrote(board: Board, since: int) -> bool:
    """Whether items were written since a revision; 0 for none. Votes come without a word."""
    return since > 0 and any(item.changed > since for item in board.items.values())


def write(items, *, name=None, vote=None, undoable=True) -> None:
    """Writes items or a vote to the board and reports what another window changed meanwhile."""
    shown, before = board_session.shown_revision(key), storage.load(key)
    outcome = storage.save_items(key, items, known_revision=shown, name=name, vote=vote)
    if undoable:
        board_session.record_change(key, vote or change_of(before, items, name))
    board_session.set_shown_revision(key, outcome.board.revision)
    if outcome.conflicts:
        count = len(outcome.conflicts)
        message = f"Another window had changed {count} of these images; your change was kept."
        st.toast(message, icon=":material/group:")
    elif others_wrote(before, shown):
        st.toast(ELSEWHERE, icon=":material/group:")


def handle_command() -> None:
    """Carries out the last command of the cards, once."""
    command = (st.session_state.get("cards") or {}).get("ask")
    if not command or session.already_handled(key, int(command.get("turn", 0))):
        return
    stack, board = board_session.undo_stack(key), storage.load(key)
    if command.get("do") == "undo" and stack.done:
        change, stack = stack.done[-1].reversed(), stack.undo()
    elif command.get("do") == "redo" and stack.undone:
        change, stack = stack.undone[-1], stack.redo()
    else:
        if vote := vote_of(board, command, voter):
            write([], vote=vote)
        elif items := changed_items(board, command):
            write(items)
        return
    if isinstance(change, boards.Vote):
        write([], vote=change, undoable=False)
    else:
        write(change.apply_to(board), name=change.name, undoable=False)
    board_session.set_undo_stack(key, stack)


def open_new_board() -> None:
    board_session.open_board(boards.new_key())


def rename() -> None:
    """Gives the board the typed name."""
    name = st.session_state[f"name-{key}"].strip()
    with shown_errors("Not renamed", show=toast):
        if name and name != storage.load(key).name:
            write([], name=name)


@st.fragment(run_every=2)
def follow() -> None:
    """Shows the writes of other windows as they come."""
    stamp = storage.modified_ns(key)
    if st.session_state.setdefault("board-stamp", stamp) != stamp:
        st.session_state["board-stamp"] = stamp
        if storage.load(key).revision != board_session.shown_revision(key):
            st.rerun()


board = None
with shown_errors("This board cannot be opened"):
    board = storage.load(key)
if board is None:
    st.button("Start a new board", on_click=open_new_board)
    st.stop()
with shown_errors("Not done", show=toast):
    handle_command()
    board = storage.load(key)
if others_wrote(board, board_session.shown_revision(key)):
    st.toast(ELSEWHERE, icon=":material/group:")
board_session.set_shown_revision(key, board.revision)
captions = boards.captions(board, board_cache.known(board.sorted_items))

with st.container(horizontal=True, vertical_alignment="bottom"):
    if st.session_state.get(f"name-{key}", "").strip() != board.name:
        st.session_state[f"name-{key}"] = board.name  # given here or in another window
    st.text_input("Name", max_chars=80, width=260, key=f"name-{key}", on_change=rename)
    selected = (st.session_state.get("cards") or {}).get("selected") or []
    export.export_panel(key, board, captions, selected)
    export.import_panel(key, board, write)
    your_boards(key)
    st.button("New board", help="This board stays in “Your boards”.", on_click=open_new_board)
    st.caption(
        "This board lasts until you close or reload this page; export it to keep it."
        if limits.current().public
        else "Anyone with the link in the address bar can view and change this board."
    )
if key != board_session.own_board():
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("This board was opened by its link. Images that you save go to your own board.")
        st.button("Use this board", on_click=board_session.open_board, args=(key,))

items = board.sorted_items
if items:
    with header:
        export.download_button(key, board, captions)
else:
    st.info(
        "This board is empty. Pin locations on the map of Explore and press “Save pins to board”, "
        "or select images on Generate and press “Save to board”."
    )
follow()
board_cards(
    items,
    board_cache.board_images(tuple(items)),
    captions,
    generations=boards.generations(items),
    note=f"{len(items)} image{'s' if len(items) > 1 else ''}" if items else "",
    voter=voter,
    revision=board.revision,
    can_undo=bool(board_session.undo_stack(key).done),
    can_redo=bool(board_session.undo_stack(key).undone),
    link=f"?b={key}",
    key="cards",
)
