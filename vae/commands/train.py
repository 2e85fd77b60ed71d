"""`train`: from options to a checkpoint, with progress, Ctrl-C and --resume."""

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import click
import torch
from tqdm import tqdm

from .. import training
from ..checkpoint.folder import MAX_WEIGHTS_BYTES, CheckpointError, save
from ..config import LIKELIHOODS, Config, ModelConfig, TrainConfig, setting
from ..data import kept_images
from ..data.dataset import Dataset
from ..data.load import NAMED
from ..files import atomic, folders
from ..latent import ordering
from ..models import MODELS, build
from ..preparation import choices
from ..preparation.choices import Choices
from ..training import distributed, processes, resume, run_queue
from ..training.recorder import Recorder
from ..training.runs import RunError
from ..validation import ConfigError, one_of
from . import chosen_device, load, load_data, main, on_device, tell, write
from .evaluate import evaluate_model, print_metrics

_WIDTHS = ("encoder_widths", "decoder_widths", "levels")  # options that are lists of numbers
_MEASURING_SECONDS = 30.0
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _option(name: str, record: type, more: str = ""):
    """The option that sets a field of a config, with the field's default and help."""
    default, help = setting(record, name)[:2]
    flag, option = isinstance(default, bool), f"--{name.replace('_', '-')}"
    return click.option(option, default=default, is_flag=flag, help=help + more)


def _training_options(function: Callable) -> Callable:
    """Adds an option for every field of `TrainConfig` but the data."""
    for field in reversed(fields(TrainConfig)):
        if field.name not in ("data", "unlabelled"):
            function = _option(field.name, TrainConfig)(function)
    return function


@main.command()
@click.option("--data", default="fashion-mnist", help="A name, or a path to images.")
@click.option("--size", default="28", help="Pixels of the images: one side, or HEIGHTxWIDTH.")
@click.option("--fit", default="auto", help="auto | crop | pad | stretch: to the size.")
@click.option("--colour", default="auto", help="auto | grey | colour")
@click.option(
    "--ground", default="auto", help="Under transparent parts: auto, white, black or #rrggbb."
)
@click.option("--invert", default="no", help="no | yes | auto (pictures on a light ground).")
@click.option("--report", type=click.Path(path_type=Path), help="CSV of the files not used.")
@click.option("--centre", is_flag=True, help="Find the item of each picture, centred on black.")
@click.option("--model", default="vae", help=f"One of {', '.join(MODELS)}.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@_option("latent", ModelConfig)
@click.option("--beta", type=float, help="Weight of the KL; by default that of the model.")
@_option("likelihood", ModelConfig, f" {' | '.join(LIKELIHOODS)}")
@_option("network", ModelConfig)
@click.option("--encoder-widths", help="Hidden widths, for example 1024,1024.")
@click.option("--decoder-widths", help="Hidden widths, for example 256,512.")
@_option("refine", ModelConfig)
@_option("fourier", ModelConfig)
@_option("fourier_scale", ModelConfig)
@_option("prior", ModelConfig, " normal | flow | label")
@click.option("--levels", help="Sizes of an hvae's lower latents, for example 16,32.")
@_training_options
@click.option(
    "--unlabelled", type=float, help="Fraction of labels hidden from a cvae; by default 0.1."
)
@on_device
@click.option("--threads", default=0, type=click.IntRange(0, 1024), help="Threads; 0: all.")
@click.option("--stream", "streamed", is_flag=True, help="Read images from disk, not from memory.")
@click.option("--resume", is_flag=True, help="Continue a stopped training.")
@click.option("--half/--full", default=True, help="Store float16 or float32 weights.")
@click.option("--record/--no-record", default=True, help="Write files for the Train page.")
@click.option(
    "--evaluate/--no-evaluate",
    default=True,
    help="Measure the trained model for about 30 s; `evaluate` measures everything.",
)
def train(**options) -> None:
    """Train a model and write a checkpoint. Ctrl-C stops the training; --resume continues it."""
    context = click.get_current_context()
    group = context.with_resource(distributed.process_group(chosen_device()))
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    device = training.resolve_device(chosen_device())
    if options["data"] not in NAMED and os.path.exists(options["data"]):
        options["data"] = os.path.abspath(options["data"])  # wherever the model is opened
    size, wanted = choices.sides(options["size"]), wanted_from(options)
    dataset = load_data(options["data"], streamed=options["streamed"], size=size, wanted=wanted)
    if not group.rank and options["data"] not in NAMED:
        tell(dataset.report)
        if options["report"]:
            write(options["report"], dataset.report.to_csv().encode())
    session = _Session(options, dataset, device, group)
    with _stop_requests(group) as requests:
        session.run_until_stopped(requests)
    if group.rank:
        return
    session.finish()
    if not session.run.finished:
        click.echo(f"Stopped at step {session.run.step:,}. Continue with --resume.", err=True)
    elif options["evaluate"]:
        if group.size > 1 and not options["threads"]:  # the others have ended
            torch.set_num_threads(os.cpu_count() or 1)
        loaded = load(options["out"])
        print_metrics(evaluate_model(loaded, dataset, save=True, seconds=_MEASURING_SECONDS))
        click.echo(f"All numbers on all images: python -m vae evaluate {options['out']} --save")


class _Session:
    """A run, its checkpoint, and the files by which it is followed and resumed. Of several
    processes only the first one writes and prints."""

    def __init__(
        self, options: dict, dataset: Dataset, device: torch.device, group: distributed.Group
    ) -> None:
        self.out, self.half = options["out"], options["half"]
        self.dataset, self.group, self.writes = dataset, group, group.rank == 0
        self.config = config_from(options, dataset)
        start = self.config.train.start
        weights = load(start).model.state_dict() if start else None
        self._check_size()
        self.run = training.new_run(self.config, dataset, device, weights)
        self.run.data = dataset.digest
        self._resume(options["resume"])
        command = shlex.join(["python", "-m", "vae", *sys.argv[1:]])
        data = {"name": dataset.name, "digest": self.run.data}
        self.facts = {"seed": self.config.train.seed, "data": data, "command": command}
        self.facts |= {"device": str(device), "threads": torch.get_num_threads()}
        self.recorder, self.unwritten, self.warnings = None, None, ()
        if not self.writes:
            return
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            atomic.write(self.out / ".writable", b"\0")  # fails now and not after an hour
            (self.out / ".writable").unlink()
            if options["record"]:
                facts = {"device": str(device), "processes": group.size}
                self.recorder = Recorder(self.out, self.run, dataset, **facts)
        except OSError as error:
            raise ConfigError(
                f"{self.out} cannot be written ({error.strerror}); choose another --out"
            ) from error

    def _check_size(self) -> None:
        """Raises `ConfigError` for a model that could not be loaded again."""
        with torch.device("meta"):
            tensors = build(self.config.model).state_dict().values()
        size = sum(t.numel() * (2 if self.half and t.is_floating_point() else 4) for t in tensors)
        if size > 0.99 * MAX_WEIGHTS_BYTES:
            raise ConfigError(
                f"the model's weights have {size:,} bytes, of which {MAX_WEIGHTS_BYTES:,} can be "
                "loaded; choose smaller --encoder-widths and --decoder-widths or a smaller --size"
            )

    def _resume(self, requested: bool) -> None:
        stopped = (self.out / resume.RESUME).exists()
        if requested or (stopped and distributed.restarts()):
            resume.load_run(self.out, self.run)
            click.echo(f"Resuming {self.out} after step {self.run.step:,}.", err=True)
        elif stopped:
            raise ConfigError(
                f"{self.out} holds a stopped training; add --resume to continue it, or choose "
                "another --out"
            )

    def run_until_stopped(self, requests: list[str]) -> None:
        """Trains until the end or until there are `requests` to stop, with a progress bar."""
        run, hidden = self.run, not (self.writes and sys.stderr.isatty())
        # Several processes lose one more often, and all continue from what was saved.
        saved, interval = run.seconds, 10.0 if self.group.size == 1 else 1.0
        reports = training.train(run, self.dataset, should_stop=lambda: bool(requests))
        with tqdm(total=0, initial=run.step, unit="step", disable=hidden) as bar:
            try:
                for report in reports:
                    self._record(report, requests)
                    if not self.writes:
                        continue
                    bar.total = report.steps
                    bar.update(report.step - bar.n)
                    if report.step:
                        rate = f"{report.images_per_second:,.0f} images/s"
                        bar.set_postfix_str(f"loss {report.loss:.1f}, {rate}")
                    if report.metrics is None:
                        continue
                    tqdm.write(_line(report, run.config.train.epochs))
                    for warning in set(report.warnings) - set(self.warnings):
                        tqdm.write(f"warning: {warning}", sys.stderr)
                    self.warnings = report.warnings
                    if run.seconds - saved > interval:
                        with self._unwritten():  # space may be free again at the end
                            self._save(resumable=True)
                        saved = run.seconds
            except training.TrainingError as error:
                self._finish_record("failed", str(error))
                self._save()
                raise

    def finish(self) -> None:
        """Writes the final checkpoint, and starts the next run if the queue started this one."""
        try:
            self._save(resumable=not self.run.finished)
        except CheckpointError as error:
            self._finish_record("failed", str(error))
            raise
        if self.config.train.data not in NAMED:  # a named one is everywhere
            with self._unwritten():
                kept_images.save(self.out, self.dataset)
        if self.run.finished:
            (self.out / resume.RESUME).unlink(missing_ok=True)
        self._finish_record("finished" if self.run.finished else "stopped")
        if self.unwritten:
            click.echo(f"Some of the record was not written ({self.unwritten}).", err=True)
        if self.recorder and self.out.parent.resolve() == folders.runs().resolve():
            with self._unwritten():
                run_queue.advance()

    @contextmanager
    def _unwritten(self) -> Iterator[None]:
        """Within it a file that cannot be written does not end the training."""
        try:
            yield
        except (OSError, CheckpointError, RunError) as error:
            self.unwritten = error

    def _finish_record(self, state: str, message: str = "") -> None:
        if self.recorder:
            with self._unwritten():
                self.recorder.finish(state, message)

    def _record(self, report: training.TrainingReport, requests: list[str]) -> None:
        if self.recorder:
            with self._unwritten():
                self.recorder.record(report)
            processes.run_when_idle()  # the first point of the curve is written
            if self.recorder.stop_requested:
                requests.append("file")

    def _save(self, *, resumable: bool = False) -> None:
        if not self.writes:
            return
        metrics = self.facts | {"seconds": round(self.run.seconds, 1)}
        thinned = self.run.curve[:: 1 + len(self.run.curve) // 10_000]  # MAX_JSON_BYTES are read
        metrics["curve"] = [epoch._asdict() for epoch in thinned]
        if resumable:  # first, so that a checkpoint without its state is a finished one
            resume.save_run(self.out, self.run)
        model = ordering.sort_latents(self.run.result, self.dataset.train)
        save(self.out, model, self.config, metrics, half=self.half)


def _line(report: training.TrainingReport, epochs: int) -> str:
    metrics = report.metrics
    return (
        f"epoch {metrics.epoch}/{epochs}  validation: reconstruction "
        f"{metrics.held_out_reconstruction:.2f} + KL {metrics.held_out_kl:.2f} nats per image  "
        f"{report.images_per_second:,.0f} images/s  {report.seconds:.0f} s"
    )


@contextmanager
def _stop_requests(group: distributed.Group) -> Iterator[list[str]]:
    """A list to which SIGINT and SIGTERM add a request to stop."""
    requests: list[str] = []

    def request(number: int, _) -> None:
        if requests and number == signal.SIGINT:  # a second Ctrl-C does not wait for the step
            raise KeyboardInterrupt
        requests.append("signal")

    before = {number: signal.signal(number, request) for number in _STOP_SIGNALS}
    try:
        yield requests
    except training.TrainingError:
        if group.size > 1:
            # torchrun terminates all processes if one is lost. This one ends by itself, after it
            # has printed the error.
            before[signal.SIGTERM] = signal.SIG_IGN
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def config_from(options: dict, dataset: Dataset) -> Config:
    """The config of a training from its options. Raises `ConfigError`."""
    one_of("the model", options["model"], MODELS)
    if options["latent"] == 1:
        raise ConfigError("--latent is 1; maps of codes have two axes: use --latent 2 or more")
    info = MODELS[options["model"]]
    given = info.preset | {key: v for key, v in options.items() if v not in (None, "")}
    given |= {key: _widths(key, options[key]) for key in _WIDTHS if options[key]}
    given |= {"name": options["model"], "image_shape": dataset.train.images.shape[1:]}
    given["classes"] = len(dataset.class_names) if info.cls.context == "label" else 0
    if dataset.name.endswith("-starter"):  # the bundled data set, which may have replaced another
        given["data"] = dataset.name
    model, train = (
        {field.name: given[field.name] for field in fields(record) if field.name in given}
        for record in (ModelConfig, TrainConfig)
    )
    return Config(ModelConfig(**model), TrainConfig(**train), dataset.preparation)


def wanted_from(options: dict) -> Choices:
    """The choices about the preparation of pictures among the options of a training."""
    known = {key: options[key] for key in Choices._fields if key in options}
    return Choices(**known).check()


def _widths(key: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        option = f"--{key.replace('_', '-')}"
        raise ConfigError(
            f"{option} is {text!r}; expected whole numbers, for example 256,512"
        ) from None
