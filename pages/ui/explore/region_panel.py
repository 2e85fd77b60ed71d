"""Below the map of the Explore page: what the lasso contains, and samples from it."""

import random

import streamlit as st

import vae
from vae.analysis import regions
from vae.data import selection
from vae.latent.sampling import SamplingRequest

from ..controls.downloads import downloads
from ..controls.originals_panel import Chosen, originals_panel
from ..generate import session as generate_session
from ..generate.save import save_records
from ..generate.sheet import Record
from ..runtime import cache, session
from ..runtime.location import Location
from ..runtime.query import MAX_SEED
from ..runtime.text import plain
from . import cache as explore_cache
from . import items
from .cache import N_SHOWN, ImageStats, RegionSamples

_FILES = {
    "csv": ("Items, CSV", "text/csv", "Index, class and code of each."),
    "npz": ("Items, NPZ", "application/zip", "NumPy arrays, with the mean image."),
    "json": ("Outline, JSON", "application/json", "The corners and the counts."),
}


def region_panel(entry: vae.Entry, location: Location) -> None:
    """Shows the images in a region, samples from it, and the actions on them."""
    data = cache.display_dataset(entry.name, entry.digest)
    region = (entry.name, entry.digest, location.region, location.items)
    chosen = selection.select(data, location.show)
    counts, real = explore_cache.counts_and_stats(*region)
    st.subheader("Inside the lasso", anchor=False)
    summary = f"{counts.sum():,} of {chosen.words}"
    if hidden := items.hidden_names(entry.name, entry.digest, location.items):
        summary += f"; hidden and not counted: {', '.join(hidden)}"
    if len(location.z) > 2:
        summary += "; selected by z1 and z2 alone, with any value of the other latents"
    st.caption(plain(f"{summary}."))
    samples = explore_cache.region_samples(
        entry.name, entry.digest, location.region, location.label, location.seed, location.draw
    )
    left, middle, right = st.columns([1, 1, 1.4], gap="medium")
    with left:
        if real is None:
            st.info("No image lies here. Draw the lasso around some items of the map.")
        else:
            chart = explore_cache.counts_chart(*region)
            st.plotly_chart(chart, config={"displayModeBar": False}, key="region-counts")
    with middle:
        if real is not None:
            _stats(real, "real images")
        if samples is not None:
            _stats(samples.stats, "samples")
        st.caption(
            "Pixel-wise standard deviation: black is 0, white is 0.5. Samples vary less than real "
            "images, because the decoder outputs the mean of each pixel."
        )
    with right:
        _samples(entry, location, samples)
    _actions(entry, location, samples)
    _downloads(entry, location)


def _stats(stats: ImageStats, what: str) -> None:
    variance = f", variance {stats.variance:.3f} per pixel"
    shown = (("Mean", stats.mean, ""), ("Standard deviation", stats.std, variance))
    with st.container(horizontal=True, gap="small"):
        for title, image, note in shown:
            caption = f"{title} of {stats.count:,} {what}{note}"
            alt = f"{title} of the {stats.count:,} {what} inside the lasso"
            st.image(image, caption, width=140, output_format="PNG", alt=alt)


def _samples(entry: vae.Entry, location: Location, samples: RegionSamples | None) -> None:
    if samples is None:
        st.info(
            "No samples: the aggregate posterior has almost no mass here. “Open in Generate” "
            "samples the region uniformly instead."
        )
        return
    detail = cache.codec(entry.name, entry.digest).info.seed_name(location.seed)
    condition = f", {detail}" if detail else ""
    if location.label is not None:
        names = cache.display_dataset(entry.name, entry.digest).class_names
        condition = f", conditioned on “{plain(names[location.label])}”"
    count = min(N_SHOWN, len(samples.z))
    caption = f"{count} samples from the aggregate posterior inside the lasso{condition}"
    caption += f", seed {location.draw}"
    alt = f"{count} new images decoded from inside the lasso"
    st.image(samples.sheet, caption, width="stretch", output_format="PNG", alt=alt)


def _actions(entry: vae.Entry, location: Location, samples: RegionSamples | None) -> None:
    key = f"region-seed-{entry.digest[:12]}"
    st.session_state.setdefault(key, location.draw)

    def changed() -> None:
        session.set_region_seed(entry.digest, st.session_state[key])

    def resample() -> None:
        st.session_state[key] = random.randrange(100_000)
        changed()

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        about = "The same seed and lasso give the same samples."
        st.number_input("Seed", 0, MAX_SEED, key=key, width=130, help=about, on_change=changed)
        st.button("Resample", on_click=resample, help="Uses a new seed.")
        records = [] if samples is None else _records(location, samples)
        chosen = st.multiselect(
            "Samples to save",
            range(len(records)),
            format_func=lambda index: str(index + 1),
            placeholder=f"All {len(records)}; or some, counted row by row",
            width=330,
            key=f"region-some-{hash((location.region, location.draw, location.label))}",
        )
        st.button(
            "Save to board",
            key="region-keep",
            disabled=not records,
            on_click=save_records,
            args=(entry.name, entry.digest, [records[i] for i in chosen] or records),
        )
        if st.button("Open in Generate", help="To vary, mix and compare more samples."):
            source = "region" if samples is None else "inside"
            label = location.label
            if label is None and cache.space(entry.name, entry.digest).labels:
                label = 0  # Generate always conditions such a model
            request = SamplingRequest(
                source, N_SHOWN, location.draw, label=label, polygon=location.region
            )
            generate_session.set_request(entry.digest, request)
            session.choose_model(entry.name)
            st.switch_page("generate.py")


def _records(location: Location, samples: RegionSamples) -> list[Record]:
    step, codes = f"sample inside a lasso, seed {location.draw}", samples.z[:N_SHOWN].tolist()
    return [Record(tuple(z), location.label, location.seed, step=step) for z in codes]


def _downloads(entry: vae.Entry, location: Location) -> None:
    data = cache.display_dataset(entry.name, entry.digest)
    known, chosen = selection.metadata_of(data), selection.select(data, location.show)
    region = (entry.name, entry.digest, location.region, location.items)

    def create(extension: str) -> str | bytes:
        found = items.members(*region)
        if extension == "csv":
            return regions.to_csv(found, known)
        if extension == "npz":
            images = selection.split_of(data, found.index).images
            return regions.to_npz(found, images, known)
        return regions.to_json(
            found,
            location.region,
            model=entry.name,
            digest=entry.digest,
            data=entry.config.train.data,
            total=len(chosen.numbers),
            split=chosen.show,
            not_counted=items.hidden_names(entry.name, entry.digest, location.items),
        )

    downloads(_FILES, create, name=f"{entry.name}-inside", key="region")
    source = cache.originals(entry.name, entry.digest)
    if source is None:
        return

    def inside() -> Chosen:
        st.markdown("**Original pictures inside the lasso, a folder per class**")
        found = [known.paths[item] for item in items.members(*region).index]
        return Chosen(found, None, f"{entry.name}-inside", "a folder per class")

    originals_panel(f"region-{hash(region)}", source, inside)
