"""What is being compared, and its form in the address bar. Pure: no Streamlit here."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..models.families import MOST
from ..runtime.location import Place, Space, place_from_map, place_from_query

MODES = ("z", "item")
EXTENTS = ("same", "own")


@dataclass(frozen=True)
class Comparison:
    """Models by name, the one cursor, and what it shares: the place or the item."""

    models: tuple[str, ...] = ()
    z: tuple[float, ...] = (0.0, 0.0)
    item: int | None = None
    mode: str = "z"
    extent: str = "same"

    def to_json(self) -> dict:
        return {"z": list(self.z), "item": self.item, "mode": self.mode, "extent": self.extent}

    def to_query(self) -> dict[str, str]:
        """Query parameters that restore this comparison; those at their default are left out."""
        place = Place(self.z, item=self.item).to_query("", "")
        query = {"m": ",".join(self.models), "z": place["z"]}
        if self.item is not None:
            query["i"] = str(self.item)
        if self.mode != "z":
            query["mode"] = self.mode
        if self.extent != "same":
            query["grid"] = self.extent
        return query


def comparison_from_query(
    query: Mapping[str, str], start: Comparison
) -> tuple[Comparison, list[str]]:
    """The comparison a link describes, and the names of parameters that could not be read."""
    known = {name: query[name] for name in ("z", "i") if name in query}
    place, broken = place_from_query(known, Place(start.z), Space(len(start.z)))
    mode, extent = query.get("mode", start.mode), query.get("grid", start.extent)
    broken += ["mode"] * (mode not in MODES) + ["grid"] * (extent not in EXTENTS)
    names = dict.fromkeys(name for name in query.get("m", "").split(",") if name)
    return Comparison(
        models=tuple(names)[:MOST] or start.models,
        z=place.z,
        item=place.item,
        mode=mode if mode in MODES else start.mode,
        extent=extent if extent in EXTENTS else start.extent,
    ), broken


def comparison_from_map(value: Mapping, models: tuple[str, ...], items: int) -> Comparison:
    """What the maps committed. Raises ValueError when it is not a comparison."""
    try:
        bare = {"z": value["z"], "item": value["item"]}
        mode, extent = value["mode"], value["extent"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"the maps sent no valid place ({error})") from error
    bare |= {"view": None, "layers": [], "pins": [], "hidden": [], "label": None, "seed": 0}
    place = place_from_map(bare, Space(2))
    if mode not in MODES or extent not in EXTENTS:
        raise ValueError("the maps sent no valid place")
    # The maps may still hold an item of a larger data set that was shown before.
    item = place.item if (place.item or 0) < items else None
    return Comparison(models, place.z, item, mode, extent)
