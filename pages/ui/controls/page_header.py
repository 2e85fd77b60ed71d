"""The head of every page: its title, and the question it answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage


def page_header(title: str, sentence: str) -> DeltaGenerator:
    """Shows the title as the page's only h1, `sentence` next to it, and names the browser tab.
    Returns the place between them, for what the page is most used for."""
    st.set_page_config(page_title=f"{title} · Latent Atelier")
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key="page-header"
    ):
        st.title(title, anchor=False, width="content")
        place = st.container(width="content")
        st.caption(sentence, width="stretch")
    return place


def mark_section(sections: Mapping[str, Sequence[StreamlitPage]], page: StreamlitPage) -> None:
    """Marks the menu of the current page in the top bar, where Streamlit marks plain links only.

    `sections` are those of `st.navigation`; the pages of the section "" are plain links.
    """
    plain, *menus = sections.values()
    for position, pages in enumerate(menus, len(plain) + 1):
        if page in pages:
            button = f'[data-testid="stTopNav"] > :nth-child({position}) button'
            tint = "color-mix(in srgb, currentColor 8%, transparent)"
            bold = f"{button} p {{ font-weight: 600; }}"
            st.html(f"<style>{button} {{ background: {tint}; }} {bold}</style>")


def add_scripts() -> None:
    """Makes acts steps of the browser's history, and downloads files that were asked for when they
    are ready (job_panel.py). On a narrow screen, where the navigation is a drawer, closes it when
    a page is chosen."""
    history = (Path(__file__).parents[1] / "component/browser_history.js").read_text("utf-8")
    link = '"[data-testid=stSidebarNavLink]"'
    button = '"[data-testid=stSidebarCollapseButton] button"'
    close = f"if (e.target.closest?.({link})) document.querySelector({button})?.click();"
    ready = (Path(__file__).parent / "download_when_ready.js").read_text("utf-8")
    script = (
        f"{ready}window.closesDrawer ??= (addEventListener('click', (e) => {{ {close} }}), true);"
    )
    st.html(f"<script>{history}{script}</script>", unsafe_allow_javascript=True)
