"""The map of a model in a notebook: JupyterLab, VS Code, Colab, marimo, by the package anywidget.

from vae.widget import Explorer

explorer = Explorer("checkpoints/fashion-vae")
explorer                                  # shows the map
explorer.z = [0.5, -1.0]                  # moves its cursor
explorer.on_change(lambda change: print(change["name"], change["new"]))
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        f'the notebook widget needs the package anywidget ({error}); pip install "anywidget"'
    ) from error

from .checkpoint.folder import Checkpoint, load
from .data.dataset import Dataset
from .explorer import contents as explorer_contents
from .explorer import page, scripts
from .latent.codec import SEEDS
from .validation import ConfigError, refuse_unknown

_SYNCED = ("z", "pins", "region", "selection")
_LIMIT = 1000  # of a coordinate


class Explorer(anywidget.AnyWidget):
    """The map of Explore. It decodes in the browser; what it shows is set and read from Python:

    - `z` [D]: the position of the cursor
    - `pins`: each a dict of its `z` [D], `label` (None: unknown) and noise `seed`; may be set to
      plain codes
    - `region`: the corners [z1, z2] of the lasso, empty without one
    - `selection`: the numbers, in the data set, of the items inside the lasso; or of any others,
      which are then marked in place of a lasso

    Raises `ConfigError` for values that the model cannot take, and what `vae.load` and
    `vae.load_dataset` raise.
    """

    z = traitlets.List().tag(sync=True)
    pins = traitlets.List().tag(sync=True)
    region = traitlets.List().tag(sync=True)
    selection = traitlets.List().tag(sync=True)
    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    _markup = traitlets.Unicode().tag(sync=True)
    _message = traitlets.Dict().tag(sync=True)
    _content = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        checkpoint: str | Path | Checkpoint,
        data: Dataset | None = None,
        *,
        items: int = explorer_contents.MAX_ITEMS,
    ) -> None:
        """Shows up to `items` images of `data`, by default those that are shown with the model."""
        loaded = checkpoint if isinstance(checkpoint, Checkpoint) else load(checkpoint)
        data = explorer_contents.data_of(loaded) if data is None else data
        made = explorer_contents.contents(loaded, data, most=items)
        places, at = {}, 0
        for name, block in made.blocks.items():
            places[name] = [at, at + len(block)]
            at += len(block)
        self._facts = made.data["facts"]
        super().__init__(
            _esm=_script(),
            _css=_style(),
            _markup=page.markup(),
            _message=made.data | {"controls": True, "blocks": places},
            _content=b"".join(made.blocks.values()),
            z=made.data["location"]["z"],
        )

    def on_change(self, call: Callable[[dict], None]) -> None:
        """Calls `call` after a change of `z`, `pins`, `region` or `selection`, from either side,
        with a dict of its `name`, its `old` and its `new` value."""
        self.observe(call, names=_SYNCED)

    @traitlets.validate("z")
    def _valid_z(self, proposal: dict) -> list[float]:
        return _code("z", proposal["value"], self._facts["latentSize"])

    @traitlets.validate("pins")
    def _valid_pins(self, proposal: dict) -> list[dict]:
        return [self._pin(pin) for pin in proposal["value"]]

    def _pin(self, pin: object) -> dict:
        known = dict(pin) if isinstance(pin, dict) else {"z": pin}
        refuse_unknown("a pin", known, ("z", "label", "seed"))
        context, most = self._facts["context"], self._facts["contextSize"]
        labels = [None, *range(most)] if context == "label" else [None]
        label = _one_of("the label of a pin", known.get("label"), labels)
        seeds = range(SEEDS if context == "noise" else 1)
        seed = _one_of("the noise seed of a pin", known.get("seed", 0), seeds)
        z = _code("the code of a pin", known.get("z"), self._facts["latentSize"])
        return {"z": z, "label": label, "seed": seed}

    @traitlets.validate("region")
    def _valid_region(self, proposal: dict) -> list[list[float]]:
        corners = [_code("a corner of the region", corner, 2) for corner in proposal["value"]]
        if len(corners) in (1, 2):
            raise ConfigError(
                f"the region has {len(corners)} corners; expected 3 or more, or none"
            )
        return corners

    @traitlets.validate("selection")
    def _valid_selection(self, proposal: dict) -> list[int]:
        try:
            return [operator.index(number) for number in proposal["value"]]
        except TypeError as error:
            raise ConfigError(
                f"the selection has something else ({error}); expected whole numbers of images"
            ) from error


def _one_of(name: str, value: object, known: Sequence) -> object:
    if value not in known:
        few = ", ".join(map(str, known[:3])) + (f", ..., {known[-1]}" if len(known) > 3 else "")
        raise ConfigError(f"{name} is {value!r}; expected {few}")
    return value


def _code(name: str, values: object, size: int) -> list[float]:
    """A checked code, or a point of the plane."""
    try:
        found = [float(value) for value in values] if isinstance(values, Iterable) else []
    except (TypeError, ValueError):
        found = []
    if len(found) != size or not all(abs(value) <= _LIMIT for value in found):
        raise ConfigError(
            f"{name} is {values!r}; expected {size} numbers between -{_LIMIT} and {_LIMIT}"
        )
    return found


def _script() -> str:
    widget = scripts.bundle("standalone/widget.js")
    worker = scripts.bundle("decoder/decode_worker.js")
    return (
        f"const open = {widget};\nconst work = {worker};\n"
        "export default { render: (context) => open().render(context, work) };\n"
    )


def _style() -> str:
    colours = page.themes(".la-notebook", '.la-notebook[data-theme="dark"]')
    return "\n".join((colours, page.styles(), scripts.text_of("pages/ui/standalone/notebook.css")))
