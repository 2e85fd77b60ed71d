"""The real app in a real browser: one server for all tests, a fresh context for each.

Every test fails on a console error, on a page error and on a request to another host.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live import ROOT, launch, start_server, stop_server, wait_for_map
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PATIENCE = 60_000  # milliseconds: a busy machine is slow, not wrong
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled checkpoints beside a damaged one."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for source in (ROOT / "checkpoints").iterdir():
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
    broken = folder / "torn"
    shutil.copytree(folder / "fashion-vae", broken)
    weights = broken / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:10_000])
    return folder


@pytest.fixture(scope="session")
def server(checkpoints: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("server") / "log.txt"
    process, url = start_server(log, checkpoints=checkpoints)
    yield url
    stop_server(process)
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """Opens `path` in a context of its own and waits for the map; then checks the console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def watch(page: Page) -> None:
        # Below a page's path Streamlit first looks for its own server there, and finds a 404.
        probes = tuple(f"{server}/{p.stem}/_stcore/" for p in (ROOT / "pages").glob("*.py"))
        page.on(
            "console",
            lambda m: (
                m.type == "error"
                and not m.location["url"].startswith(probes)
                and complaints.append(f"{m.text} {m.location['url']}")
            ),
        )
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on(
            "request",
            lambda r: (
                r.url.startswith(("http", "ws"))
                and "127.0.0.1" not in r.url
                and complaints.append(f"request to another host: {r.url}")
            ),
        )

    def open_(path: str = "/", *, ready: bool = True, **options) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(server + path)
        if ready:
            wait_for_map(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, complaints
