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

from ..config import LIKELIHOODS, Config, ModelConfig, TrainConfig, setting
from ..models import MODELS
from ..validation import ConfigError, suggest
from . import dataset_or_starter, main
from .evaluate import measure, print_numbers

_MODEL_OPTIONS = (
    *("latent", "likelihood", "network", "refine", "fourier", "fourier_scale", "prior"),
)


def _option(name: str, record: type, more: str = ""):
    """The option that sets a field of a config: its default and its sentence are the field's."""
    told = setting(record, name)
    return click.option(
        f"--{name.replace('_', '-')}",
        default=told.default,
        is_flag=isinstance(told.default, bool),
        help=told.help + more,
    )


@main.command()
@click.option("--data", default="fashion-mnist", help="A name, or a path to images.")
@click.option(
    "--size", default=28, type=click.IntRange(4, 256), help="Side of the images in pixels."
)
@click.option("--model", default="vae", help=f"One of {', '.join(MODELS)}.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@_option("latent", ModelConfig)
@click.option("--beta", type=float, help="Weight of the KL; the model's own by default.")
@_option("likelihood", ModelConfig, f" {' | '.join(LIKELIHOODS)}")
@_option("network", ModelConfig)
@click.option("--encoder-widths", help="Hidden widths, as 1024,1024.")
@click.option("--decoder-widths", help="Hidden widths, as 256,512.")
@_option("refine", ModelConfig)
@_option("fourier", ModelConfig)
@_option("fourier_scale", ModelConfig)
@_option("prior", ModelConfig, " normal | flow | label")
@click.option("--levels", help="Sizes of an hvae's lower latents, as 16,32.")
@_option("epochs", TrainConfig)
@_option("batch_size", TrainConfig)
@_option("lr", TrainConfig)
@_option("lr_warmup", TrainConfig)
@_option("weight_decay", TrainConfig)
@_option("clip", TrainConfig)
@_option("ema", TrainConfig)
@_option("samples", TrainConfig)
@_option("noise", TrainConfig)
@_option("dropout", TrainConfig)
@_option("beta_start", TrainConfig)
@_option("beta_fraction", TrainConfig)
@_option("patience", TrainConfig)
@_option("unlabelled", TrainConfig)
@_option("binarize", TrainConfig)
@_option("start", TrainConfig)
@_option("frozen_decoder", TrainConfig)
@_option("free_bits", TrainConfig)
@_option("seed", TrainConfig)
@click.option("--device", default="auto", help="auto | cpu | cuda | mps")
@click.option("--threads", default=0, type=click.IntRange(0, 1024), help="Threads; 0: all.")
@click.option("--stream", "streamed", is_flag=True, help="Read images from disk, not from memory.")
@click.option("--resume", is_flag=True, help="Go on where a stopped training left off.")
@click.option("--half/--full", default=True, help="Store float16 or float32 weights.")
@click.option("--follow/--no-follow", default=True, help="Write what the Train page shows.")
@click.option("--evaluate/--no-evaluate", "measure", default=True, help="Measure when done.")
def train(**options) -> None:
    """Train a model and write a checkpoint. Ctrl-C stops it; --resume goes on."""
    import torch

    from .. import checkpoint, training
    from ..latent import ordering
    from ..training import distributed, resume

    group = click.get_current_context().with_resource(distributed.process_group())
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    try:
        device = training.resolve_device(options["device"])
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"the device is {options['device']!r}, not usable on this machine; try --device auto"
        ) from error
    dataset = dataset_or_starter(options["data"], options["size"], streamed=options["streamed"])
    config = config_of(options, dataset)
    weights = None
    if config.train.start:
        weights = checkpoint.load(config.train.start).model.state_dict()
    run = training.new_run(config, dataset, device, weights)
    out: Path = options["out"]
    goes_on = options["resume"] or (distributed.was_restarted() and (out / resume.RESUME).exists())
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
        model = ordering.sort_latents(run.result, dataset.train)
        checkpoint.save(out, model, config, measured, half=options["half"])

    def keep_state() -> None:
        keep()
        if not group.rank:
            resume.save_run(out, run)

    recorder = None
    if options["follow"] and not group.rank:
        from ..training.recorder import Recorder

        recorder = Recorder(out, run, dataset, device=str(device), processes=group.size)
    with _wish_to_stop(group) as asked:
        try:
            _follow(run, dataset, keep_state, recorder, asked, quiet=group.rank > 0)
        except training.TrainingError as error:
            keep()
            if recorder:
                recorder.finish("failed", str(error))
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
        recorder.finish("stopped" if stopped else "finished")
        _let_others_begin(out)
    if stopped:
        click.echo(f"Stopped at step {run.step:,}. Go on with --resume.", err=True)
        return
    if options["measure"]:
        if options["streamed"]:
            from ..data import memory_mapped

            dataset = memory_mapped.subsample(dataset)  # what is measured is held in memory
        print_numbers(measure(checkpoint.load(out), dataset, save=True))


@contextmanager
def _wish_to_stop(group) -> Iterator[list[bool]]:
    """A list that fills when a signal asks to stop."""
    from ..training.loop import TrainingError

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

    from ..training import distributed, processes
    from ..training.loop import train as steps

    bar = tqdm(total=0, initial=run.step, unit="step", disable=quiet or not sys.stderr.isatty())
    # Of many processes one is lost sooner, and all go on from what was saved.
    last_saved, every = run.seconds, 10.0 if distributed.current_group().size == 1 else 1.0
    try:
        for progress in steps(run, dataset, should_stop=lambda: bool(asked)):
            if recorder:
                recorder.record(progress)
                processes.run_when_idle()
                if recorder.stop_requested:
                    asked.append(True)
            if quiet:
                continue
            bar.total = progress.steps
            bar.update(progress.step - bar.n)
            bar.set_postfix_str(
                f"loss {progress.loss:.1f}, {progress.images_per_second:,.0f} images/s"
            )
            if progress.metrics is None:
                continue
            point = progress.metrics
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
    from ..files import folders
    from ..training import run_queue

    if out.parent.resolve() == folders.runs().resolve():
        run_queue.advance()


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def config_of(options: dict, dataset) -> Config:
    if options["model"] not in MODELS:
        known = ", ".join(MODELS)
        near = suggest(options["model"], MODELS)
        raise ConfigError(f"the model is {options['model']!r}{near}; expected one of {known}")
    info = MODELS[options["model"]]
    model = ModelConfig(
        name=options["model"],
        beta=info.preset.get("beta", 1.0) if options["beta"] is None else options["beta"],
        levels=_widths("--levels", options["levels"]) or info.preset.get("levels", ()),
        classes=len(dataset.class_names) if info.cls.context == "label" else 0,
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
