"""Checkpoints: a folder of config, weights and numbers, and what is computed from them once."""

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
