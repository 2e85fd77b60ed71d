"""Installs what the tests need and runs all of them: `python3 tests/run.py [pytest arguments]`.

Outside a virtual environment it makes its own (`.venv-tests`), inside one it uses that. A Chromium
of the system is used where there is one; else Playwright's is downloaded, else Debian's installed.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def run(*command: str | Path) -> int:
    print("+", *command, flush=True)
    return subprocess.run([str(part) for part in command], cwd=ROOT).returncode


def must(*command: str | Path) -> None:
    if code := run(*command):
        sys.exit(code)


def environment() -> Path:
    """The Python of a virtual environment that has what the tests need."""
    python = Path(sys.executable)
    if sys.prefix == sys.base_prefix:
        folder = ROOT / ".venv-tests"
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if not python.exists():
            must(sys.executable, "-m", "venv", folder)
    must(python, "-m", "pip", "install", "-q", "-r", ROOT / "tests" / "requirements.txt")
    return python


def chromium(python: Path) -> None:
    if any(map(shutil.which, BROWSERS)):
        return
    if run(python, "-m", "playwright", "install", "chromium") == 0:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        must("apt-get", "update", "-qq")
        for name in BROWSERS[:2]:
            if run("apt-get", "install", "-y", "-qq", name) == 0:
                return
    sys.exit("No Chromium was found and none could be installed; install one and run this again.")


def main() -> None:
    python = environment()
    chromium(python)
    must(python, "-m", "ruff", "format", "--check", ".")
    must(python, "-m", "ruff", "check", ".")
    # As many at a time as there are cores, which they keep busy; each core gets one of torch's
    # threads. A file's tests stay together, for they share a server and a browser.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    workers = str(min(4, os.cpu_count() or 1))
    # The files that take longest come first (`conftest.py`), which xdist would reorder.
    parallel = ("-n", workers, "--dist", "loadfile", "--no-loadscope-reorder")
    sys.exit(run(python, "-m", "pytest", *parallel, *sys.argv[1:]))


if __name__ == "__main__":
    main()
