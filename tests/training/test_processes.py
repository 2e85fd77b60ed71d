"""Processes: when they started, their priority."""

import os
import subprocess
import sys
import time

import psutil

from vae.training import processes


def test_a_start_time_tells_whether_a_process_runs():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert abs(processes.start_time(process.pid) - time.time()) < 10
    assert processes.start_time(os.getpid()) < processes.start_time(process.pid) + 1
    nice = psutil.Process().nice()
    processes.lower_priority(process.pid)
    assert psutil.Process(process.pid).nice() == min(19, nice + 5)
    process.stdin.close()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert processes.start_time(process.pid) is None, "a zombie does not run"
    process.wait()
    assert processes.start_time(process.pid) is None
    processes.lower_priority(process.pid)  # does nothing
    assert processes.start_time(-1) is None


def test_only_processes_of_the_queue_give_way():
    code = (
        "from vae.training import processes; import os; processes.run_when_idle();"
        "print(os.sched_getscheduler(0) == os.SCHED_IDLE);"
        f"os.environ[{processes.IN_BACKGROUND!r}] = '1'; processes.run_when_idle();"
        "print(os.sched_getscheduler(0) == os.SCHED_IDLE)"
    )
    env = os.environ | {processes.IN_BACKGROUND: ""}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"], done.stderr
