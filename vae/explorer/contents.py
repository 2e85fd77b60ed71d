"""What an explorer is given: named blocks of bytes, and the message that opens the map.

The blocks are what the app serves by URLs; here a URL is `page:/` and a name. The pictures of the
items are in sheets, and the host in the page cuts them out (`pages/ui/standalone/embedded.js`).
"""

import json
from pathlib import Path
from typing import NamedTuple

from ..analysis.columns import colourings
from ..checkpoint.artifacts import data_path
from ..checkpoint.folder import Checkpoint
from ..data import kept_images, selection
from ..data.dataset import Dataset
from ..data.load import NAMED, bundled_equivalent, load_dataset, preparation_of
from ..errors import AtelierError
from ..latent.codec import TorchCodec
from ..latent.density import bounds, pixel_entropy_field
from ..latent.encoding import split_codes
from ..progress import Progress, no_progress
from . import map_data, sheets
from .scripts import ADDRESS, bytes_of

MAX_ITEMS = 10_000


class ExplorerError(AtelierError):
    """A model that cannot be explored without a server."""


class Contents(NamedTuple):
    """The `blocks` by name, and the `data` of the map's first message."""

    blocks: dict[str, bytes]
    data: dict


def data_of(checkpoint: Checkpoint) -> Dataset:
    """The images that are shown with a model: those that it was trained on, of a set with a name
    the bundled ones, of files that are gone those kept with the model. Raises `DataError`."""
    data = bundled_equivalent(data_path(checkpoint))
    if data not in NAMED and not Path(data).exists() and kept_images.exists(checkpoint.path):
        return kept_images.load(checkpoint.path)
    held_out = checkpoint.config.train.held_out
    return load_dataset(data, preparation=preparation_of(checkpoint.config), held_out=held_out)


def contents(
    checkpoint: Checkpoint,
    data: Dataset,
    *,
    most: int = MAX_ITEMS,
    progress: Progress = no_progress,
) -> Contents:
    """The map of a model and of up to `most` of the images that are shown with it. Raises
    `ExplorerError` where the decoder has no program, since nothing else decodes in a page."""
    codec, shown, steps = TorchCodec(checkpoint.model), data.shown, 5
    progress(0, steps)
    blocks, decoder = map_data.decoder_data(codec)
    if "program" not in blocks:
        raise ExplorerError(
            f"the decoder of {checkpoint.name} has a layer that cannot run in a browser, so its "
            "map cannot be one file; python -m vae export --onnx writes the model for other tools"
        )
    if not len(shown.labels):
        raise ExplorerError(f"the data of {checkpoint.name} has no images to show")
    codes = split_codes(checkpoint, shown)
    progress(1, steps)
    columns = colourings(selection.metadata_of(data).columns)
    entropy = pixel_entropy_field(codec, bounds(codes.mean))
    blocks["entropy"] = entropy.values.astype("<f4").tobytes()
    progress(2, steps)
    made = map_data.map_data(
        codes, shown.labels, data.class_names, columns=list(columns), most=most
    )
    progress(3, steps)
    blocks |= made.arrays
    pictures, (width, height) = sheets.sheets([shown.images[i] for i in made.numbers])
    blocks |= {f"sheet {k}": sheet for k, sheet in enumerate(pictures)}
    for k, column in enumerate(columns.values()):
        blocks[f"column {k}"] = map_data.column_data(column, made.numbers, made.codes.mean)
    if paths := data.shown_metadata.paths:
        names = {int(number): paths[number] for number in made.numbers}
        blocks["files"] = json.dumps(names, ensure_ascii=False).encode()
    progress(4, steps)
    urls = {name: ADDRESS + name for name in blocks if not name.startswith(("sheet", "column"))}
    urls |= {f"column {name}": f"{ADDRESS}column {k}" for k, name in enumerate(columns)}
    blocks["decoder/kernels.wasm"] = bytes_of("pages/ui/decoder/kernels.wasm")
    facts = made.facts | decoder | {"name": checkpoint.name, "digest": checkpoint.digest}
    facts |= {"split": data.shown_count, "heldOut": len(data.test.labels), "choices": []}
    opening = {"seed": 0, "pins": [], "item": None, "hidden": [], "region": None, "view": None}
    sheet = {"columns": sheets.COLUMNS, "perSheet": sheets.PER_SHEET, "size": [width, height]}
    message = {
        "facts": facts | {"shown": ""},
        "urls": urls | {"items": f"{ADDRESS}items", "decode": f"{ADDRESS}decode"},
        "location": opening | map_data.first_location(facts),
        "items": {"show": "", "colour": "", "revision": 0},
        "revision": 0,
        "link": "",
        "pictures": sheet | {"numbers": made.numbers.tolist() if facts["numbered"] else None},
    }
    progress(steps, steps)
    return Contents(blocks, message)
