"""Checkpoints: folders with config, weights and metrics, and results stored next to them."""

from .artifacts import load_aggregate, load_codes, save_aggregate, save_codes
from .folder import digest_of, load, save
