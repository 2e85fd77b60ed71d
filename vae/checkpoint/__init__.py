"""Checkpoints: folders with config, weights and metrics, and results stored next to them."""

from .artifacts import load_aggregate, load_codes, save_aggregate, save_codes
from .folder import (
    Checkpoint,
    CheckpointError,
    Entry,
    digest_of,
    list_checkpoints,
    load,
    save,
    save_metrics,
)
