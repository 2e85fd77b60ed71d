"""Every key of the session state, behind typed functions: the chosen model, a place and a way a
model, what is compared, what was generated, which board is open, what is asked about anomalies."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from vae import boards
from vae.board_items import Board, Item
from vae.directions import Direction
from vae.run_queue import Estimate

from .augment_request import AugmentRequest, request_from_query
from .board_state import Deeds, change_of
from .comparison import Comparison, comparison_from_query
from .grouping import Grouping, grouping_from_query
from .inquiry import Choices, Inquiry, inquiry_from_query, sound
from .jobs import Job
from .place import MOST_PINS, Pin, Place, Space, place_from_query
from .reduction import Reduction, reduction_from_query
from .sheet import History, Record, Sheet, Wish, wish_from_query
from .way import Way, way_from_query


def model(default: str) -> str:
    """Name of the chosen model; a link decides on the first run, the visitor afterwards."""
    return st.session_state.setdefault("model", st.query_params.get("m", default))


def choose_model(name: str) -> None:
    st.session_state["model"] = name


def place(digest: str, first: Place, space: Space) -> tuple[Place, list[str]]:
    """The remembered place on the map of the model with this digest.

    A model seen for the first time takes over z from the one before where their sizes agree, so
    that changing the model keeps the position; the very first one begins at `first`, unless
    a link says otherwise. Also returns the unreadable parts of a link.
    """
    places = st.session_state.setdefault("places", {})
    broken: list[str] = []
    if digest not in places:
        if not places:
            compared = st.session_state.get("comparison")
            if compared is not None and len(compared.z) == len(first.z):
                first = replace(first, z=compared.z)
            places[digest], broken = place_from_query(st.query_params.to_dict(), first, space)
        else:
            last = places[st.session_state["last_digest"]]
            places[digest] = replace(first, z=last.z) if len(last.z) == len(first.z) else first
    elif st.session_state["last_digest"] != digest:
        last = places[st.session_state["last_digest"]]
        if len(last.z) == len(first.z):
            places[digest] = replace(places[digest], z=last.z)
    st.session_state["last_digest"] = digest
    return places[digest], broken


def remember(digest: str, where: Place) -> None:
    st.session_state["places"][digest] = where


def comparison(start: Comparison) -> tuple[Comparison, list[str]]:
    """What is compared; a link decides on the first run, the visitor afterwards. Stands where the
    visitor stands on the Explore page. Also returns the unreadable parts of a link."""
    broken: list[str] = []
    explored = st.session_state.get("places", {}).get(st.session_state.get("last_digest"))
    if "comparison" not in st.session_state:
        if explored is not None and len(explored.z) == len(start.z):
            start = replace(start, z=explored.z)
        found, broken = comparison_from_query(st.query_params.to_dict(), start)
        compare(found)
    elif explored is not None and len(explored.z) == len(start.z):
        current = st.session_state["comparison"]
        if current.mode == "z":
            st.session_state["comparison"] = replace(current, z=explored.z)
    return st.session_state["comparison"], broken


def compare(changed: Comparison) -> None:
    """Remembers a comparison; its place is also the one that Explore goes on from."""
    st.session_state["comparison"] = changed
    places = st.session_state.get("places", {})
    digest = st.session_state.get("last_digest")
    if digest in places and len(places[digest].z) == len(changed.z):
        places[digest] = replace(places[digest], z=changed.z)


def compare_models(names: Iterable[str]) -> None:
    """Other models at the same place."""
    compare(replace(st.session_state["comparison"], models=tuple(names)))


def chosen_item(key: str, first: int) -> int:
    """The item of a lesson: the one last chosen for it, `first` to begin with."""
    return st.session_state.setdefault("items", {}).setdefault(key, first)


def choose_item(key: str, item: int | None) -> None:
    if item is not None:
        st.session_state["items"][key] = item


def mapped_item() -> int | None:
    """The item that is chosen on the maps of the comparison."""
    found = st.session_state.get("comparison")
    return None if found is None else found.item


def pins(digest: str) -> tuple[Pin, ...]:
    """The pins of the Explore page on the map of the model with this digest."""
    found = st.session_state.get("places", {}).get(digest)
    return () if found is None else found.pins


def way(digest: str, first: Way, space: Space) -> tuple[Way, list[str]]:
    """The remembered way through the model with this digest; the very first one is that of a link.
    Also returns the unreadable parts of a link."""
    ways = st.session_state.setdefault("ways", {})
    broken: list[str] = []
    if digest not in ways:
        explored = st.session_state.get("places", {}).get(digest)
        if explored is not None:
            first = replace(first, label=explored.label, seed=explored.seed)
        ways[digest] = first
        if len(ways) == 1:
            ways[digest], broken = way_from_query(st.query_params.to_dict(), first, space)
    return ways[digest], broken


def walk(digest: str, changed: Way) -> None:
    """Remembers a way that the map committed."""
    st.session_state["ways"][digest] = changed


def current_way(digest: str, first: Way) -> Way:
    """The way as it is now, `first` where there is none yet."""
    return st.session_state.get("ways", {}).get(digest, first)


def way_revision() -> int:
    """Counts the changes to ways that did not come from the map: it takes those over."""
    return st.session_state.get("way_revision", 0)


def open_way(digest: str, way: Way) -> None:
    """Another way, which the map takes over as one step that can be undone."""
    st.session_state["ways"][digest] = way
    st.session_state["way_revision"] = way_revision() + 1


def add_stop(digest: str, z: tuple[float, ...]) -> None:
    """Lets the way go on to a code, as a stop behind the last."""
    before = st.session_state["ways"][digest]
    kind = "straight" if before.kind == "drawn" else before.kind
    open_way(digest, replace(before, stops=(*before.stops, z), kind=kind))


def export_job(slot: str) -> Job | None:
    """The last file that was asked for, of a model by its digest or of a board by its key."""
    found = st.session_state.get("export_job")
    return found[1] if found and found[0] == slot else None


def keep_export_job(slot: str, job: Job | None) -> None:
    """Remembers a file in the making; one that it replaces is stopped."""
    before = st.session_state.get("export_job")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["export_job"] = (slot, job)


def wish(digest: str, space: Space, classes: int) -> tuple[Wish, list[str]]:
    """What is asked of the model with this digest; a link decides on the first run. Also returns
    the unreadable parts of a link."""
    wishes = st.session_state.setdefault("wishes", {})
    broken: list[str] = []
    if digest not in wishes:
        first = Wish(label=0 if space.labels else None)
        query = st.query_params.to_dict() if not wishes else {}
        wishes[digest], broken = wish_from_query(query, first, space, classes)
    return wishes[digest], broken


def ask_for(digest: str, changed: Wish) -> None:
    st.session_state.setdefault("wishes", {})[digest] = changed


def form_is_behind(digest: str, asked: Wish) -> bool:
    """Whether something else than the form has changed what is asked for."""
    return st.session_state.get("form", {}).get(digest) not in (None, asked)


def form_shows(digest: str, asked: Wish) -> None:
    st.session_state.setdefault("form", {})[digest] = asked


def history(digest: str) -> History:
    """The sheets that were made with the model of this digest."""
    return st.session_state.setdefault("sheets", {}).setdefault(digest, History())


def show_sheet(digest: str, sheet: Sheet) -> None:
    st.session_state["sheets"][digest] = history(digest).push(sheet)


def step_back(digest: str, forward: bool = False) -> None:
    """Undo, or redo; the wish follows to the sheet that is seen."""
    known = history(digest)
    known = known.redo() if forward else known.undo()
    st.session_state["sheets"][digest] = known
    if known.sheet is not None and known.sheet.wish is not None:
        ask_for(digest, known.sheet.wish)


def answered(digest: str, turn: int) -> bool:
    """Whether this message of the grid was answered before; remembers that it is now."""
    last = st.session_state.setdefault("answered", {})
    if last.get(digest, -1) >= turn:
        return True
    last[digest] = turn
    return False


def groups(digest: str) -> dict[str, tuple[Record, ...]]:
    """The examples from ("a") and to ("b") which a direction leads."""
    return st.session_state.setdefault("groups", {}).setdefault(digest, {})


def directions(digest: str) -> list[Direction]:
    """The directions that were made in the plane of the model with this digest."""
    return st.session_state.setdefault("directions", {}).setdefault(digest, [])


def explored(digest: str) -> tuple[tuple[float, ...] | None, tuple[Pin, ...]]:
    """Where the visitor stands on the Explore page's map of this model, and the pins there."""
    place = st.session_state.get("places", {}).get(digest)
    return (None, ()) if place is None else (place.z, place.pins)


def change_direction(digest: str, index: int, changed: Direction | None) -> None:
    """Another in its place, or none."""
    directions(digest)[index : index + 1] = [] if changed is None else [changed]


def leave_problem(words: str) -> None:
    """What a callback has to say, shown where the script comes by."""
    st.session_state["problem"] = words


def take_problem() -> str | None:
    return st.session_state.pop("problem", None)


# --- the board -----------------------------------------------------------------------------------


def board_key() -> str:
    """The key of the visitor's board: a link's, else the one they had, else a new one."""
    if "board" not in st.session_state:
        asked = st.query_params.get("b", "")
        st.session_state["board"] = asked if boards.is_key(asked) else boards.new_key()
    return st.session_state["board"]


def open_board(key: str) -> None:
    """Another board; what was done on the one before can no longer be undone here."""
    for name in ("board-seen", "board-deeds", "kept-ids"):
        st.session_state.pop(name, None)
    st.session_state["board"] = key


def kept_ids() -> dict[tuple[str, Pin], str]:
    """The items of the board that were kept from this window, by model and place."""
    return st.session_state.setdefault("kept-ids", {})


def deeds() -> Deeds:
    return st.session_state.setdefault("board-deeds", Deeds())


def set_deeds(changed: Deeds) -> None:
    st.session_state["board-deeds"] = changed


def record_change(board: Board, items: Sequence[Item], name: str | None = None) -> None:
    """Remembers a write to the board as it was before, for undo."""
    set_deeds(deeds().push(change_of(board, items, name)))


def see_board(revision: int) -> None:
    st.session_state["board-seen"] = revision


def board_seen() -> int:
    """The revision that this window showed last."""
    return st.session_state.get("board-seen", 0)


def brought(file_id: str) -> bool:
    """Whether this upload was read before; remembers that it is now."""
    seen = st.session_state.setdefault("brought", set())
    if file_id in seen:
        return True
    seen.add(file_id)
    return False


# --- trainings -----------------------------------------------------------------------------------


def shown_runs(asked: str | None, beside: str | None, known: Sequence[str]) -> list[str]:
    """The runs that are shown: a link's on the first look, then those that were chosen, else the
    newest; those that are gone are left out."""
    if "shown-runs" not in st.session_state:
        st.session_state["shown-runs"] = [id for id in (asked, beside) if id]
    found = [id for id in dict.fromkeys(st.session_state["shown-runs"]) if id in known]
    return found or list(known[:1])


def show_runs(ids: Sequence[str]) -> None:
    st.session_state["shown-runs"] = list(ids)


def picked_anew(ids: tuple[str, ...]) -> bool:
    """Whether this choice in the table is another than the last one."""
    if st.session_state.get("picked-runs") == ids:
        return False
    st.session_state["picked-runs"] = ids
    return True


def remember_estimate(options: Mapping[str, object], found: Estimate) -> None:
    st.session_state["estimate"] = (dict(options), found)


def estimate_of(options: Mapping[str, object]) -> Estimate | None:
    """What the last probe found, if it was of these options."""
    known = st.session_state.get("estimate")
    return known[1] if known and known[0] == options else None


def remember_published(id: str, name: str) -> None:
    st.session_state.setdefault("published", {})[id] = name


def published(id: str) -> str | None:
    """The name under which a run was saved from this window."""
    return st.session_state.get("published", {}).get(id)


# --- lessons -------------------------------------------------------------------------------------


def lesson_step(asked: str) -> str:
    """The step that is read: a link's on the first look, then where the reader went."""
    return st.session_state.setdefault("lesson-step", asked)


def go_to_step(slug: str) -> None:
    st.session_state["lesson-step"] = slug


# --- the region of the Explore page --------------------------------------------------------------


def draw_in_region(digest: str, seed: int) -> None:
    """Another seed for the samples from inside the region."""
    remember(digest, replace(st.session_state["places"][digest], draw=seed))


# --- layouts -------------------------------------------------------------------------------------


def reduction(latent: int) -> tuple[Reduction, list[str]]:
    """What is laid out beside each other; a link decides on the first run. A plane of dimensions
    that a model of so many latents lacks is forgotten. Also the unreadable parts of a link, until
    something else is chosen: the page runs again by itself while it computes."""
    if "reduction" not in st.session_state:
        found, broken = reduction_from_query(st.query_params.to_dict(), latent)
        st.session_state["reduction"], st.session_state["reduction-broken"] = found, broken
    elif reduction_from_query({"axes": st.session_state["reduction"].axes}, latent)[1]:
        st.session_state["reduction"] = replace(st.session_state["reduction"], axes="")
    return st.session_state["reduction"], st.session_state["reduction-broken"]


def reduce_as(changed: Reduction) -> None:
    st.session_state["reduction"], st.session_state["reduction-broken"] = changed, []


def layout_jobs() -> dict[Hashable, Job]:
    """The layouts that this window asked for, in the making or ended, by question."""
    return st.session_state.setdefault("layout_jobs", {})


# --- look-ups ------------------------------------------------------------------------------------


def looked_up(count: int) -> tuple[int, list[str]]:
    """The test image that is looked up, of so many: a link's on the first look, then the one that
    was chosen last. Also returns the unreadable parts of a link."""
    broken: list[str] = []
    if "looked-up" not in st.session_state:
        asked = st.query_params.get("i", "0")
        if not (asked.isascii() and asked.isdigit() and int(asked) < count):
            asked, broken = "0", ["i"]
        st.session_state["looked-up"] = int(asked)
    return min(st.session_state["looked-up"], count - 1), broken


def look_up(item: int) -> None:
    st.session_state["looked-up"] = item


def explore_from(digest: str, first: Place, z: tuple[float, ...]) -> Place:
    """Lets Explore begin at a code, pinned there; `first` is its place where it has none yet."""
    places = st.session_state.setdefault("places", {})
    before = places.get(digest, first)
    pins = (*before.pins[1 - MOST_PINS :], Pin(z))
    places[digest] = replace(before, z=z, pins=pins, item=None, view=None)
    st.session_state["last_digest"] = digest
    return places[digest]


def walk_from(digest: str, way: Way) -> None:
    """Lets Interpolate begin with a way."""
    st.session_state.setdefault("ways", {})
    open_way(digest, way)


# --- anomalies -----------------------------------------------------------------------------------


def inquiry(digest: str, choices: Choices) -> tuple[Inquiry, list[str]]:
    """What is asked about anomalies, the same for every model as far as each can answer; a link
    decides on the first run. Also returns the unreadable parts of a link."""
    known = st.session_state.get("inquiry")
    broken: list[str] = []
    if known is None:
        found, broken = inquiry_from_query(st.query_params.to_dict(), choices)
    else:
        # A threshold belongs to the scores of one model. What a link said badly is told until
        # something else is asked: the script runs anew by itself while it waits for scores.
        found, broken = known[1], known[2]
        found = found if known[0] == digest else replace(found, threshold=None)
    found = sound(found, choices)
    st.session_state["inquiry"] = (digest, found, broken)
    return found, broken


def inquire(digest: str, changed: Inquiry) -> None:
    st.session_state["inquiry"] = (digest, changed, [])


def submitted(ids: tuple[str, ...]) -> str | None:
    """The digest of these uploaded files, if they were kept from this window."""
    known = st.session_state.get("submitted")
    return known[1] if known and known[0] == ids else None


def keep_submitted(ids: tuple[str, ...], digest: str) -> None:
    st.session_state["submitted"] = (ids, digest)


def scoring(asked: tuple) -> Job | None:
    """The job that answers this question, if it was begun from this window."""
    known = st.session_state.get("scoring")
    return known[1] if known and known[0] == asked else None


def keep_scoring(asked: tuple, job: Job | None) -> None:
    """Remembers a job; one that it replaces is stopped."""
    before = st.session_state.get("scoring")
    if before and before[1] is not None:
        before[1].stop()
    st.session_state["scoring"] = (asked, job)


# --- clusters ------------------------------------------------------------------------------------


def grouping(digest: str) -> tuple[Grouping, list[str]]:
    """How the items on the plane of this model are grouped; a link decides on the first run. Also
    returns the unreadable parts of a link."""
    groupings = st.session_state.setdefault("groupings", {})
    broken: list[str] = []
    if digest not in groupings:
        query = {} if groupings else st.query_params.to_dict()
        found, broken = grouping_from_query(query, Grouping())
        groupings[digest] = found
        _cluster_names(digest)[found.key] = found.names
    return groupings[digest], broken


def group(digest: str, changed: Grouping) -> None:
    """Remembers a grouping; names go with the clusters they were given to, and come back with
    them."""
    names = _cluster_names(digest)
    before = st.session_state["groupings"][digest]
    if changed.key != before.key:
        changed = replace(changed, chosen=0, names=names.get(changed.key, ()))
    names[changed.key] = changed.names
    st.session_state["groupings"][digest] = changed


def _cluster_names(digest: str) -> dict:
    return st.session_state.setdefault("cluster-names", {}).setdefault(digest, {})


def trying_numbers(wanted: bool | None = None) -> bool:
    """Whether numbers of clusters are being tried; `wanted` begins or ends it."""
    if wanted is not None:
        st.session_state["trying-numbers"] = wanted
    return st.session_state.get("trying-numbers", False)


def tried_numbers(what: tuple) -> dict[int, float]:
    """How good the numbers of clusters are that were tried, by model, method and seed."""
    return st.session_state.setdefault("tried-numbers", {}).setdefault(what, {})


# --- made images ---------------------------------------------------------------------------------


def augment_request() -> tuple[AugmentRequest, list[str]]:
    """What images are to be made; a link decides on the first run. Also returns the unreadable
    parts of a link."""
    broken: list[str] = []
    if "augment-request" not in st.session_state:
        found, broken = request_from_query(st.query_params.to_dict())
        st.session_state["augment-request"] = found
    return st.session_state["augment-request"], broken


def ask_to_augment(changed: AugmentRequest) -> None:
    st.session_state["augment-request"] = changed
