"""The steps of the Learn page: text, formula, figure, question, and the code that implements it.

Pure: no Streamlit here. The code is read from the installed package, so it is always current.
"""

import inspect
import pkgutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from vae.models.ae import CODE_PENALTY


@dataclass(frozen=True)
class Step:
    """A step; `code` are functions as `module:name`, `models` the checkpoints that its figure
    needs. `right` is the index of the right answer, `why` is shown after any answer."""

    slug: str  # also a key of `FIGURES` in `figures.js`
    title: str
    words: str
    formula: str
    code: list[str]
    question: str
    answers: list[str]
    right: int
    why: str
    models: list[str]


_TEXT = Path(__file__).with_name("steps.toml").read_text("utf-8")
_FOUND = tomllib.loads(_TEXT.replace("CODE_PENALTY", f"{CODE_PENALTY:g}"))
_DEFAULT = {"models": ["fashion-vae"]}
STEPS = tuple(Step(slug, **_DEFAULT | step) for slug, step in _FOUND["steps"].items())
SLUGS = tuple(step.slug for step in STEPS)
PLANS: dict[str, list[tuple[str, int, str]]] = _FOUND["plans"]  # step, minutes, activity


def source(name: str) -> str:
    """The source code of a function of this project, given as `module:name`."""
    return inspect.cleandoc("\n" + inspect.getsource(pkgutil.resolve_name(name)))
