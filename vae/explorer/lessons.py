"""Steps of the Learn page inside the page of a model, whose figures then show this model."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from string import Template

from ..validation import one_of
from . import scripts
from .contents import ExplorerError

STYLES = ("learn/lesson.css",)
_OTHERS = {"holes", "beta", "relatives"}  # which compare several models
_IMAGE = [1, 28, 28]  # that the figures are drawn for
_PACKAGE = "latex2mathml"


def titles() -> dict[str, str]:
    """The steps that a page can have, in their order: their titles by their names."""
    return {slug: step["title"] for slug, step in _steps().items() if slug not in _OTHERS}


def offered(facts: Mapping) -> dict[str, str]:
    """The `titles` for a model with these facts; none where it cannot have them."""
    return titles() if _can_show(facts) and find_spec(_PACKAGE) else {}


def lessons(chosen: Sequence[str], facts: Mapping) -> str:
    """Some steps as HTML, for a model with these facts. Raises `ConfigError` for an unknown step
    and `ExplorerError` for a model that they cannot show, or without the package for formulas."""
    if not chosen:
        return ""
    for slug in chosen:
        one_of("a lesson", slug, titles())
    if not _can_show(facts):
        raise ExplorerError(
            f"the lessons cannot show {facts['name']}; expected a model with two latents, a "
            "posterior, no further inputs and grey images of 28 x 28 pixels, such as fashion-vae"
        )
    if find_spec(_PACKAGE) is None:
        raise ExplorerError(
            f"formulas need {_PACKAGE}, which is not installed; pip install {_PACKAGE}"
        )
    steps, template = _steps(), Template(scripts.text_of("pages/ui/standalone/lesson.html"))
    return "".join(template.substitute(_filled(slug, steps[slug])) for slug in chosen)


def _can_show(facts: Mapping) -> bool:
    two = facts["latentSize"] == 2 and facts["posterior"] and facts["context"] is None
    return two and facts["image"] == _IMAGE


@cache
def _steps() -> dict[str, dict]:
    return tomllib.loads(scripts.text_of("pages/ui/learn/steps.toml"))["steps"]


def _filled(slug: str, step: Mapping) -> dict[str, str]:
    return {
        "slug": slug,
        "title": escape(step["title"]),
        "words": re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(step["words"])),
        "formula": "".join(map(_mathml, _lines(step["formula"]))),
        "question": escape(step["question"]),
        "answers": "".join(f"<li>{escape(answer)}</li>" for answer in step["answers"]),
        "right": f"<strong>{escape(step['answers'][step['right']])}.</strong> "
        + escape(step["why"]),
    }


def _lines(formula: str) -> list[str]:
    """The lines of an aligned or gathered formula, which the converter does not know."""
    inside = re.sub(r"\\(?:begin|end)\{(?:gathered|aligned)\}", "", formula)
    return [re.sub(r"(?<!\\)&|\{\}", "", line) for line in inside.split(r"\\")]


def _mathml(line: str) -> str:
    from latex2mathml.converter import convert

    return convert(line, display="block")
