"""The component that shows runs as they go on: curves, the plane, decoded places, a scrubber."""

from collections.abc import Sequence

from vae.training import runs
from vae.training.runs import RunError

from ..component.component import component
from . import cache as train_cache

_mount = component(__file__)


def run_view(shown: Sequence[str], *, key: str) -> None:
    """Shows one run, or two on one time scale. The browser keeps what it has: only what is new is
    fetched, zoom and scrubber stay."""
    _mount(
        key=key,
        data={
            "runs": [part for part in map(_run, shown) if part],
        },
    )


def _run(id: str) -> dict | None:
    try:
        run = runs.info(id)
        begun = train_cache.run_eyes(id)
    except RunError:
        return None
    seen = [found for path in runs.snapshots(id) if (found := train_cache.run_snapshot(path))]
    return {
        "id": id,
        "name": run.name,
        "live": run.live,
        "epochs": run.status.get("epochs") or 0,
        "curve": [list(row.values()) for row in runs.curve(id)[0]],
        "names": begun["names"] if begun else [],
        "labels": begun["labels"] if begun else [],
        "eyes": begun["url"] if begun else None,
        "snapshots": seen,
    }
