"""The command line: `python -m vae COMMAND`, or `vae COMMAND` where the package is installed. Exit
code 0: success, 2: wrong use or bad input."""

import importlib
import pkgutil
import sys
from pathlib import Path

import click

from . import commands
from .commands import main

for module in pkgutil.iter_modules(commands.__path__, "vae.commands."):
    importlib.import_module(module.name)  # adds its commands to the group


def run() -> None:
    """Runs the command line; a wrong use prints one line to stderr and exits with code 2."""
    try:
        installed = Path(sys.argv[0]).stem == "vae"
        name = "vae" if installed else "python -m vae"
        sys.exit(main.main(prog_name=name, standalone_mode=False))
    except click.ClickException as error:
        click.echo(f"Error: {' '.join(error.format_message().split())}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)


if __name__ == "__main__":
    run()
