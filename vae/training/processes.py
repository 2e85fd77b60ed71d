"""Processes of trainings: whether one still runs, and its priority."""

import os
from contextlib import suppress

import psutil

# Set for processes that the queue starts, so that only those give way to the pages.
IN_BACKGROUND = "VAE_TRAINS_BEHIND_A_PAGE"


def start_time(pid: int) -> float | None:
    """When a process started, in seconds since 1970; None if it has ended. It tells a process from
    a later one that was given the same id."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.Error, ValueError):
        return None


def lower_priority(pid: int) -> None:
    """Gives a process a lower priority than that of the pages' server."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        below = psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else process.nice() + 5
        process.nice(below)


def run_when_idle() -> None:
    """Lets this process compute only while the processor is idle, if the queue started it.

    Measured on two cores: a click during a training took 129 ms at nice 5, 156 ms at nice 19, 104
    ms in Linux's idle class, and 84 ms without a training.
    """
    if not os.environ.get(IN_BACKGROUND):
        return
    with suppress(OSError, psutil.Error):
        if hasattr(os, "SCHED_IDLE"):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        elif psutil.WINDOWS:
            psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS)
