"""Augment: a data set of made images, and whether it helps."""

import streamlit as st

import vae
from pages.ui.augment import cache as augment_cache
from pages.ui.augment import figures as augment_figures
from pages.ui.augment import session as augment_session
from pages.ui.augment.form import augment_form, file_form
from pages.ui.augment.tables import answer_table, conditions, preview_table, verdict
from pages.ui.controls.job_panel import job_panel
from pages.ui.controls.page_header import page_header
from pages.ui.models.model_picker import model_picker, warn_of_link
from pages.ui.runtime import routes
from vae.augmentation.dataset_files import measured

page_header(
    "Augment",
    "Can generated images extend a training set? Choose how many to generate for each class, "
    "check the preview and export them.",
)

entry = model_picker()
try:
    source = augment_cache.source(entry.name, entry.digest)
except (vae.CheckpointError, vae.DataError) as error:
    st.error(f"{entry.name} can make no labelled images: {error}")
    st.stop()
_, broken = augment_session.augment_request()
warn_of_link(broken)


@st.fragment
def choices() -> None:
    """Reruns alone when a choice changes: ten of each class, as the file will begin."""
    request = augment_form()
    st.query_params.from_dict(request.to_query(entry.name, entry.digest))
    rows = augment_cache.preview(entry.name, entry.digest, request)
    urls = [routes.publish(row.strip, "image/png") if row.strip else "" for row in rows]
    st.html(preview_table(rows, urls, filtered=request.least > 0))
    drawn = sum(row.tried for row in rows)
    st.caption(
        f"Up to ten of each class, of {drawn:,} draws with seed {request.seed}; the file begins "
        f"with them. The judge is {source.judged_by}."
    )


choices()
st.subheader("Take it home")
job_panel(
    entry.digest,
    lambda: file_form(entry),
    unit="images",
    about="A .zip opens in torchvision's ImageFolder, here under Train, and in any file manager; "
    "its manifest.json decodes every image again. An .npz holds the arrays images and labels.",
)

st.subheader("Does it help?")
told = measured()
if told is None:
    st.info(
        "Not measured here: `python tests/benchmarks/augmentation.py --partial FILE --save` does."
    )
else:
    st.markdown(verdict(told))
    st.plotly_chart(
        augment_figures.gain_figure(told), config={"displayModeBar": False}, key="augment-gain"
    )
    st.html(answer_table(told))
    st.caption(conditions(told))
