"""The component that shows runs while they train: curves, latent plane, decoded grid, scrubber."""

from collections.abc import Sequence

from vae.training import runs
from vae.training.runs import RunError

from ..component.component import component
from . import cache as train_cache

_mount = component(__file__)


def run_view(shown: Sequence[str], *, key: str) -> None:
    """Shows one run, or two on one time scale. The browser downloads new snapshots only, and zoom
    and scrubber stay as they are."""
    _mount(key, {"runs": [part for part in map(_run, shown) if part]})


def _run(id: str) -> dict | None:
    try:
        run = runs.info(id)
        probe = train_cache.probe_images(id)
    except RunError:
        return None
    snapshots = [s for path in runs.snapshots(id) if (s := train_cache.snapshot(path))]
    return {
        "id": id,
        "name": run.name,
        "curve": [list(row.values()) for row in runs.curve(id)[0]],
        "names": probe["names"] if probe else [],
        "labels": probe["labels"] if probe else [],
        "originals": probe["url"] if probe else None,
        "snapshots": snapshots,
    }
