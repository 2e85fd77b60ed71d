"""Reduce: how do other methods lay out the same images, and what can only the model do?"""

import streamlit as st

from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.reduce import cache as reduce_cache
from pages.ui.reduce import session as reduce_session
from pages.ui.reduce.form import reduce_form
from pages.ui.reduce.layout_jobs import asks_of, begin_next, obey, rows_of, state_of
from pages.ui.reduce.reduce_map import plane_of, reduce_map
from pages.ui.reduce.table import reduce_table
from vae.analysis import projections

entry, assets = model_and_map()
latent, total = assets.facts["latent"], assets.facts["total"]
if total < projections.LEAST:
    st.error(
        f"{entry.name} has {total} test images; {projections.LEAST} or more are needed to lay any "
        "out. Choose another model."
    )
    st.stop()
asked, broken = reduce_session.reduction(latent)
warn_of_link(broken)
here = projections.available()
reduce_form(asked, total=total, latent=latent, here=here)
asked, _ = reduce_session.reduction(latent)
query = asked.to_query(entry.name, entry.digest)
if query != st.query_params.to_dict():
    st.query_params.from_dict(query)
asks = asks_of(entry, asked, here)
count = len(reduce_cache.items(asks[0]))
trained = entry.metrics.get("seconds")
about = (
    f"Of {count:,} of the {total:,} test images, evenly spread, measured here. An image is named "
    "by the nearest others of the same layout, leave-one-out, because t-SNE cannot place new "
    f"ones. {entry.name} learned from the training images before"
    + (f" ({trained:,.0f} s)" if trained else "")
    + "; its time is that of encoding."
    + (" UMAP's holds the compiling of its code." if "umap" in here else "")
)


def layouts(polled: bool) -> None:
    """Reruns alone while something is computed, and when the visitor stops or begins it."""
    obey(asks, (st.session_state.get("layouts") or {}).get("ask") or {})
    busy = begin_next(asks)
    planes = [plane_of(ask, state_of(ask)) for ask in asks if ask.method != "all"]
    reduce_map(asks[0], planes, total=count, key="layouts")
    st.html(reduce_table(rows_of(entry, asks), about))
    if busy != polled:
        st.rerun()  # with a clock that looks after what is computed, or without it


running = any(job.running for job in reduce_session.layout_jobs().values())
st.fragment(layouts, run_every=0.5 if running else None)(running)
