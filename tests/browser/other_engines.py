"""Firefox by WebDriver BiDi and WebKitGTK by WebDriver, for Playwright drives only its own.

Both offer the same few methods; positions are CSS pixels of the window.
"""

import itertools
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from live import free_port
from websockets.sync.client import ClientConnection, connect

SIZE = {"width": 1440, "height": 900}
MINI_BROWSERS = sorted(Path("/usr/lib").glob("*/webkit2gtk-4*/MiniBrowser"))


class Engine:
    """What the tests do with a browser; an engine adds `goto`, `run`, `act` and `choose_file`."""

    def __init__(self) -> None:
        self.errors: list[str] = []  # of the console, where the engine reports them

    def wait(self, expression: str, *, seconds: float = 60) -> object:
        """The value of a JavaScript expression once it is true."""
        until, value = time.monotonic() + seconds, None
        while time.monotonic() < until:
            value = self.run(
                f"(() => {{ try {{ const value = {expression};"
                " return value instanceof Element ? true : value; } catch { return null; } })()"
            )
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s: {expression}, but {value!r}")

    def centre(self, selector: str, fx: float = 0.5, fy: float = 0.5) -> tuple[int, int]:
        """A place on an element, by default its centre, after it was scrolled into view."""
        found = json.dumps(selector)
        self.wait(f"document.querySelector({found})?.getBoundingClientRect().width")
        self.run(f"document.querySelector({found}).scrollIntoView({{ block: 'nearest' }})")
        x, y, width, height = self.run(
            f"(b => [b.x, b.y, b.width, b.height])"
            f"(document.querySelector({found}).getBoundingClientRect())"
        )
        return round(x + fx * width), round(y + fy * height)

    def move(self, place: tuple[int, int]) -> None:
        self.act([{"type": "pointerMove", "x": place[0], "y": place[1]}])

    def drag(self, places: Sequence[tuple[int, int]]) -> None:
        """Presses at the first place, moves over the others and lets go; one place is a click."""
        moves = [
            {"type": "pointerMove", "x": x, "y": y, "duration": 60}
            for x, y in (*places, places[-1])
        ]
        press, lift = ({"type": f"pointer{kind}", "button": 0} for kind in ("Down", "Up"))
        self.act([moves[0], press, *moves[1:], lift])

    def goto(self, url: str) -> None:
        raise NotImplementedError

    def run(self, expression: str) -> object:
        raise NotImplementedError

    def act(self, actions: list[dict]) -> None:
        raise NotImplementedError

    def choose_file(self, selector: str, path: Path) -> None:
        raise NotImplementedError


MOUSE = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}}


# What a page says that is left while something loads.
LEFT = re.compile(
    "error loading dynamically imported module|when disconnected from server|status=2152398850"
)


class Firefox(Engine):
    """https://w3c.github.io/webdriver-bidi"""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self.socket, self.numbers = socket, itertools.count()
        self.send("session.new", capabilities={})
        self.context = self.send("browsingContext.getTree")["contexts"][0]["context"]
        self.send("session.subscribe", events=["log.entryAdded"])
        self.send("browsingContext.setViewport", context=self.context, viewport=SIZE)

    def send(self, method: str, **parameters: object) -> dict:
        id = next(self.numbers)
        self.socket.send(json.dumps({"id": id, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if message.get("method") == "log.entryAdded":
                entry, text = message["params"], str(message["params"].get("text"))
                if entry["level"] == "error" and not LEFT.search(text):
                    self.errors.append(text)
            elif message.get("id") == id:
                assert message["type"] == "success", message
                return message["result"]

    def goto(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self.context, url=url, wait="interactive")

    def run(self, expression: str) -> object:
        found = self.send(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert found["type"] == "success", found
        return json.loads(found["result"].get("value", "null"))

    def act(self, actions: list[dict]) -> None:
        self.send(
            "input.performActions", context=self.context, actions=[MOUSE | {"actions": actions}]
        )

    def choose_file(self, selector: str, path: Path) -> None:
        found = self.send(
            "browsingContext.locateNodes",
            context=self.context,
            locator={"type": "css", "value": selector},
        )
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.send("input.setFiles", context=self.context, element=element, files=[str(path)])


class WebKit(Engine):
    """https://www.w3.org/TR/webdriver2"""

    def __init__(self, server: str) -> None:
        super().__init__()
        options = {"binary": str(MINI_BROWSERS[-1]), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self.address = f"{server}/session"
        self.address += "/" + self.send("", {"capabilities": wanted})["sessionId"]
        self.send("/window/rect", SIZE | {"height": 1000})

    def send(self, path: str, body: dict) -> object:
        data = json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["value"]

    def goto(self, url: str) -> None:
        self.send("/url", {"url": url})

    def run(self, expression: str) -> object:
        return self.send("/execute/sync", {"script": f"return {expression};", "args": []})

    def act(self, actions: list[dict]) -> None:
        self.send("/actions", {"actions": [MOUSE | {"actions": actions}]})

    def choose_file(self, selector: str, path: Path) -> None:
        found = self.send("/element", {"using": "css selector", "value": selector})
        self.send(f"/element/{next(iter(found.values()))}/value", {"text": str(path)})


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    port = free_port()
    command = [shutil.which("firefox-esr") or "firefox", "--headless", "--no-remote"]
    command += ["--profile", str(folder), f"--remote-debugging-port={port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            next(line for line in process.stdout if b"BiDi listening" in line)
            with connect(f"ws://127.0.0.1:{port}/session", max_size=None) as socket:
                yield Firefox(socket)
        finally:
            process.kill()


def started(server: str, *, seconds: float = 30) -> WebKit:
    """The browser, once its driver answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            return WebKit(server)
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


@contextmanager
def webkit(folder: Path) -> Iterator[WebKit]:
    port, display = free_port(), f":{90 + os.getpid() % 900}"
    environment = os.environ | {"DISPLAY": display, "XDG_RUNTIME_DIR": str(folder)}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    with (
        subprocess.Popen(["Xvfb", display, "-screen", "0", "1500x1100x24"]) as screen,
        subprocess.Popen(["WebKitWebDriver", "-p", str(port)], env=environment) as process,
    ):
        try:
            yield started(f"http://127.0.0.1:{port}")
        finally:
            process.kill()
            screen.kill()
