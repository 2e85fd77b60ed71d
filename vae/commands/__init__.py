"""What the commands share: the group, its errors, the data set they work on."""

from __future__ import annotations

import sys

import click

from ..config import suggest
from ..data.dataset import DataError
from ..data.load import load_dataset
from ..errors import AtelierError


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
    """The data set, its images in memory or memory-mapped; Fashion-MNIST's bundled starter where
    the full set is not to be had."""
    try:
        return _streamed(name, size) if streamed else load_dataset(name, size=size)
    except DataError:
        if name != "fashion-mnist":
            raise
        click.echo(
            "The full Fashion-MNIST is not on this machine and cannot be downloaded: training on "
            "the bundled starter (10,000 of its 60,000 images).",
            err=True,
        )
        return load_dataset("fashion-mnist-starter", size=size)


def _streamed(name: str, size: int):
    from tqdm import tqdm

    from ..data import memory_mapped

    def watch(items, count: int):
        said = f"Packing {name} once, to be read from disk from now on"
        return tqdm(items, said, count, disable=not sys.stderr.isatty())

    return memory_mapped.load(name, size=size, watch=watch)
