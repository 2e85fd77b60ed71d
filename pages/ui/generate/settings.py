"""The state of the Generate page in the address bar: the sampling request, in `s` what was derived
from its samples, and in `sel` how the grid shows them."""

from collections.abc import Mapping
from dataclasses import replace

from vae.latent.codec import SEEDS
from vae.latent.sampling import MAX_SAMPLES, POLYGON_SOURCES, SOURCES, SamplingRequest

from ..runtime import packed, query
from ..runtime.location import Space, polygon, polygon_text, split_codes
from ..runtime.query import MAX_SEED, QueryField, code, comma_separated, number, one_of, whole
from .sheet import Derived, View

PACKED = {"s": Derived, "sel": View}


def _fields(space: Space, classes: int) -> tuple[QueryField, ...]:
    return (
        QueryField("source", "src", one_of(SOURCES)),
        QueryField("n", "n", whole(1, MAX_SAMPLES)),
        QueryField("seed", "seed", whole(0, MAX_SEED)),
        QueryField("temperature", "t", number(0, 3)),
        QueryField("label", "c", whole(0, classes - 1)),
        QueryField(
            "z", "z", code(space.latent, 17), comma_separated, lambda z: ",".join(map(repr, z))
        ),
        QueryField("spread", "sp", number(0, 3)),
        QueryField("min_density", "min", number(0, 10)),
        QueryField("polygon", "in", polygon, split_codes, polygon_text),
        QueryField("group", "g", whole(0, SEEDS - 1)),
    )


def request_to_query(request: SamplingRequest, model: str, digest: str) -> dict[str, str]:
    """Query parameters that restore a request; those at their default are left out."""
    return query.write_query(request, _fields(Space(2), 0), model, digest)


def request_from_query(
    link: Mapping[str, str], first: SamplingRequest, space: Space, classes: int
) -> tuple[SamplingRequest, list[str]]:
    """The request of a link, and the keys that could not be read."""
    request, unreadable = query.read_query(link, _fields(space, classes), first)
    if request.source in POLYGON_SOURCES and not request.polygon:
        return replace(request, source=first.source), [*unreadable, "src"]
    return request, unreadable


def derived_to_query(derived: Derived, view: View) -> dict[str, str]:
    """Further query parameters, which restore the sheet that is shown."""
    values = zip(PACKED, (derived, view), strict=True)
    return {key: packed.pack(value) for key, value in values if value != PACKED[key]()}


def sheet_from_query(
    link: Mapping[str, str], space: Space
) -> tuple[tuple[Derived, View], list[str]]:
    """What a link says beside its request, and the keys that could not be read."""
    found, unreadable = {key: kind() for key, kind in PACKED.items()}, []
    for key in link.keys() & PACKED:
        try:
            found[key] = packed.unpack(link[key], PACKED[key])
        except query.InvalidValueError:
            unreadable.append(key)
    if not found["s"].fits(space.latent):
        found["s"], unreadable = Derived(), [*unreadable, "s"]
    return (found["s"], found["sel"]), unreadable
