"""The settings of the Compare page, and their form in the address bar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..models.families import MAX_MODELS
from ..runtime import query
from ..runtime.query import QueryField, always, code, comma_separated, one_of

MODES = ("z", "item")
EXTENTS = ("same", "own")


@dataclass(frozen=True)
class Comparison:
    """The names of the models, and the cursor that they share: a code or a test image."""

    models: tuple[str, ...] = ()
    z: tuple[float, ...] = (0.0, 0.0)
    item: int | None = None
    mode: str = "z"
    extent: str = "same"

    def to_json(self) -> dict:
        return {"z": list(self.z), "item": self.item, "mode": self.mode, "extent": self.extent}

    def to_query(self) -> dict[str, str]:
        """Query parameters that restore this comparison; those at their default are left out."""
        return query.write_query(self, (_MODELS, *_fields(len(self.z))))


def _names(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))[:MAX_MODELS]


_MODELS = QueryField("models", "m", _names, comma_separated, ",".join, always)


def _fields(latent: int) -> tuple[QueryField, ...]:
    return (
        QueryField("z", "z", code(latent), comma_separated, query.code_text, always),
        QueryField("item", "i", query.optional(query.whole(0, query.MAX_SEED))),
        QueryField("mode", "mode", one_of(MODES)),
        QueryField("extent", "grid", one_of(EXTENTS)),
    )


def comparison_from_query(
    link: Mapping[str, str], start: Comparison
) -> tuple[Comparison, list[str]]:
    """The comparison of a link, and the keys that could not be read."""
    found, unreadable = query.read_query(link, (_MODELS, *_fields(len(start.z))), start)
    return replace(found, models=found.models or start.models), unreadable


def comparison_from_map(value: Mapping, models: tuple[str, ...], items: int) -> Comparison:
    """The comparison that the maps committed; raises `InvalidValueError`."""
    found = Comparison(models, **query.read_message(value, query.checks_of(_fields(2))))
    # The maps may still refer to an item of a larger data set.
    return found if (found.item or 0) < items else replace(found, item=None)
