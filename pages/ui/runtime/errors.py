"""Shows the errors that a visitor can fix, in one form on all pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import streamlit as st

from vae.errors import AtelierError

from .text import plain

toast = partial(st.toast, icon=":material/error:")


@contextmanager
def shown_errors(
    failed: str, *, show: Callable[[str], object] = st.error, stop: bool = False
) -> Iterator[None]:
    """Shows an `AtelierError` raised in the block as “{failed}: {error}.”

    `show` is `st.error`, `st.warning` or `toast`; with `stop` the page ends there.
    """
    try:
        yield
    except AtelierError as error:
        show(plain(f"{failed}: {str(error).rstrip('.')}."))
        if stop:
            st.stop()
