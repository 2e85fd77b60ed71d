"""The table of pages."""

import streamlit as st

# The warm-up thread imports it too: without this line a page could meet it half imported.
import vae  # noqa: F401
from pages.ui.board.session import remember_on_device
from pages.ui.controls.page_header import add_scripts, mark_section
from pages.ui.runtime import session
from pages.ui.runtime.errors import shown_errors
from vae import limits

st.set_page_config(
    page_icon="pages/static/favicon.png", layout="wide", initial_sidebar_state="collapsed"
)
st.logo("pages/static/logo.svg", size="medium")

SECTIONS = {
    "": ["Explore", "Generate", "Interpolate", "Board", "Learn"],
    "Apply": ["Similarity search", "Anomalies", "Reduce", "Clusters", "Augment"],
    "Models": ["Train", "Compare", "Models"],
}
with shown_errors("This server is not set up", stop=True):
    if limits.current().public:
        SECTIONS["Models"].remove("Train")


def listed(title: str):
    file = {"Similarity search": "lookup"}.get(title, title.lower())
    return st.Page(f"{file}.py", title=title, default=title == "Explore")


sections = {name: [listed(title) for title in titles] for name, titles in SECTIONS.items()}
page = st.navigation(sections, position="top")
mark_section(sections, page)
add_scripts()
session.open_page(page)
page.run()
remember_on_device()
