"""The deletion of a model by its owner."""

import streamlit as st

import vae
from vae.checkpoint import folder

from ..runtime import cache, session, visitor
from ..runtime.errors import shown_errors


def delete_panel(entry: vae.Entry) -> None:
    """Shows the button to those who may change the model; a second one confirms."""
    if not visitor.may_change(entry.path):
        return
    with st.popover("Delete", key=f"delete-{entry.name}"):
        st.caption("Deletes the model for everybody. Boards and links to it cannot show it then.")
        with shown_errors("The model was not deleted"):
            if st.button("Delete this model", key=f"delete-now-{entry.name}"):
                folder.delete(entry.path, visitor.visitor())
                if session.model(cache.DEFAULT_MODEL) == entry.name:
                    session.choose_model(cache.DEFAULT_MODEL)
                st.rerun()
