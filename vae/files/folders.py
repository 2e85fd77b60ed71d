"""Where this user's data and caches are stored.

The folders follow the conventions of the system (Linux, macOS, Windows). A folder that an earlier
version created, always in the place that Linux uses, is used if it exists.
"""

import os
from pathlib import Path

import platformdirs

_APP = "latent-atelier"


def runs() -> Path:
    """The trainings of the Train page: `VAE_RUNS_DIR`, by default in the user's data folder."""
    return Path(os.environ.get("VAE_RUNS_DIR") or _folder("data") / "runs")


def boards() -> Path:
    """The boards: `VAE_BOARDS_DIR`, by default in the user's data folder."""
    return Path(os.environ.get("VAE_BOARDS_DIR") or _folder("data") / "boards")


def thresholds() -> Path:
    """The anomaly thresholds of visitors for models that are not theirs."""
    return _folder("data") / "thresholds"


def links() -> Path:
    """What links refer to that are too long for an address: in the user's data folder."""
    return Path(os.environ.get("VAE_LINKS_DIR") or _folder("data") / "links")


def datasets() -> Path:
    """Downloaded data sets: `VAE_DATA_DIR`, by default the user's cache folder."""
    before = Path.home() / ".cache" / _APP
    return Path(
        os.environ.get("VAE_DATA_DIR") or (before if before.exists() else _folder("cache"))
    )


def packed_datasets() -> Path:
    """Data sets that are packed for memory mapping, in the user's cache folder."""
    return _folder("cache") / "streams"


def drawn_datasets() -> Path:
    """Data sets that the program draws, in the user's cache folder."""
    return _folder("cache") / "drawn"


def _folder(kind: str) -> Path:
    variable, linux = f"XDG_{kind.upper()}_HOME", {"data": ".local/share", "cache": ".cache"}[kind]
    before = Path(os.environ.get(variable) or Path.home() / linux) / _APP
    if os.environ.get(variable) or before.exists():
        return before
    return getattr(platformdirs, f"user_{kind}_path")(_APP, appauthor=False)
