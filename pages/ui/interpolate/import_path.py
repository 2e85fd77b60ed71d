"""A path that was saved as JSON, opened again as the way on the map."""

import streamlit as st

import vae
from vae.latent.paths import MOST_TEXT

from ..board import session as board_session
from ..runtime import session
from ..runtime.location import Space
from . import session as interpolate_session
from .settings import way_from_file


def path_open(entry: vae.Entry, space: Space) -> None:
    """Shows the panel. A file that is read becomes the way, which undo takes back."""
    if words := session.take_problem():
        st.toast(words, icon=":material/route:")
    with st.expander("Open a path that was saved", on_change="rerun") as box:
        if box.open:
            _open(entry, space)


def _open(entry: vae.Entry, space: Space) -> None:
    file = st.file_uploader(
        f"The JSON file of a path, at most {MOST_TEXT / 2**20:.0f} MB",
        type="json",
        key=f"path-file-{entry.digest}",
    )
    if file is None or board_session.brought(file.file_id):
        return
    try:
        way, told = way_from_file(file.getvalue(), entry.name, entry.digest, space)
    except ValueError as error:
        st.error(f"{file.name} was not opened: {error}.")
        return
    interpolate_session.open_way(entry.digest, way)
    session.leave_problem(" ".join([f"Opened {file.name}.", *told]))
    st.rerun()
