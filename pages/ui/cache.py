"""Every cache of the app. Keys are names and digests, never modules or arrays.

Models are shared by all sessions: in evaluation mode, without gradients, never changed.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

import vae
from vae import (
    aggregate,
    export,
    generate,
    geometry,
    images,
    latent,
    novelty,
    paths,
    runs,
    upscale,
)
from vae import walk as walks
from vae.board_items import Item
from vae.checkpoint import load_aggregate
from vae.data import bundled_twin
from vae.distributions import Mixture

from . import routes
from .atlas import MapAssets, publish_map
from .place import SEEDS, Pin, Place, Space, link
from .sheet import Judged, Wish
from .way import Way

CHECKPOINTS = Path(
    os.environ.get("VAE_CHECKPOINTS_DIR", Path(__file__).parents[2] / "checkpoints")
)
DEFAULT_MODEL = "fashion-vae"


def checkpoints() -> list[vae.Entry]:
    """What lies in the checkpoints folder, damaged folders included with their reason."""
    found = [*sorted(CHECKPOINTS.glob("*")), *sorted(CHECKPOINTS.glob("*/*"))]
    stamps = [(p, p.stat()) for p in found]
    return _checkpoints(
        str(CHECKPOINTS), tuple((str(p), s.st_mtime_ns, s.st_size) for p, s in stamps)
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _checkpoints(folder: str, listing: tuple[tuple[str, int, int], ...]) -> list[vae.Entry]:
    return vae.list_checkpoints(folder)


@st.cache_resource(max_entries=8, show_spinner="Loading the model")
def checkpoint(name: str, digest: str) -> vae.Checkpoint:
    """One checkpoint; its decode route opens with it."""
    loaded = vae.load(CHECKPOINTS / name)
    routes.register_decoder(
        loaded.digest, _space(loaded.model), lambda pin: _bytes(loaded.model, pin)
    )
    return loaded


def space(name: str, digest: str) -> Space:
    """What decides about a checkpoint's pictures."""
    return _space(checkpoint(name, digest).model)


def _space(model: vae.Autoencoder) -> Space:
    labels = model.extra if model.extra_kind == "label" else 0
    return Space(model.latent, labels, SEEDS if model.extra_kind == "detail" else 1)


def shown_data(name: str) -> str:
    """The data set that is shown for `name`."""
    return bundled_twin(name)


@st.cache_resource(max_entries=4, show_spinner="Reading the images")
def dataset(name: str, size: int) -> vae.Dataset:
    """A data set by name."""
    return vae.load_dataset(shown_data(name), size=size)


@st.cache_resource(max_entries=16, show_spinner="Laying out the map")
def map_assets(name: str, digest: str) -> MapAssets:
    """Encodes the test images, measures the plane, publishes what the map needs."""
    ck = checkpoint(name, digest)
    data = dataset(ck.config.train.data, ck.model.image_shape[1])
    pictures = data.test.images
    codes = latent.split_codes(ck, data.test)
    doubt = latent.entropy(ck.model, latent.bounds(codes.mean))
    items = publish_map(codes, data.test.labels, data.class_names, uncertainty=doubt)
    urls = {
        **items.urls,
        "items": routes.publish_images(data.digest[:16], pictures),
        "decode": f"{routes.PREFIX}/decode/{ck.digest}",
    }
    with suppress(export.ExportError):  # without a program the map asks the decode route
        urls["program"] = routes.publish(export.decoder_program(ck.model))
    if ck.model.extra_kind == "detail":
        noise = [latent.detail_noise(ck.model, seed).numpy() for seed in range(SEEDS)]
        urls["details"] = routes.publish(np.stack(noise).astype("<f4").tobytes())
    facts = {
        **items.facts,
        "extra": ck.model.extra,
        "extraKind": ck.model.extra_kind,
        "name": name,
        "digest": digest,
        "image": list(ck.model.image_shape),
        # The map shows a standard normal's density and quantiles, so no learned prior's.
        "prior": ck.model.has_prior and ck.config.model.prior == "normal",
        "split": f"{len(pictures):,} test images",
    }
    return MapAssets(urls, facts)


@st.cache_data(max_entries=20_000, show_spinner=False)
def decoded(name: str, digest: str, pin: Pin) -> bytes:
    """The image [H, W, C] that torch decodes there, as bytes."""
    return _bytes(checkpoint(name, digest).model, pin)


def _bytes(model: vae.Autoencoder, pin: Pin) -> bytes:
    codes = np.array([pin.z])
    return latent.decode_bytes(model, codes, label=pin.label, seed=pin.seed)[0].tobytes()


# --- the Compare page ---------------------------------------------------------------------------


@st.cache_resource(max_entries=16, show_spinner="Encoding the test images")
def codes(name: str, digest: str) -> latent.Codes:
    """Codes of the test images."""
    ck = checkpoint(name, digest)
    return latent.split_codes(ck, shown(name, digest).test)


def shown(name: str, digest: str) -> vae.Dataset:
    """The data set whose test images a model is shown with."""
    ck = checkpoint(name, digest)
    return dataset(ck.config.train.data, ck.model.image_shape[1])


@st.cache_data(max_entries=64, show_spinner=False)
def central_items(name: str, digest: str) -> list[int | None]:
    data = shown(name, digest)
    return latent.central_items(codes(name, digest).mean, data.test.labels, len(data.class_names))


@st.cache_data(max_entries=16, show_spinner=False)
def telling_pair(torn: tuple[str, str], whole: tuple[str, str]) -> tuple[int, int]:
    """Two central items of classes that show best what two models, (name, digest), differ in."""
    items = [item for item in central_items(*whole) if item is not None]
    return walks.telling_pair(codes(*torn).mean, codes(*whole).mean, items)


@st.cache_data(max_entries=200, show_spinner=False)
def walk(name: str, digest: str, start: int, end: int, frames: int) -> tuple[walks.Walk, bytes]:
    """The straight line between two items' codes, and `frames` pictures on it as one PNG."""
    model, pictures = checkpoint(name, digest).model, shown(name, digest).test.images
    path = walks.walk(
        model, codes(name, digest).mean, pictures, start, end, steps=8 * (frames - 1) + 1
    )
    strip = images.mosaic(latent.decode_bytes(model, path.codes[::8]), frames, scale=3)
    return path, images.png(strip)


@st.cache_data(max_entries=64, show_spinner=False)
def place_grid(name: str, digest: str, reach: float, side: int) -> bytes:
    """side x side places over the square of z from -reach to reach, decoded, as one PNG."""
    axis = np.linspace(-reach, reach, side)
    z1, z2 = np.meshgrid(axis, axis[::-1])
    pictures = latent.decode_bytes(
        checkpoint(name, digest).model, np.stack([z1, z2], 2).reshape(-1, 2)
    )
    return images.png(images.mosaic(pictures, side, scale=2))


@st.cache_data(max_entries=200, show_spinner=False)
def posterior_draws(name: str, digest: str, item: int, n: int) -> np.ndarray | None:
    split = shown(name, digest).test
    model = checkpoint(name, digest).model
    return latent.posterior_draws(model, split.images[item], int(split.labels[item]), n)


@st.cache_data(max_entries=200, show_spinner=False)
def details(name: str, digest: str, item: int, seeds: int) -> np.ndarray:
    """The place of one item [seeds + 1, H, W, C]: at its means, then with seeds 1, 2, ..."""
    model, z = checkpoint(name, digest).model, codes(name, digest).mean[item : item + 1]
    return np.concatenate([latent.decode_bytes(model, z, seed=s) for s in range(seeds + 1)])


# --- the Interpolate page -----------------------------------------------------------------------


@st.cache_resource(max_entries=8, show_spinner="Measuring how fast pictures change")
def metric(
    name: str, digest: str, label: int | None, seed: int, guard: bool
) -> tuple[geometry.Metric, str]:
    """The decoder's metric and the URL of its field: log sqrt det G [side, side]."""
    ck, known = checkpoint(name, digest), codes(name, digest).mean
    # A convolutional decoder is ten times slower: fewer nodes, for some seconds instead of ten.
    side = 40 if ck.config.model.network == "conv" else geometry.SIDE
    field = geometry.Metric(
        geometry.pixel_means(ck.model, label=label, seed=seed),
        latent.bounds(known),
        empty=geometry.emptiness(known) if guard else None,
        side=side,
    )
    return field, routes.publish(field.speed.values.astype("<f4").tobytes())


class Travel(NamedTuple):
    """A way as it is walked: its curve [S, D], the frames [n, D], rounded as codes are shown, and
    how much the picture changes on it and on the straight line through the same stops."""

    path: np.ndarray
    frames: np.ndarray
    length: float
    straight: float


@st.cache_data(max_entries=400, show_spinner=False)
def travel(name: str, digest: str, way: Way) -> Travel:
    """Walks a way of at least two stops, or a drawn one."""
    model = checkpoint(name, digest).model
    decode = geometry.pixel_means(model, label=way.label, seed=way.seed)
    stops = np.array(way.stroke if way.kind == "drawn" else way.stops)
    if way.kind == "geodesic":
        field, _ = metric(name, digest, way.label, way.seed, way.guard)
        path = paths.geodesic(stops, field)
    elif way.kind == "drawn":
        x0, x1, y0, y1 = latent.bounds(codes(name, digest).mean)
        path = paths.drawn(stops, tolerance=0.006 * min(x1 - x0, y1 - y0))
        stops = stops[[0, -1]]
    else:
        path = paths.spherical(stops) if way.kind == "spherical" else paths.straight(stops)
    found = paths.frames(path, way.frames, spacing=way.spacing, decode=decode).round(4) + 0.0
    return Travel(
        path,
        found,
        geometry.picture_length(decode, path),
        geometry.picture_length(decode, stops),
    )


def code_of(name: str, digest: str, image: np.ndarray, label: int | None) -> tuple[float, ...]:
    """The code of one image uint8 [C, H, W], rounded as codes are shown."""
    model = checkpoint(name, digest).model
    labels = None if label is None else np.array([label])
    mean = latent.encode_images(model, image[None], labels).mean[0]
    return tuple(float(v) for v in mean.round(4) + 0.0)


# --- the Generate page --------------------------------------------------------------------------


@st.cache_resource(max_entries=16, show_spinner=False)
def ground(name: str, digest: str) -> generate.Ground:
    """How the shown items lie on a model's plane."""
    return generate.Ground.of(codes(name, digest).mean)


@st.cache_resource(max_entries=16, show_spinner="Finding where images lie")
def aggregate_posterior(name: str, digest: str) -> Mixture:
    """The one kept with the checkpoint, else fitted to the shown images' codes."""
    ck = checkpoint(name, digest)
    kept = load_aggregate(ck)
    if kept is not None:
        return kept
    return aggregate.fit_for(ck.model, codes(name, digest), shown(name, digest).test.labels)


@st.cache_data(max_entries=64, show_spinner=False)
def samples(name: str, digest: str, wish: Wish) -> generate.Samples:
    """The records of a wish."""
    return generate.sample(
        checkpoint(name, digest).model,
        generate.Request(**asdict(wish)),
        codes=codes(name, digest),
        labels=shown(name, digest).test.labels,
        ground=ground(name, digest),
        aggregate=aggregate_posterior(name, digest),
    )


@st.cache_data(max_entries=8, show_spinner="Comparing the images with each other")
def usual_distances(data: str, size: int) -> tuple[float, float]:
    """Between the test images of a data set: the 5th percentile and the median."""
    return novelty.usual_distances(dataset(data, size).test.images)


@st.cache_resource(max_entries=2, show_spinner=False)
def gallery(data: str, size: int) -> novelty.Gallery:
    """The test images of a data set, to find the nearest among."""
    return novelty.Gallery(dataset(data, size).test.images)


@st.cache_data(max_entries=200, show_spinner=False)
def pictures(name: str, digest: str, pins: tuple[Pin, ...]) -> np.ndarray:
    """uint8 pictures [n, H, W, C] of records that share a label, as torch decodes them."""
    z = np.array([pin.z for pin in pins], np.float32)
    seeds = np.array([pin.seed for pin in pins])
    model = checkpoint(name, digest).model
    out = None
    for label in {pin.label for pin in pins}:
        of = np.array([pin.label == label for pin in pins])
        part = generate.decode(model, z[of], label=label, seeds=seeds[of])
        out = np.empty((len(pins), *part.shape[1:]), np.uint8) if out is None else out
        out[of] = part
    return out


def judged(name: str, digest: str, pins: tuple[Pin, ...]) -> Judged:
    """What is known of records: pictures in one sprite and crowding at once, the nearest real
    images when the browser asks, because those take longer than all else."""
    made, trained = pictures(name, digest, pins), checkpoint(name, digest).config
    data, size = trained.train.data, trained.model.image_shape[1]
    columns = min(20, len(pins))
    rows = -(-len(pins) // columns)
    room = np.zeros((columns * rows, *made.shape[1:]), np.uint8)
    room[: len(made)] = made
    sprite = images.mosaic(room, columns)
    grey = made.shape[3] == 1
    url = routes.publish(images.png(sprite[..., 0] if grey else sprite), "image/png")
    return Judged(
        url,
        columns,
        rows,
        routes.publish_later(
            f"{url} {len(made)} {data} {size}", lambda: _nearest(made, data, size)
        ),
        ground(name, digest).crowding(np.array([pin.z for pin in pins])),
        usual_distances(data, size),
    )


def _nearest(made: np.ndarray, data: str, size: int) -> bytes:
    """The nearest real image of each picture, its label and the distance, as JSON."""
    near = gallery(data, size).nearest(made)
    found = {
        "nearest": near.item.tolist(),
        "nearestLabel": dataset(data, size).test.labels[near.item].tolist(),
        "distance": near.distance.astype(float).round(4).tolist(),
    }
    return json.dumps(found).encode()


# --- the Board page -----------------------------------------------------------------------------


class BoardPictures(NamedTuple):
    """Of a board's items: `pictures` uint8 [n, H, W], a `sprite` of them enlarged (URL, columns,
    rows), for each a link to its place, and what does not match here; empty where all is well."""

    pictures: np.ndarray
    sprite: tuple[str, int, int]
    links: list[str]
    warnings: list[str]


_TILE = 112  # pixels of a card's picture


@st.cache_data(max_entries=64, show_spinner="Decoding the pictures")
def _kept(records: tuple[tuple[str, str, Pin], ...], known: tuple) -> BoardPictures:
    """Of (model, digest, pin) records, with the models of that name that are here now."""
    entries = {e.name: e for e in checkpoints() if e.error is None}
    found: list[np.ndarray] = []
    links, warnings = [], []
    for name, digest, pin in records:
        entry, told, shown_at = entries.get(name), "", ""
        picture = np.zeros((28, 28), np.uint8)
        if entry is None:
            told = f"no model named {name} is here"
        elif len(pin.z) != entry.config.model.latent:
            told = f"{name} has {entry.config.model.latent} latents here, not {len(pin.z)}"
        else:
            if not entry.digest.startswith(digest[:12]):
                told = f"made with another {name}, {digest[:12]}"
            try:
                place = space(name, entry.digest)
                pin = Pin(pin.z, place.label(pin.label), place.seed(pin.seed))
                flat = np.frombuffer(decoded(name, entry.digest, pin), np.uint8)
                channels, height, width = entry.config.model.image_shape
                picture = flat.reshape(height, width, channels).mean(2).round().astype(np.uint8)
                where = Place(pin.z, label=pin.label, seed=pin.seed)
                shown_at = link(where.to_query(name, entry.digest))
            except (ValueError, vae.CheckpointError) as error:
                told = str(error)
        found.append(picture)
        links.append(shown_at)
        warnings.append(told)
    sizes = {picture.shape for picture in found}
    if len(sizes) > 1:  # models of several image sizes on one board
        most = max(h for h, _ in sizes)
        found = [_fitted(picture, most) for picture in found]
    stack = np.stack(found) if found else np.zeros((0, 28, 28), np.uint8)
    columns = max(1, min(20, len(stack)))
    rows = max(1, -(-len(stack) // columns))
    tile = max(_TILE, stack.shape[1])
    large = upscale.enlarge(stack[:, None].astype(np.float32) / 255, tile)
    room = np.zeros((columns * rows, large.shape[2], large.shape[3], 1), np.uint8)
    room[: len(stack)] = (large * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    url = routes.publish(images.png(images.mosaic(room, columns)), "image/png")
    return BoardPictures(stack, (url, columns, rows), links, warnings)


def board_pictures(items: tuple[Item, ...]) -> BoardPictures:
    """What is shown of a board's items."""
    known = tuple((entry.name, entry.digest) for entry in checkpoints())
    return _kept(tuple((i.model, i.digest, Pin(i.z, i.label, i.seed)) for i in items), known)


# --- the Train page -----------------------------------------------------------------------------


class Preview(NamedTuple):
    """What is shown of images before a training: 25 of them, how many there are, and of what."""

    picture: np.ndarray
    count: int
    held_out: int
    classes: list[tuple[str, int]]


@st.cache_data(max_entries=16, show_spinner="Reading the images")
def preview(data: str, size: int) -> Preview:
    """Raises `DataError` for images that cannot be read."""
    try:
        found = vae.load_dataset(data, size=size)
    except vae.DataError:
        if data != "fashion-mnist":
            raise
        found = dataset(data, size)  # what a training takes where the full set is not here
    images_ = found.train.images
    some = images_[np.linspace(0, len(images_) - 1, 25).round().astype(int)]
    tiles = np.ascontiguousarray(some.transpose(0, 2, 3, 1))
    counts = np.bincount(found.train.labels, minlength=len(found.class_names))
    named = list(zip(found.class_names, counts.tolist(), strict=True))
    picture = images.mosaic(tiles, 5).squeeze()
    return Preview(picture, len(images_), len(found.test.images), named[:20])


def run_eyes(id: str) -> dict | None:
    """The eight images that a run looks at, and its items' labels and class names."""
    path = runs.path_of(id) / "run" / "eyes.npz"
    return _run_eyes(id, path.stat().st_mtime_ns) if path.exists() else None


@st.cache_data(max_entries=64, show_spinner=False)
def _run_eyes(id: str, stamp: int) -> dict:
    seen = runs.eyes(id)
    url = _strip(seen.images.transpose(0, 2, 3, 1))
    return {"url": url, "labels": seen.labels.tolist(), "names": list(seen.names)}


def run_snapshot(path: Path) -> dict | None:
    """URLs of what a snapshot shows; None for one that was thinned away or is damaged."""
    try:
        return _run_snapshot(str(path), path.stat().st_mtime_ns)
    except (OSError, runs.RunError):
        return None


@st.cache_data(max_entries=2000, show_spinner=False)
def _run_snapshot(path: str, stamp: int) -> dict:
    seen = runs.snapshot(Path(path))
    lattice = seen.lattice
    places = None
    if lattice is not None:
        side = round(len(lattice) ** 0.5)
        places = routes.publish(images.png(images.mosaic(lattice, side)), "image/png")
    return {
        "step": seen.step,
        "epoch": seen.epoch,
        "window": seen.window.tolist(),
        "plane": routes.publish(np.ascontiguousarray(seen.plane, "<f4").tobytes()),
        "lattice": places,
        "eyes": _strip(seen.eyes),
    }


def _strip(pictures: np.ndarray) -> str:
    """uint8 [N, H, W, C] in one row, published."""
    tiles = np.ascontiguousarray(pictures)
    return routes.publish(images.png(images.mosaic(tiles, len(tiles))), "image/png")


def last_point(id: str) -> dict | None:
    """The last point of a run's curve."""
    rows = runs.curve(id)[0]
    return rows[-1] if rows else None


def _fitted(picture: np.ndarray, size: int) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS))


def warm_up() -> None:
    """Fills the caches with what the first screen shows."""
    routes.plotly_url()
    for entry in checkpoints():
        if entry.name == DEFAULT_MODEL and entry.error is None:
            map_assets(entry.name, entry.digest)
