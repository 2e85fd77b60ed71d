"""The command line: its group of commands, its errors, and what several commands share."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .. import limits
from ..checkpoint import folder
from ..checkpoint.folder import Checkpoint
from ..data.dataset import DataError, Dataset
from ..data.load import bundled_equivalent, load_dataset
from ..errors import AtelierError, reported
from ..files import atomic
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


def load_data(name: str, size: int, *, streamed: bool = False) -> Dataset:
    """A data set in memory, or memory-mapped; its bundled equivalent if it is not available."""
    try:
        if not streamed:
            return load_dataset(name, size=size)
        from ..data import memory_mapped

        with progress_bar("image", f"Packing {name}, once, to read it from disk") as progress:
            return memory_mapped.load(name, size=size, progress=progress)
    except DataError:
        bundled = bundled_equivalent(name)
        if bundled == name:
            raise
        click.echo(
            f"The full data set {name} is not on this machine and cannot be downloaded: using the "
            f"bundled {bundled} (fewer training images).",
            err=True,
        )
        return load_dataset(bundled, size=size)


def data_for(loaded: Checkpoint, name: str | None = None, *, streamed: bool = False) -> Dataset:
    """A data set in the image size of a model; by default the one that it was trained on."""
    shape = loaded.model.image_shape
    dataset = load_data(name or loaded.config.train.data, shape[1], streamed=streamed)
    if dataset.test.images.shape[1:] != shape:
        raise DataError(
            f"{dataset.name} has images of shape {dataset.test.images.shape[1:]}; {loaded.name} "
            f"expects {shape}: choose data of that shape"
        )
    return dataset


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


def format_of(out: Path, formats: Iterable[str]) -> str:
    """The format that the name of an output file ends in. Raises `ConfigError` for another."""
    suffix, formats = out.suffix.lower().removeprefix("."), tuple(formats)
    if suffix not in formats:
        endings = " or ".join(f".{name}" for name in formats)
        raise ConfigError(f"--out is {str(out)!r}; expected a name that ends in {endings}")
    return suffix


def write(out: Path, data: bytes) -> None:
    """Writes an output file and the folders above it."""
    with reported(ConfigError, f"{out} cannot be written", "choose another --out"):
        out.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(out, data)
