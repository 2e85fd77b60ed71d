"""`wait` and `probe`: the processes that the queue of trainings starts in advance."""

import json
import os
import sys
import time

import click
import torch

from .. import training
from . import load_data, main
from .train import config_from, train


@main.command("wait", hidden=True)
def wait_for_work() -> None:
    """Load what a training needs, then run the command of one line of standard input."""
    # Creating an optimiser imports modules, which takes a second.
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    line = sys.stdin.readline()
    if not line:
        return
    work = json.loads(line)
    with open(work["log"], "ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = [sys.argv[0], *work["arguments"]]  # the command that the checkpoint records
    main(work["arguments"], standalone_mode=True)


@main.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.option("--seconds", default=2.0, type=click.FloatRange(0.1, 60))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def probe(seconds: float, arguments: tuple[str, ...]) -> None:
    """Train for a few seconds, write nothing, and print the speed."""
    with train.make_context("probe", ["--out", "unused", *arguments]) as context:
        options = context.params
    dataset = load_data(options["data"], options["size"])
    device = training.resolve_device(context.meta["vae.device"])
    run = training.new_run(config_from(options, dataset), dataset, device)
    rates: list[float] = []
    begin: list[float] = []  # the time of the first report, which includes the setup

    def enough() -> bool:
        return bool(begin) and time.perf_counter() - begin[0] > seconds

    for report in training.train(run, dataset, should_stop=enough):
        begin.append(time.perf_counter())
        rates.append(report.images_per_second)
    rate = max(rates[1:], default=rates[0])
    batch_size = min(options["batch_size"], len(dataset.train.images))
    total = report.steps * batch_size / rate
    click.echo(json.dumps({"images_per_second": rate, "seconds": total}))
