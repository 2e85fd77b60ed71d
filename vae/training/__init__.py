"""Training: the loop, its batches and schedules, resuming, and runs that are recorded."""

from .loop import Progress, TrainingError, device_named, new_run, train
from .schedules import beta_at, learning_rate
