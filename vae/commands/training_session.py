"""A training that a command runs: its checkpoint, the files by which it is followed and resumed,
and the signals that stop it."""

import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import torch
from tqdm import tqdm

from .. import training
from ..checkpoint.folder import MAX_WEIGHTS_BYTES, CheckpointError, save
from ..config import Config
from ..data import kept_images
from ..data.dataset import Dataset
from ..data.load import NAMED
from ..files import atomic, folders
from ..latent import ordering
from ..models import build
from ..training import distributed, processes, resume, run_queue
from ..training.recorder import Recorder
from ..training.runs import RunError
from ..validation import ConfigError
from . import load

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class TrainingSession:
    """A run by `options` (`out`, `half`, `record`, `resume`), its checkpoint, and the files by
    which it is followed and resumed. Of several processes only the first writes and prints."""

    def __init__(
        self,
        options: dict,
        config: Config,
        dataset: Dataset,
        device: torch.device,
        group: distributed.Group,
    ) -> None:
        self.out, self.half = options["out"], options["half"]
        self.dataset, self.group, self.writes = dataset, group, group.rank == 0
        self.config, start = config, config.train.start
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
def stop_requests(group: distributed.Group) -> Iterator[list[str]]:
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
