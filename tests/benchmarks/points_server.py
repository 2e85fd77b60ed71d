"""The synthetic map of `points_app.py` with the app's own routes."""

import streamlit as st

from pages.ui.runtime import routes

app = st.App("points_app.py", routes=routes.routes())
