"""`wait` and `probe`: the processes that the queue of trainings starts in advance."""

import json
import math
import os
import sys
import time

import click
import torch

from .. import training
from . import load_data, main
from .train import config_from, train, wanted_from


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
    dataset = load_data(options["data"], size=options["size"], wanted=wanted_from(options))
    device = training.resolve_device(context.meta["vae.device"])
    run = training.new_run(config_from(options, dataset), dataset, device)
    end = math.inf
    reports = training.train(run, dataset, should_stop=lambda: time.perf_counter() > end)
    first = next(reports)
    end = time.perf_counter() + seconds  # the first report includes the setup
    rate = max((r.images_per_second for r in reports), default=first.images_per_second)
    batch_size = min(options["batch_size"], len(dataset.train.images))
    total = first.steps * batch_size / rate
    click.echo(json.dumps({"images_per_second": rate, "seconds": total}))
