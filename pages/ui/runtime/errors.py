"""Shows the errors that a visitor can mend, in one form on all pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import streamlit as st

from vae.errors import AtelierError

UNREADABLE = "A message of the map could not be read and is ignored"
toast = partial(st.toast, icon=":material/error:")


@contextmanager
def shown_errors(
    failed: str, *, show: Callable[[str], object] = st.error, stop: bool = False
) -> Iterator[None]:
    """Shows an `AtelierError` of the block as “failed: what came, what was expected, what to do.”

    `show` is `st.error`, `st.warning` or `toast`; with `stop` the page ends there.
    """
    try:
        yield
    except AtelierError as error:
        show(f"{failed}: {str(error).rstrip('.')}.")
        if stop:
            st.stop()
