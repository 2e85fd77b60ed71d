"""The widget in JupyterLab and in marimo, as far as they are installed: seconds from running its
cell, or opening its page, to the first decoded picture; pictures a second while hovering; and
whether position and selection follow Python. `pip install jupyterlab marimo` first.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from bench import page, table
from live import READY, ROOT, free_port
from one_file import hovered
from playwright.sync_api import Page

SHOW = "from vae.widget import Explorer\nexplorer = Explorer({!r})\nexplorer".format(
    str(ROOT / "checkpoints/fashion-vae")
)
MOVE = "explorer.z = [1.5, -1.0]; explorer.selection = list(range(100)); print(len(explorer.pins))"
MARIMO = """import marimo
app = marimo.App(width="full")
@app.cell
def _():
    import marimo as mo
    go = mo.ui.run_button(label="move")
    go
    return go, mo
@app.cell
def _(mo):
    {show}
    shown = mo.ui.anywidget(explorer)
    shown
    return (explorer,)
@app.cell
def _(explorer, go):
    if go.value:
        {move}
    return
"""


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder, page() as tab:
        for name, measure in (("jupyterlab", in_jupyterlab), ("marimo", in_marimo)):
            if find_spec(name):
                rows.append([name, *measure(tab, Path(folder))])
    table("The widget", ("notebook", "first picture, s", "pictures a second", "synced"), rows)


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[int]:
    """The port of a server that was started with `--port` and answers."""
    port = free_port()
    command = [sys.executable, "-m", *arguments, "--port", str(port)]
    home = {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder), "HOME": str(folder)}
    log = (folder / f"{arguments[0]}.log").open("wb")
    server = subprocess.Popen(command, env=os.environ | home, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1)
                break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def in_jupyterlab(tab: Page, folder: Path) -> tuple[str, ...]:
    cells = [{"cell_type": "code", "id": f"c{k}", "source": text, "metadata": {}, "outputs": [],
              "execution_count": None} for k, text in enumerate((SHOW, MOVE))]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "explore.ipynb").write_text(json.dumps(notebook))
    options = ("--no-browser", "--allow-root", "--ServerApp.token=", f"--notebook-dir={folder}")
    with served(folder, "jupyterlab", *options) as port:
        tab.goto(f"http://127.0.0.1:{port}/lab/tree/explore.ipynb")
        cell = tab.locator(".jp-CodeCell")
        cell.first.locator(".jp-InputArea-editor").click(timeout=90_000)
        tab.wait_for_timeout(4000)  # the kernel starts

        def move() -> None:
            cell.nth(1).locator(".jp-InputArea-editor").click()
            tab.keyboard.press("Shift+Enter")

        start = time.perf_counter()
        tab.keyboard.press("Shift+Enter")
        return measured(tab, start, move)


def in_marimo(tab: Page, folder: Path) -> tuple[str, ...]:
    script = folder / "explore.py"
    script.write_text(MARIMO.format(show=SHOW.replace("\n", "\n    "), move=MOVE))
    with served(folder, "marimo", "run", str(script), "--headless", "--no-token") as port:
        start = time.perf_counter()
        tab.goto(f"http://127.0.0.1:{port}")
        return measured(tab, start, lambda: tab.get_by_role("button", name="move").click())


def measured(tab: Page, start: float, move) -> tuple[str, ...]:
    tab.set_default_timeout(120_000)
    # marimo shows a widget in a shadow tree, which selectors see and scripts of the page do not.
    tab.wait_for_selector(f'{READY}:not([data-decoder=""])')
    seconds = time.perf_counter() - start
    plane = tab.get_by_test_id("latent-map")
    plane.scroll_into_view_if_needed()
    plane.click(position={"x": 200, "y": 200})
    tab.wait_for_timeout(1000)
    rate = hovered(tab)
    tab.mouse.move(5, 5)
    move()
    tab.get_by_text("100 of 10,000 test images selected").wait_for()
    synced = tab.get_by_test_id("decoded-image").get_attribute("data-z") == "1.5,-1"
    return f"{seconds:.1f}", f"{rate:.0f}", "yes" if synced else "no"


if __name__ == "__main__":
    main()
