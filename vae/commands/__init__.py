"""What the commands share: the group, its errors, the data set they work on."""

from __future__ import annotations

import sys

import click

from ..data.dataset import DataError
from ..data.load import load_dataset
from ..data.named import bundled_equivalent
from ..errors import AtelierError
from ..validation import suggest


class Commands(click.Group):
    """Turns what goes wrong with input into one line and exit code 2, for every command."""

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        command = super().get_command(ctx, name)
        if command is None:
            near = suggest(name, self.commands)
            ctx.fail(f"there is no command {name!r}{near}; expected {', '.join(self.commands)}")
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AtelierError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)


@click.group(cls=Commands, context_settings={"show_default": True})
def main() -> None:
    """Train, measure and use the models of Latent Atelier."""


def dataset_or_starter(name: str, size: int, *, streamed: bool = False):
    """The data set, its images in memory or memory-mapped; its bundled equivalent where the full
    set is not available."""
    try:
        return _streamed(name, size) if streamed else load_dataset(name, size=size)
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


def _streamed(name: str, size: int):
    from tqdm import tqdm

    from ..data import memory_mapped

    words = f"Packing {name} once, to be read from disk from now on"
    with tqdm(desc=words, total=0, unit="image", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return memory_mapped.load(name, size=size, progress=progress)
