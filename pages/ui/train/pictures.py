"""The images to train on, the visitor's own or a data set; how they are prepared; a preview."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from vae import limits
from vae.config import FITS
from vae.data import upload_store
from vae.data.load import ITEMS, NAMED, sides_of
from vae.preparation.choices import COLOURS

from ..controls.large_uploads import release
from ..controls.own_data import keep_uploads, server_folders
from ..runtime import routes, session, visitor
from ..runtime.errors import shown_errors
from ..runtime.text import plain
from . import cache as train_cache
from .cache import Shown

DATA = {
    "fashion-mnist": "Fashion-MNIST, full training set",
    "fashion-mnist-starter": "Fashion-MNIST, bundled subset (10,000)",
    "garments": "Garments, drawn (12,000 images, 64 × 64, colour)",
    "emoji": "Emoji (1,906 images, 64 × 64, colour)",
    "digits": "Digits (1,797 images, 8 × 8)",
}
_SIZES = (16, 20, 24, 28, 32, 48, 64, 96, 128, 192, 256)
_LARGE = 64  # pixels, suggested for the visitor's own pictures
_AUTO = {"auto": "automatic"}
_FITS = _AUTO | dict(zip(FITS, ("crop to the middle", "pad", "stretch"), strict=True))
_GROUNDS = _AUTO | {"white": "white", "black": "black", "#808080": "grey"}
_INVERT = {"no": "no", "yes": "all", "auto": "those on a light ground"}
_FILES, _FOLDER = "Files or an archive", "A folder"
_SHOWN_CLASSES = 12


def in_colour(data: str) -> bool:
    """Whether this is a named data set of pictures in colour."""
    return data in NAMED and NAMED[data].how is not ITEMS


class Pictures(NamedTuple):
    """The name or path of the images, options of a training about them, and their preview; None
    for images that cannot be used."""

    data: str
    options: dict[str, object]
    shown: Shown | None


def pictures_panel() -> Pictures | None:
    """Shows the choice of images and their preview; None until there are some."""
    data = _data()
    if data is None:
        return None
    options = _choices(data)
    wanted = {key: value for key, value in options.items() if key != "size"}
    shown = None
    with shown_errors("These images cannot be used"):
        shown = train_cache.preview(data, options["size"], wanted)
    if shown is not None:
        _preview(shown)
    return Pictures(data, options, shown)


def _data() -> str | None:
    """The name or path of the images; folders only below `VAE_DATA_DIR`."""
    brought = session.remembered("train-source", "brought")
    if brought and Path(brought).exists():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Your pictures:** {plain(Path(brought).name)}")
            if st.button("Use other images", key="train-other"):
                session.remember("train-source", "brought", None)
                st.rerun()
        return brought
    left, right = st.columns(2, gap="large")
    with left:
        _bring()
    with right:
        names = DATA | server_folders()
        about = "A data set to train on without pictures of your own."
        return st.selectbox(
            "Or use a data set", [*names], format_func=names.get, help=about, key="train-data"
        )


def _bring() -> None:
    """The field in which files are dropped; they are kept on disk, not in memory."""
    turn = st.session_state.setdefault("train-turn", 0)
    most = visitor.upload_mb()
    kind = st.segmented_control(
        "Bring your pictures", [_FILES, _FOLDER], default=_FILES, required=True, key="train-kind"
    )
    about = (
        "Pictures (PNG, JPEG, WebP, HEIC, TIFF and more), a .zip or .tar with a folder per class "
        "or without classes, arrays (.npz, .npy, .mat, .h5), or a table (.csv, .parquet)"
    )
    files = st.file_uploader(
        f"{about}; at most {most} MB",
        accept_multiple_files="directory" if kind == _FOLDER else True,
        max_upload_size=most,
        key=f"train-files-{turn}-{kind}",
    )
    if not files:
        return
    with shown_errors("The files were not kept"):
        session.remember("train-source", "brought", keep_uploads(files))
        st.session_state["train-turn"] = turn + 1  # the field is emptied
        release(files)
        st.rerun()


def _choices(data: str) -> dict[str, object]:
    """How the images are prepared; what is automatic is chosen from the images themselves."""
    own, most = upload_store.is_upload(data), limits.current().max_image_size
    sizes = [size for size in _SIZES if size <= most]
    side = _LARGE if own else sides_of(data, None)[0]
    first = max(size for size in sizes if size <= side)
    row = st.columns(5, vertical_alignment="bottom")
    with row[0]:
        size = st.selectbox(
            "Size (pixels)",
            list(map(str, sizes)),
            sizes.index(first),
            accept_new_options=True,
            help="Of both sides, or height x width, for example 48x64.",
            key=f"train-size{'-own' * own or '-64' * in_colour(data)}",
        )
    if data == "emoji":
        grounds = {key: name for key, name in _GROUNDS.items() if key != "auto"}
        ground = _select(row[1], "Ground", "emoji-ground", grounds, "Behind the pictures.")
        return {"size": size, "ground": ground}
    if data in DATA:  # its images are as they should be
        return {"size": size}
    fit = _select(row[1], "Fit", "fit", _FITS, "What happens to pictures of another shape.")
    colours = _AUTO | {colour: colour for colour in COLOURS[1:]}
    colour = _select(row[2], "Colour", "colour", colours, "Automatic: colour if any has colours.")
    ground = _select(row[3], "Ground", "ground", _GROUNDS, "Under transparent parts.")
    with row[4], st.popover("More about the pictures"):
        invert = st.selectbox(
            "Invert", [*_INVERT], format_func=_INVERT.get, help="Bright becomes dark.",
            key="train-invert",
        )  # fmt: skip
        held_out = st.number_input(
            "Held out, %", 1, 90, 10, key="train-held", help="To test on, where none are given."
        )
        about = "Finds the item in each picture, centres it, and makes its ground black."
        centre = st.toggle("Centre the item", key="train-centre", help=about)
    return {"size": size, "fit": fit, "colour": colour, "ground": ground, "invert": invert,
            "centre": centre, "held_out": held_out / 100}  # fmt: skip


def _select(column, title: str, name: str, names: dict[str, str], about: str) -> str:
    with column:
        shown = {"format_func": names.get, "help": about, "key": f"train-{name}"}
        return st.selectbox(title, [*names], **shown)


def _preview(shown: Shown) -> None:
    how = shown.preparation
    colours = "colour" if how.channels == 3 else "grey"
    st.markdown(
        f"{plain(shown.summary)}: {shown.count:,} to train on, {shown.validation:,} held out; "
        f"{how.height} × {how.width} pixels, {colours}."
    )
    # `st.image` deletes its file when another choice arrives before the browser's request.
    url = routes.publish(shown.picture, "image/png", private=True)
    what = "originals, each beside the image made of it" if shown.paired else "images"
    st.html(f'<img src="{url}" style="width:100%;max-width:46rem" alt="Some {what}">')
    if len(shown.classes) > 1:
        few = [f"{plain(name)} {count:,}" for name, count in shown.classes[:_SHOWN_CLASSES]]
        more = f", and {len(shown.classes) - len(few)} more classes" * (
            len(shown.classes) > len(few)
        )
        st.caption(", ".join(few) + more)
    for line in shown.lines:
        st.caption(plain(line[:1].upper() + line[1:]))
    if shown.unread:
        st.download_button(
            "Files that are not used, .csv",
            shown.unread,
            "not-used.csv",
            "text/csv",
            on_click="ignore",
            key="train-unread",
        )
