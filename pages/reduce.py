"""Reduce: how do other methods lay out the same images, and what can only the model do?"""

import streamlit as st

from pages.ui.controls.page_header import page_header
from pages.ui.models.model_picker import model_and_map, warn_of_link
from pages.ui.models.shown_items import chosen_items, items_from_link
from pages.ui.reduce import cache as reduce_cache
from pages.ui.reduce import layout_jobs
from pages.ui.reduce import session as reduce_session
from pages.ui.reduce.form import reduce_form
from pages.ui.reduce.reduce_map import plane_message, reduce_map
from pages.ui.reduce.table import reduce_table
from pages.ui.runtime import session
from vae.analysis import projections

page_header(
    "Reduce",
    "How do PCA, t-SNE and UMAP arrange the same images? Choose methods and compare their "
    "maps with the latent space.",
)

entry, assets = model_and_map()
latent, total = assets.facts["latentSize"], assets.facts["total"]
if total < projections.MIN_IMAGES:
    st.error(
        f"{entry.name} has {total} images; at least {projections.MIN_IMAGES} are needed "
        "for a layout. Choose another model."
    )
    st.stop()
settings, broken = reduce_session.settings(latent)
warn_of_link(broken + items_from_link(entry, assets))
available = projections.available_methods()
reduce_form(settings, total=total, latent=latent, available=available)
settings, _ = reduce_session.settings(latent)
requests = layout_jobs.layout_requests(entry, settings, available)
count = len(reduce_cache.items(requests[0]))
seconds = entry.metrics.get("seconds")
about = (
    f"Measured here on {count:,} of the {total:,} images, evenly spaced. k-NN accuracy is "
    "leave-one-out among these images, because t-SNE cannot embed new ones. The time of "
    f"{entry.name} is that of encoding"
    + (f"; training took {seconds:,.0f} s" if seconds else "")
    + "."
    + (" UMAP's first run includes compiling its code." if "umap" in available else "")
)


def layouts(polled: bool) -> None:
    """Reruns on its own while a layout is computed and when the visitor stops or restarts one."""
    layout_jobs.handle_command(requests, (st.session_state.get("layouts") or {}).get("ask") or {})
    busy = layout_jobs.start_next(requests)
    planes = [
        plane_message(r, layout_jobs.layout_status(r)) for r in requests if r.method != "all"
    ]
    items = chosen_items(entry, assets, "layouts")
    session.set_link(settings.to_query(entry.name, entry.digest) | items.to_query())
    reduce_map(
        requests[0],
        planes,
        total=count,
        digest=entry.digest,
        chosen=items,
        busy=busy,
        key="layouts",
    )
    st.html(reduce_table(layout_jobs.table_rows(entry, requests), about))
    if busy != polled:
        st.rerun()  # starts or ends the timed reruns


running = any(job.running for job in reduce_session.layout_jobs().values())
st.fragment(layouts, run_every=0.5 if running else None)(running)
