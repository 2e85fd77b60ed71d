"""Opens a path that was saved as JSON."""

import streamlit as st

import vae
from vae.latent.paths import MAX_BYTES

from ..board import session as board_session
from ..controls.large_uploads import content
from ..runtime import session
from ..runtime.location import Space
from ..runtime.text import plain
from . import session as interpolate_session
from .settings import path_from_file


def import_panel(entry: vae.Entry, space: Space) -> None:
    """Shows the panel. The opened path replaces the one on the map, which can be undone."""
    if message := session.take_message():
        st.toast(plain(message), icon=":material/route:")
    with st.expander("Import a path", on_change="rerun") as box:
        if box.open:
            _open(entry, space)


def _open(entry: vae.Entry, space: Space) -> None:
    most, key = MAX_BYTES // 2**20, f"path-file-{entry.digest}"
    label = f"JSON file of a path, at most {most} MB"
    file = st.file_uploader(label, type="json", max_upload_size=most, key=key)
    if file is None or board_session.already_imported(file.file_id):
        return
    try:
        path, warnings = path_from_file(content(file), entry.name, entry.digest, space)
    except ValueError as error:
        st.error(plain(f"{file.name} could not be opened: {error}."))
        return
    interpolate_session.replace_path(entry.digest, path)
    session.leave_message(" ".join([f"Opened {file.name}.", *warnings]))
    st.rerun()
