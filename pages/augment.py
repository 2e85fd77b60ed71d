"""Augment: create a data set of synthetic images. Does it help a classifier?"""

import streamlit as st

from pages.ui.augment import cache as augment_cache
from pages.ui.augment.figures import gain_figure
from pages.ui.augment.form import SLOT, augment_form, file_form
from pages.ui.augment.settings import settings_from_query
from pages.ui.augment.tables import accuracy_table, method_note, preview_table, summary
from pages.ui.controls.job_panel import job_panel
from pages.ui.controls.page_header import page_header
from pages.ui.models.model_picker import model_picker, warn_of_link
from pages.ui.runtime import routes, session
from pages.ui.runtime.errors import shown_errors
from vae.augmentation.dataset_files import measured

page_header(
    "Augment",
    "Can generated images extend a training set? Choose how many to generate for each class, "
    "check the preview and export them.",
)

entry = model_picker()
with shown_errors(f"{entry.name} cannot create labelled images", stop=True):
    source = augment_cache.source(entry.name, entry.digest)
_, broken = session.from_link(SLOT, settings_from_query)
warn_of_link(broken)


@st.fragment
def preview() -> None:
    """Reruns on its own when a setting changes."""
    with shown_errors("These settings are not valid", stop=True):
        settings = augment_form()
    st.query_params.from_dict(settings.to_query(entry.name, entry.digest))
    rows = augment_cache.preview(entry.name, entry.digest, settings)
    urls = [routes.publish(row.strip, "image/png") if row.strip else "" for row in rows]
    st.html(preview_table(rows, urls, filtered=settings.min_confidence > 0))
    drawn = sum(row.tried for row in rows)
    st.caption(
        f"Up to ten images per class from {drawn:,} draws with seed {settings.seed}; the file "
        f"starts with the same images. They are classified by {source.classifier_name}."
    )


preview()
st.subheader("Export")
job_panel(
    entry.digest,
    lambda: file_form(entry),
    unit="images",
    about="The .zip can be read by torchvision's ImageFolder and on the Train page; its "
    "manifest.json records the code of every image. The .npz contains the arrays images and "
    "labels.",
)

st.subheader("Does it help?")
benchmark = measured()
if benchmark is None:
    st.info(
        "Not measured here. Run `python tests/benchmarks/augmentation.py --partial FILE --save`."
    )
else:
    models = "fashion-vae and fashion-cvae, whichever model is chosen above"
    st.markdown(f"Measured on Fashion-MNIST with {models}.\n\n{summary(benchmark)}")
    st.plotly_chart(gain_figure(benchmark), config={"displayModeBar": False}, key="augment-gain")
    st.html(accuracy_table(benchmark))
    st.caption(method_note(benchmark))
