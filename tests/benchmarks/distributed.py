"""One process against two: images per second, and the fraction of the time spent computing.

Two processes have one core each, one process has both; the batch size is the same. The rest of the
time is spent waiting for the gradients of the other process.

    python tests/benchmarks/distributed.py
    torchrun --standalone --nproc-per-node 2 tests/benchmarks/distributed.py
"""

import os
import subprocess
import sys
import time

import torch

import vae
from vae import training
from vae.config import Config, ModelConfig, TrainConfig
from vae.training import distributed

SECONDS, BATCH = 12.0, 512


def measure() -> None:
    """Trains for some seconds; the first process prints a row."""
    with distributed.process_group() as group:
        torch.set_num_threads(max(1, (os.cpu_count() or 2) // group.size))
        data = vae.load_dataset("fashion-mnist-starter")
        config = Config(ModelConfig(), TrainConfig(epochs=1000, batch_size=BATCH))
        device = training.resolve_device("auto")
        run = training.new_run(config, data, device)
        waited = [0.0]
        original = distributed.Group.sum

        def timed(self, numbers):
            if device.type == "cuda":
                torch.cuda.synchronize()
            begin = time.perf_counter()
            result = original(self, numbers)
            if device.type == "cuda":
                torch.cuda.synchronize()
            waited[0] += time.perf_counter() - begin
            return result

        distributed.Group.sum = timed
        # The time until the first report includes the setup: the clock starts there.
        begin: list[float] = []
        first = 0

        def enough() -> bool:
            return bool(begin) and time.perf_counter() - begin[0] > SECONDS

        for progress in training.train(run, data, should_stop=enough):
            if not begin:
                begin.append(time.perf_counter())
                first, waited[0] = progress.step, 0.0
        took = time.perf_counter() - begin[0]
        if not group.rank:
            rate = (run.step - first) * BATCH / took
            busy = 100 * (1 - waited[0] / took)
            print(f"| {group.size} | {device.type} | {rate:,.0f} | {busy:.0f} % |", flush=True)


def main() -> None:
    if "WORLD_SIZE" in os.environ:
        measure()
        return
    print("| processes | device | images per second | computing |\n|---|---|---|---|", flush=True)
    measure()
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    subprocess.run([*command, "--nproc-per-node=2", __file__], check=True)


if __name__ == "__main__":
    main()
