"""The command line: its group of commands, its errors, and what several commands share."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .. import limits
from ..checkpoint import folder
from ..checkpoint.artifacts import data_path
from ..checkpoint.folder import Checkpoint
from ..data import kept_images
from ..data.dataset import Dataset
from ..data.load import NAMED, bundled_equivalent, load_dataset, preparation_of
from ..data.report import Report
from ..errors import AtelierError, reported
from ..files import atomic
from ..formats.untrusted import DataError
from ..preparation.choices import Choices
from ..progress import Progress
from ..training import resolve_device
from ..validation import ConfigError, suggest

# Earlier spellings of options, which are still accepted: command lines are stored in checkpoints.
RENAMED_OPTIONS = {
    "--even-change": "--uniform-change",
    "--false-alarms": "--target-fpr",
    "--follow": "--record",
    "--least-confidence": "--min-confidence",
    "--near": "--neighbours",
    "--no-follow": "--no-record",
}

checkpoint_argument = click.argument("checkpoint", type=click.Path(path_type=Path))


class Command(click.Command):
    """A command that also accepts the earlier spellings of its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        parts = (arg.partition("=") for arg in args)
        current = [RENAMED_OPTIONS.get(name, name) + "".join(rest) for name, *rest in parts]
        return super().parse_args(ctx, current)


class Commands(click.Group):
    """The group of all commands, which turns an `AtelierError` into one line and exit code 2."""

    command_class = Command

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.commands:
            near = suggest(name, self.commands)
            ctx.fail(f"there is no command {name!r}{near}; expected {', '.join(self.commands)}")
        return self.commands[name]

    def invoke(self, ctx: click.Context) -> object:
        try:
            limits.current()  # a wrong value is said whatever the command
            return super().invoke(ctx)
        except AtelierError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)


@click.group(cls=Commands, context_settings={"show_default": True})
def main() -> None:
    """Train, evaluate and use the models of Latent Atelier."""


on_device = click.option(
    "--device", default="auto", help="auto | cpu | cuda | mps", expose_value=False,
    callback=lambda context, _, name: context.meta.update({"vae.device": name}),
)  # fmt: skip


def chosen_device() -> str:
    return click.get_current_context().meta["vae.device"]


def load(checkpoint: Path) -> Checkpoint:
    """A checkpoint whose model computes on the device of the command's `on_device`."""
    loaded = folder.load(checkpoint)
    loaded.model.to(resolve_device(chosen_device()))
    return loaded


def load_data(name: str, *, streamed: bool = False, **options) -> Dataset:
    """A data set in memory, or memory-mapped; its bundled equivalent if it is not available. The
    options are those of `load_dataset`."""
    try:
        if not streamed:
            with progress_bar("image", f"Reading {name}") as progress:
                return load_dataset(name, progress=progress, **options)
        from ..data import memory_mapped

        with progress_bar("image", f"Packing {name}, once, to read it from disk") as progress:
            return memory_mapped.load(name, progress=progress, **options)
    except DataError:
        bundled = bundled_equivalent(name)
        if bundled == name:
            raise
        click.echo(
            f"The full data set {name} is not on this machine and cannot be downloaded: using the "
            f"bundled {bundled} (fewer training images).",
            err=True,
        )
        return load_dataset(bundled, **options)


def data_for(loaded: Checkpoint, name: str | None = None, *, streamed: bool = False) -> Dataset:
    """A data set as images of a model, by the model's preparation; by default the one that it was
    trained on."""
    data, held_out = data_path(loaded), loaded.config.train.held_out
    how, wanted = preparation_of(loaded.config), Choices(held_out=held_out)
    gone = name is None and data not in NAMED and not Path(data).exists()
    if gone and kept_images.exists(loaded.path):
        click.echo(
            f"{data} is not here: using the images kept in {loaded.path}; python -m vae relink "
            "tells where they are",
            err=True,
        )
        return kept_images.load(loaded.path)
    return load_data(name or data, streamed=streamed, preparation=how, wanted=wanted)


def tell(report: Report | None) -> None:
    """Says on stderr what of a data set was not read, and how its values were understood."""
    for line in [report.summary(), *report.lines()] if report and report.lines() else ():
        click.echo(line, err=True)


@contextmanager
def progress_bar(unit: str, description: str | None = None) -> Iterator[Progress]:
    """A progress bar on a terminal, shown from the first call of the function that it yields."""
    from tqdm import tqdm

    hidden = not sys.stderr.isatty()
    with tqdm(desc=description, total=0, unit=unit, disable=hidden, delay=1e-3) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def format_of(out: Path, formats: Iterable[str], *, option: str = "--out") -> str:
    """The format that the name of an output file ends in. Raises `ConfigError` for another."""
    suffix, formats = out.suffix.lower().removeprefix("."), tuple(formats)
    if suffix not in formats:
        endings = " or ".join(f".{name}" for name in formats)
        raise ConfigError(f"{option} is {str(out)!r}; expected a name that ends in {endings}")
    return suffix


def write(out: Path, data: bytes, *, option: str = "--out") -> None:
    """Writes an output file and the folders above it."""
    with reported(ConfigError, f"{out} cannot be written", f"choose another {option}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(out, data)
