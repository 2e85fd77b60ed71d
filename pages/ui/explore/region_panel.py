"""Below the map of the Explore page: what lies inside the lasso, and what else could."""

import random
from collections.abc import Callable

import streamlit as st

import vae
from vae.analysis import regions
from vae.latent.sampling import SamplingRequest

from ..generate import session as generate_session
from ..generate.keep import keep_records
from ..generate.sheet import Record
from ..runtime import cache, session
from ..runtime.location import Place
from . import cache as explore_cache
from .cache import SHOWN, Drawn, Look


def region_panel(entry: vae.Entry, where: Place) -> None:
    """Shows the test images inside a place's region, samples from it, and what to do with them."""
    data = cache.shown(entry.name, entry.digest)
    counts, real = explore_cache.counts_and_look(
        entry.name, entry.digest, where.region, where.hidden
    )
    st.subheader("Inside the lasso", anchor=False)
    words = f"{counts.sum():,} of {len(data.test.labels):,} test images"
    hidden = [data.class_names[k] for k in where.hidden if k < len(data.class_names)]
    if hidden:
        words += f"; hidden and not counted: {', '.join(hidden)}"
    if len(where.z) > 2:
        words += "; chosen in the plane of z1 and z2, whatever their other dimensions"
    st.caption(f"{words}.")
    made = explore_cache.drawn(
        entry.name, entry.digest, where.region, where.label, where.seed, where.draw
    )
    bars, looks, samples = st.columns([1, 1, 1.4], gap="medium")
    with bars:
        if real is None:
            st.info("No test image lies here. Draw the lasso around some items of the map.")
        else:
            st.plotly_chart(
                explore_cache.bars(entry.name, entry.digest, where.region, where.hidden),
                config={"displayModeBar": False},
                key="region-counts",
            )
    with looks:
        if real is not None:
            _look(real, "real images")
        if made is not None:
            _look(made.look, "samples")
        st.caption(
            "Spread is the standard deviation of a pixel: black 0, white 0.5 of full brightness. "
            "Decoded samples vary less than real images, because a decoder draws means."
        )
    with samples:
        _samples(entry, where, made)
    _actions(entry, where, made)
    _files(entry, where)


def _look(look: Look, what: str) -> None:
    many = f"{look.count:,} {what}"
    with st.container(horizontal=True, gap="small"):
        for title, picture, number in (
            ("Mean", look.mean, ""),
            ("Spread", look.spread, f", variance {look.variance:.3f} a pixel"),
        ):
            st.image(
                picture,
                f"{title} of {many}{number}",
                width=152,
                output_format="PNG",
                alt=f"{title} of the {many} inside the lasso",
            )


def _samples(entry: vae.Entry, where: Place, made: Drawn | None) -> None:
    told = ""
    if where.label is not None:
        told = f", told “{cache.shown(entry.name, entry.digest).class_names[where.label]}”"
    elif where.seed:
        told = f", detail {where.seed}"
    if made is None:
        st.info(
            "No samples: codes of real images hardly ever fall here. “Open in Generate” covers "
            "the region evenly instead."
        )
    else:
        shown = min(SHOWN, len(made.z))
        st.image(
            made.sheet,
            f"{shown} samples from inside, drawn where images really lie{told}, seed {where.draw}",
            width="stretch",
            output_format="PNG",
            alt=f"{shown} new pictures decoded from inside the lasso",
        )


def _actions(entry: vae.Entry, where: Place, made: Drawn | None) -> None:
    key = f"region-seed-{entry.digest[:12]}"
    st.session_state.setdefault(key, where.draw)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input(
            "Seed",
            min_value=0,
            max_value=2**31 - 1,
            key=key,
            width=130,
            help="The same seed draws the same samples from the same lasso.",
            on_change=lambda: session.draw_in_region(entry.digest, st.session_state[key]),
        )
        st.button("Draw others", on_click=_others, args=(entry, key), help="Takes a new seed.")
        records = [] if made is None else _records(where, made)
        st.button(
            "Keep these",
            key="region-keep",
            disabled=not records,
            help="Puts the samples on the board.",
            on_click=keep_records,
            args=(entry.name, entry.digest, records),
        )
        if st.button("Open in Generate", help="To vary, mix and choose among more of them."):
            source = "region" if made is None else "inside"
            label = where.label
            if label is None and cache.space(entry.name, entry.digest).labels:
                label = 0  # there, such a model is always told a class
            generate_session.set_request(
                entry.digest,
                SamplingRequest(source, SHOWN, where.draw, label=label, polygon=where.region),
            )
            st.switch_page("generate.py")


def _others(entry: vae.Entry, key: str) -> None:
    st.session_state[key] = random.randrange(100_000)
    session.draw_in_region(entry.digest, st.session_state[key])


def _records(where: Place, made: Drawn) -> list[Record]:
    step = f"sample inside a lasso, seed {where.draw}"
    return [
        Record(tuple(map(float, z)), where.label, where.seed, step=step) for z in made.z[:SHOWN]
    ]


def _files(entry: vae.Entry, where: Place) -> None:
    data = cache.shown(entry.name, entry.digest)

    def of(write: Callable[[regions.Members], str | bytes]) -> Callable[[], str | bytes]:
        return lambda: write(
            explore_cache.members(entry.name, entry.digest, where.region, where.hidden)
        )

    def outline(found: regions.Members) -> str:
        return regions.to_json(
            found,
            where.region,
            model=entry.name,
            digest=entry.digest,
            data=entry.config.train.data,
            total=len(data.test.labels),
            exclude=[k for k in where.hidden if k < len(data.class_names)],
        )

    def arrays(found: regions.Members) -> bytes:
        return regions.to_npz(found, data.test.images[found.index])

    with st.container(horizontal=True, gap="small"):
        for title, write, suffix, media, about in (
            ("Items, CSV", regions.to_csv, "csv", "text/csv", "Index, class and code of each."),
            ("Items, NPZ", arrays, "npz", "application/zip", "The same for numpy, with the mean."),
            ("Outline, JSON", outline, "json", "application/json", "The corners, for the model."),
        ):
            st.download_button(
                title,
                of(write),
                f"{entry.name}-inside.{suffix}",
                media,
                on_click="ignore",
                key=f"region-{suffix}",
                help=about,
            )
