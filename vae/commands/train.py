"""`train`: a model, from options to a checkpoint, with progress and Ctrl-C."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import click

from ..config import LIKELIHOODS, NETWORKS, Config, ConfigError, ModelConfig, TrainConfig, suggest
from ..models import MODELS
from . import dataset_or_starter, main
from .evaluate import measure, print_numbers

_MODEL_OPTIONS = (
    *("latent", "likelihood", "network", "refine", "fourier", "fourier_scale", "prior"),
)
_DEFAULT_MODEL, _DEFAULT_TRAIN = ModelConfig(), TrainConfig()


@main.command()
@click.option("--data", default="fashion-mnist", help="a name, or a path to images")
@click.option("--size", default=28, type=click.IntRange(4, 256), help="side of the images")
@click.option("--model", default="vae", help=f"one of {', '.join(MODELS)}")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="folder to write")
@click.option("--latent", default=_DEFAULT_MODEL.latent, help="latent size D")
@click.option("--beta", type=float, help="weight of the KL; the model's own by default")
@click.option("--likelihood", default=_DEFAULT_MODEL.likelihood, help=" | ".join(LIKELIHOODS))
@click.option("--network", default=_DEFAULT_MODEL.network, help=" | ".join(NETWORKS))
@click.option("--encoder-widths", help="hidden widths, as 1024,1024")
@click.option("--decoder-widths", help="hidden widths, as 256,512")
@click.option("--refine", default=_DEFAULT_MODEL.refine, help="Newton steps on q(z|x) (D = 2)")
@click.option(
    "--fourier", default=_DEFAULT_MODEL.fourier, help="random waves of z for the decoder"
)
@click.option(
    "--fourier-scale", default=_DEFAULT_MODEL.fourier_scale, help="spread of their frequencies"
)
@click.option("--prior", default=_DEFAULT_MODEL.prior, help="normal | flow | label: p(z)")
@click.option("--levels", help="sizes of an hvae's lower latents, as 16,32")
@click.option("--epochs", default=_DEFAULT_TRAIN.epochs, help="passes over the training images")
@click.option("--batch-size", default=_DEFAULT_TRAIN.batch_size, help="images a step")
@click.option("--lr", default=_DEFAULT_TRAIN.lr, help="top of the one-cycle learning rate")
@click.option("--lr-warmup", default=_DEFAULT_TRAIN.lr_warmup, help="share of steps to the top")
@click.option("--weight-decay", default=_DEFAULT_TRAIN.weight_decay, help="AdamW's")
@click.option("--clip", default=_DEFAULT_TRAIN.clip, help="gradient norm, nats a pixel; 0: none")
@click.option("--ema", default=_DEFAULT_TRAIN.ema, help="decay of the averaged weights; 0: none")
@click.option("--samples", default=_DEFAULT_TRAIN.samples, help="posterior samples an image")
@click.option("--noise", default=_DEFAULT_TRAIN.noise, help="std added to what the encoder sees")
@click.option("--dropout", default=_DEFAULT_TRAIN.dropout, help="pixels hidden from the encoder")
@click.option("--beta-start", default=_DEFAULT_TRAIN.beta_start, help="beta at the first step")
@click.option("--beta-fraction", default=_DEFAULT_TRAIN.beta_fraction, help="of training it takes")
@click.option("--patience", default=_DEFAULT_TRAIN.patience, help="stop early after; 0: never")
@click.option("--unlabelled", default=_DEFAULT_TRAIN.unlabelled, help="labels hidden from a cvae")
@click.option("--binarize", is_flag=True, help="train on black and white draws of the pixels")
@click.option("--start", default="", help="checkpoint whose weights to begin with")
@click.option("--frozen-decoder", is_flag=True, help="learn only to encode, for the --start's")
@click.option("--free-bits", default=_DEFAULT_TRAIN.free_bits, help="nats a level of an hvae")
@click.option("--seed", default=_DEFAULT_TRAIN.seed, help="of weights, order and noise")
@click.option("--device", default="auto", help="auto | cpu | cuda | mps")
@click.option("--threads", default=0, type=click.IntRange(0, 1024), help="threads; 0: all")
@click.option("--stream", "streamed", is_flag=True, help="read images from disk, not from memory")
@click.option("--resume", is_flag=True, help="go on where a stopped training left off")
@click.option("--half/--full", default=True, help="store float16 or float32 weights")
@click.option("--follow/--no-follow", default=True, help="write what the Train page shows")
@click.option("--evaluate/--no-evaluate", "measure", default=True, help="measure when done")
def train(**options) -> None:
    """Train a model and write a checkpoint. Ctrl-C stops it; --resume goes on."""
    import torch

    from .. import checkpoint, distributed, resume, training

    group = click.get_current_context().with_resource(distributed.joined())
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    try:
        device = training.device_named(options["device"])
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"the device is {options['device']!r}, not usable on this machine; try --device auto"
        ) from error
    dataset = dataset_or_starter(options["data"], options["size"], streamed=options["streamed"])
    config = _config(options, dataset)
    weights = None
    if config.train.start:
        weights = checkpoint.load(config.train.start).model.state_dict()
    run = training.new_run(config, dataset, device, weights)
    out: Path = options["out"]
    goes_on = options["resume"] or (distributed.restarted() and (out / resume.RESUME).exists())
    if (out / resume.RESUME).exists() and not goes_on:
        raise ConfigError(
            f"{out} holds a training that was stopped and can go on; "
            "add --resume, or choose another --out"
        )
    if goes_on:
        resume.load_run(out, run)
        click.echo(f"Resuming {out} after step {run.step:,}.", err=True)
    facts = {
        "seed": config.train.seed,
        "data": {"name": dataset.name, "digest": dataset.digest},
        "command": shlex.join(["python", "-m", "vae", *sys.argv[1:]]),
        "device": str(device),
        "threads": torch.get_num_threads(),
    }

    def keep(**more) -> None:
        if group.rank:  # one process writes
            return
        measured = facts | {"seconds": round(run.seconds, 1)} | more
        measured["curve"] = [point._asdict() for point in run.curve]
        checkpoint.save(out, run.result, config, measured, half=options["half"])

    def keep_state() -> None:
        keep()
        if not group.rank:
            resume.save_run(out, run)

    recorder = None
    if options["follow"] and not group.rank:
        from .. import follow

        recorder = follow.Recorder(out, run, dataset, device=str(device), processes=group.size)
    with _wish_to_stop(group) as asked:
        try:
            _follow(run, dataset, keep_state, recorder, asked, quiet=group.rank > 0)
        except training.TrainingError as error:
            keep()
            if recorder:
                recorder.end("failed", str(error))
            raise
    if group.rank:
        return
    stopped = not run.finished
    keep()
    if stopped:
        resume.save_run(out, run)
    else:
        resume.drop_run(out)
    if recorder:
        recorder.end("stopped" if stopped else "finished")
        _let_others_begin(out)
    if stopped:
        click.echo(f"Stopped at step {run.step:,}. Go on with --resume.", err=True)
        return
    if options["measure"]:
        if options["streamed"]:
            from .. import stream

            dataset = stream.some(dataset)  # what is measured is held in memory
        print_numbers(measure(checkpoint.load(out), dataset, save=True))


@contextmanager
def _wish_to_stop(group) -> Iterator[list[bool]]:
    """A list that fills when a signal asks to stop."""
    from ..training import TrainingError

    asked: list[bool] = []

    def ask(number, _) -> None:
        if asked and number == signal.SIGINT:  # a second Ctrl-C does not wait for the step to end
            raise KeyboardInterrupt
        asked.append(True)

    before = {number: signal.signal(number, ask) for number in _STOP_SIGNALS}
    try:
        yield asked
    except TrainingError:
        if group.size > 1:
            # torchrun ends all processes when one is lost. This one ends by itself, but has yet to
            # say why.
            before[signal.SIGTERM] = signal.SIG_IGN
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow(run, dataset, keep, recorder, asked: list[bool], *, quiet: bool) -> None:
    """Trains with a bar or plain lines until the end or until something is `asked`."""
    from tqdm import tqdm

    from .. import distributed, run_queue
    from ..training import train as steps

    bar = tqdm(total=0, initial=run.step, unit="step", disable=quiet or not sys.stderr.isatty())
    # Of many processes one is lost sooner, and all go on from what was saved.
    last_saved, every = run.seconds, 10.0 if distributed.current().size == 1 else 1.0
    try:
        for progress in steps(run, dataset, should_stop=lambda: bool(asked)):
            if recorder:
                recorder.hear(progress)
                run_queue.step_back()
                if recorder.asked_to_stop:
                    asked.append(True)
            if quiet:
                continue
            bar.total = progress.steps
            bar.update(progress.step - bar.n)
            bar.set_postfix_str(
                f"loss {progress.loss:.1f}, {progress.images_per_second:,.0f} images/s"
            )
            if progress.point is None:
                continue
            point = progress.point
            line = (
                f"epoch {point.epoch}/{run.config.train.epochs}  "
                f"held out: reconstruction {point.held_out_reconstruction:.2f} + KL "
                f"{point.held_out_kl:.2f} nats  {progress.images_per_second:,.0f} images/s  "
                f"{progress.seconds:.0f} s"
            )
            tqdm.write(line)
            if run.seconds - last_saved > every:
                keep()
                last_saved = run.seconds
    finally:
        bar.close()


def _let_others_begin(out: Path) -> None:
    """The next of the queue, where this run was one of it."""
    from .. import run_queue, runs

    if out.parent.resolve() == runs.folder().resolve():
        run_queue.advance()


@main.command("wait", hidden=True)
def wait_for_work() -> None:
    """Load what a training needs, then do what one line of standard input says; end without it."""
    import json
    import os

    import torch

    from .. import checkpoint, follow, resume, training  # noqa: F401

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
        _config(asked, dataset), dataset, training.device_named(asked["device"])
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


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _config(options: dict, dataset) -> Config:
    if options["model"] not in MODELS:
        known = ", ".join(MODELS)
        near = suggest(options["model"], MODELS)
        raise ConfigError(f"the model is {options['model']!r}{near}; expected one of {known}")
    info = MODELS[options["model"]]
    model = ModelConfig(
        name=options["model"],
        beta=info.preset.get("beta", 1.0) if options["beta"] is None else options["beta"],
        levels=_widths("--levels", options["levels"]) or info.preset.get("levels", ()),
        classes=len(dataset.class_names) if info.cls.extra_kind == "label" else 0,
        image_shape=dataset.train.images.shape[1:],
        encoder_widths=_widths("--encoder-widths", options["encoder_widths"]),
        decoder_widths=_widths("--decoder-widths", options["decoder_widths"]),
        **{key: options[key] for key in _MODEL_OPTIONS},
    )
    names = [field.name for field in fields(TrainConfig) if field.name in options]
    return Config(
        model,
        TrainConfig(**{key: options[key] for key in names} | {"data": _found(options, dataset)}),
    )


def _found(options: dict, dataset) -> str:
    """What was trained on: as it was asked for, or the starter where that took its place."""
    return dataset.name if dataset.name.endswith("-starter") else options["data"]


def _widths(option: str, text: str | None) -> tuple[int, ...] | None:
    try:
        return tuple(int(part) for part in text.split(",")) if text else None
    except ValueError:
        raise ConfigError(f"{option} is {text!r}; expected whole numbers, as 256,512") from None
