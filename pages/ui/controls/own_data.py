"""Data that visitors bring: files that they upload, and the folders that a server offers."""

import os
from collections.abc import Sequence
from pathlib import Path

from vae.checkpoint.artifacts import data_path
from vae.data import upload_store
from vae.training import runs

from ..runtime import cache, visitor
from .large_uploads import source


def keep_uploads(files: Sequence) -> str:
    """Keeps the files of a `st.file_uploader` for trainings and returns their path. Raises
    `DataError` and `OwnerError`."""
    entries = [entry for entry in cache.checkpoints() if entry.config]
    used = {path for entry in entries for path in (data_path(entry), entry.config.train.data)}
    used |= {str(run.plan.options.get("data")) for run in runs.list_runs()}
    named = [(file.name, source(file)) for file in files]
    return str(upload_store.save(named, used, visitor.visitor()))


def server_folders() -> dict[str, str]:
    """The paths below `VAE_DATA_DIR`, which all visitors may use, with their titles."""
    home = os.environ.get("VAE_DATA_DIR")
    if not home or not Path(home).is_dir():
        return {}
    found = sorted(p for p in Path(home).iterdir() if not p.name.startswith("."))
    return {str(path): f"{path.name}, on this server" for path in found}
