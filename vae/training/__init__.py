"""Training: the loop, its batches and schedules, resuming, recorded runs and their queue."""

from .loop import TrainingError, TrainingReport, train
from .schedules import beta_at, one_cycle
from .state import Run, new_run, resolve_device
