"""Starting the real app and a real browser, for the browser tests and the benchmarks."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright
from run import BROWSERS

ROOT = Path(__file__).parents[1]
READY = '.la[data-state="ready"]'
# Features of Chromium: those that Playwright switches off, whose list this one replaces, and the
# first, with which modules are compiled anew on every page instead of once.
OFF = ("BackgroundResourceFetch", "AvoidUnnecessaryBeforeUnloadCheckSync", "MediaRouter",
       "DestroyProfileOnBrowserClose", "HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable",
       "PaintHolding", "ThirdPartyStoragePartitioning")  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_server(
    log: Path,
    *,
    command: str = "streamlit",
    script: str = "app.py",
    checkpoints: Path | None = None,
    options: tuple[str, ...] = (),
    base: str = "",
) -> tuple[subprocess.Popen, str]:
    """Starts an app with `streamlit run` or uvicorn and waits until its health check answers."""
    port = free_port()
    arguments = {
        "streamlit": ["streamlit", "run", script, "--server.port", str(port), *options],
        "uvicorn": [
            "uvicorn",
            f"{script.removesuffix('.py').replace('/', '.')}:app",
            "--port",
            str(port),
        ],
    }[command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.setdefault("VAE_BOARDS_DIR", str(log.parent / "boards"))
    environment.setdefault("VAE_RUNS_DIR", str(log.parent / "runs"))
    environment.setdefault("VAE_LINKS_DIR", str(log.parent / "links"))
    if checkpoints:
        environment["VAE_CHECKPOINTS_DIR"] = str(checkpoints)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}{base}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return process, url
        except OSError:
            time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"no health check within 60 s: {log.read_text()[-2000:]}")


def stop_server(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def faults(log: Path) -> list[str]:
    """The last lines of the tracebacks in a server's log. A page that is closed while Streamlit
    closes its connection, too, is none."""
    ends = re.findall(r"^Traceback.*\n(?: .*\n|\n)*(\S.*)", log.read_text(), re.MULTILINE)
    return [end for end in ends if "WebSocketDisconnected" not in end]


def browser_options(*flags: str) -> dict:
    """How to launch the system's Chromium where there is one, best the one without a window, else
    Playwright's own; without a GPU."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    plain = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-software-rasterizer",  # no WebGL, which many machines lack
        "--force-color-profile=srgb",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no request to another host
        f"--disable-features={','.join(OFF)}",
    ]
    return {"executable_path": path, "args": [*plain, *flags]}


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(**browser_options())


def wait_until(
    page: Page, condition: str, arg: object = None, *, timeout: float | None = None
) -> None:
    """Waits until a JavaScript expression, or a function of `arg`, is true.

    What it reads may not be on the page yet, or be replaced meanwhile: a property of null is "not
    yet" here, where Playwright's own waiting gives up.
    """
    page.wait_for_function(
        "arg => { try {"
        f" const value = ({condition}); return typeof value === 'function' ? value(arg) : value;"
        " } catch (error) { if (error instanceof TypeError) return false; throw error; } }",
        arg=arg,
        timeout=timeout,
    )


def wait_for_map(page: Page) -> None:
    page.wait_for_selector(f'{READY}:not([data-decoder=""])')
    wait_until(page, "document.querySelector('[data-testid=decoded-image]').dataset.z !== ''")
