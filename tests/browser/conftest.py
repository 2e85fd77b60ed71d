"""The real app in a real browser: one server and one profile for all tests.

Every test fails on a console error, on a page error and on a request to another host, which the
browser does not find and reports on the console.

A browser test that fails is tried once more, and the summary names it with what failed: a machine
at its limit can lose a click between the browser and the page, but not twice in a row.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live import ROOT, browser_options, faults, launch, start_server, stop_server, wait_for_map
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

PATIENCE = 60_000  # milliseconds: a busy machine is slow, not wrong
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))


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
    assert not faults(log), log.read_text()[-4000:]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def profile(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser with a profile on disk, where Chromium keeps compiled scripts: a page opens in
    half the time that it takes in a context which has seen none."""
    folder = tmp_path_factory.mktemp("profile")
    context = playwright.chromium.launch_persistent_context(folder, **browser_options())
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="session")
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A context with a touch screen, shared because it, too, keeps compiled scripts."""
    context = browser.new_context(has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="session")
def tabs() -> dict[BrowserContext, Page]:
    """The tab of each shared context that the tests use one after the other: a page opens with two
    thirds of the work that it takes in a new tab."""
    return {}


@pytest.fixture(scope="session")
def complaints() -> list[str]:
    """What the consoles of the current test say."""
    return []


@pytest.fixture
def visit(
    request: pytest.FixtureRequest,
    profile: BrowserContext,
    tabs: dict[BrowserContext, Page],
    complaints: list[str],
) -> Iterator[Callable[..., Page]]:
    """Opens a URL as a new visitor and waits for the map; in the end checks the console.

    What a page can be given goes to a page of the profile, a touch screen to a page of the phone,
    other options to a context of their own. The addresses of requests and the messages that the
    page sends are appended to the list `sent`, if there is one. A test that answers requests
    itself needs `new_tab=True`, for nothing takes that away again.
    """
    opened: list[Page | BrowserContext] = []
    cleared: list[BrowserContext] = []
    complaints.clear()

    def watched(page: Page) -> Page:
        page.on(
            "console",
            lambda m: m.type == "error" and complaints.append(f"{m.text} {m.location['url']}"),
        )
        page.on("pageerror", lambda e: complaints.append(e.stack or str(e)))
        opened.append(page)
        return page

    def tab_of(shared: BrowserContext, new_tab: bool) -> Page:
        kept = tabs.get(shared)
        if new_tab or kept in opened:
            return watched(shared.new_page())
        if kept is None or kept.is_closed():
            tabs[shared] = watched(shared.new_page())
        else:
            opened.append(kept)
            kept.bring_to_front()
        return tabs[shared]

    def page_of(server: str, options: dict) -> Page:
        shared = profile
        if permissions := options.pop("permissions", None):
            profile.grant_permissions(permissions)
        if options.pop("has_touch", False) and options.pop("is_mobile"):
            shared = request.getfixturevalue("phone")
        new_tab, sent = options.pop("new_tab", False), options.pop("sent", None)
        if options.keys() - {"viewport", "color_scheme"}:
            context = request.getfixturevalue("browser").new_context(**options)
            context.set_default_timeout(PATIENCE)
            opened.append(context)
            return watched(context.new_page())
        if shared not in cleared:
            shared.clear_cookies()
            cleared.append(shared)
        page = tab_of(shared, new_tab or sent is not None)
        if sent is not None:
            page.on("request", lambda r: sent.append(r.url))
            page.on("websocket", lambda ws: ws.on("framesent", lambda frame: sent.append(frame)))
        page.set_viewport_size(options["viewport"])
        page.emulate_media(color_scheme=options.get("color_scheme", "light"))
        stored = {"origin": server, "storageTypes": "local_storage,indexeddb"}
        shared.new_cdp_session(page).send("Storage.clearDataForOrigin", stored)
        return page

    def visit_(server: str, path: str = "/", *, ready: bool = True, **options) -> Page:
        options.setdefault("viewport", {"width": 1440, "height": 900})
        page = page_of(server, options)
        page.goto(server + path)
        if ready:
            wait_for_map(page)
        return page

    yield visit_
    said = complaints.copy()
    for page_or_context in opened:
        if page_or_context not in tabs.values():
            page_or_context.close()
        elif not page_or_context.is_closed():
            page_or_context.goto("about:blank")
            page_or_context.mouse.move(0, 0)
    profile.clear_permissions()
    assert not said, said


@pytest.fixture
def open_page(visit: Callable[..., Page], server: str) -> Callable[..., Page]:
    """Visits a path of the server that all tests share."""
    return lambda path="/", **options: visit(server, path, **options)
