"""What the queue runs beside trainings: a process that waits ready, and a probe of time."""

from __future__ import annotations

import sys

import click

from . import dataset_or_starter, main
from .train import config_of, train


@main.command("wait", hidden=True)
def wait_for_work() -> None:
    """Load what a training needs, then do what one line of standard input says; end without it."""
    import json
    import os

    import torch

    from ..training import recorder, resume  # noqa: F401

    weight = torch.nn.Parameter(torch.zeros(1))
    torch.optim.AdamW([weight])  # what it loads for itself takes a second
    line = sys.stdin.readline()
    if not line:
        return
    asked = json.loads(line)
    with open(asked["log"], "ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = [sys.argv[0], *asked["arguments"]]  # the command that the checkpoint remembers
    main(asked["arguments"], standalone_mode=True)


@main.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.option("--seconds", default=2.0, type=click.FloatRange(0.1, 60))
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def probe(seconds: float, options: tuple[str, ...]) -> None:
    """Train for a moment, write nothing, and say how fast it goes."""
    import json
    import time

    from .. import training

    with train.make_context("probe", ["--out", "nowhere", *options]) as context:
        asked = context.params
    dataset = dataset_or_starter(asked["data"], asked["size"])
    run = training.new_run(
        config_of(asked, dataset), dataset, training.resolve_device(asked["device"])
    )
    rates: list[float] = []
    begun: list[float] = []  # the first report comes late: layers are laid out in its time
    for progress in training.train(
        run, dataset, should_stop=lambda: bool(begun) and time.perf_counter() - begun[0] > seconds
    ):
        begun.append(time.perf_counter())
        rates.append(progress.images_per_second)
    steady = max(rates[1:], default=rates[0])
    batch = min(asked["batch_size"], len(dataset.train.images))
    total = progress.steps * batch / steady
    click.echo(json.dumps({"images_per_second": steady, "seconds": total}))
