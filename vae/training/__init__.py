"""Training: the loop, its batches and schedules, resuming, recorded runs and their queue."""

from .loop import Run, TrainingError, TrainingReport, new_run, resolve_device, train
from .schedules import beta_at, one_cycle
