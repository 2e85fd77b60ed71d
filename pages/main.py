"""The table of pages."""

import streamlit as st

# The warm-up thread imports it too: without this line a page could meet it half imported.
import vae  # noqa: F401
from pages.ui.controls.page_header import mark_section

st.set_page_config(
    page_icon="pages/static/favicon.png", layout="wide", initial_sidebar_state="collapsed"
)
st.logo("pages/static/logo.svg", size="medium")

SECTIONS = {
    "": [st.Page("explore.py", title="Explore", default=True), st.Page("learn.py", title="Learn")],
    "Make": [
        st.Page("interpolate.py", title="Interpolate"),
        st.Page("generate.py", title="Generate"),
        st.Page("board.py", title="Board"),
    ],
    "Apply": [
        st.Page("lookup.py", title="Similarity search"),
        st.Page("anomalies.py", title="Anomalies"),
        st.Page("reduce.py", title="Reduce"),
        st.Page("clusters.py", title="Clusters"),
        st.Page("augment.py", title="Augment"),
    ],
    "Models": [
        st.Page("train.py", title="Train"),
        st.Page("compare.py", title="Compare"),
        st.Page("models.py", title="Models"),
    ],
}
page = st.navigation(SECTIONS, position="top")
mark_section(SECTIONS, page)
page.run()
