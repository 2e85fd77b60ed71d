"""What contact sheets of all pages have in common: the choice of their paper, and their head."""

from datetime import date
from urllib.parse import urljoin

import streamlit as st

from vae.pictures.contact_sheet import PAPERS, Look


def paper_choice(key: str) -> str:
    """The paper of a contact sheet; a PNG is as wide, and as high as it takes."""
    return st.segmented_control("Paper", list(PAPERS), default="A4", key=key, required=True)


def sheet_head(title: str, count: str, query: str = "") -> Look:
    """The head of a contact sheet of today. Its link opens the page of the app with a query."""
    address = urljoin(st.context.url or "", query) if query else ""
    return Look(title, f"{count} · {date.today():%Y-%m-%d} · Latent Atelier", address)
