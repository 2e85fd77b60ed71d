"""What the benchmarks share: the paths, a running app, percentiles, a table."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import numpy as np  # noqa: E402
from live import launch, start_server, stop_server  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402


@contextmanager
def app(script: str = "app.py", *, command: str = "streamlit") -> Iterator[str]:
    """The URL of a freshly started app."""
    with tempfile.TemporaryDirectory() as folder:
        process, url = start_server(Path(folder) / "log", script=script, command=command)
        try:
            yield url
        finally:
            stop_server(process)


@contextmanager
def page(**options) -> Iterator[Page]:
    """A page of 1440 x 900 in a browser of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        options.setdefault("viewport", {"width": 1440, "height": 900})
        yield browser.new_context(**options).new_page()
        browser.close()


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and 90th percentile."""
    return float(np.median(values)), float(np.percentile(values, 90))


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a Markdown table."""
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
