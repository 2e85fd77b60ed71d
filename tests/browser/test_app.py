"""Around the map: behind a proxy, caching, accessibility in both themes, phone width."""

import re
import socket
import socketserver
import threading
import urllib.error
import urllib.request
from contextlib import suppress

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import choose, click, go_to, look, torch_image
from live import ROOT, wait_for_map, wait_until
from playwright.sync_api import Page, expect

import vae


def lower(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def get(url: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, lower(error.headers), error.read()


class StrippingProxy(socketserver.ThreadingTCPServer):
    """A server that hands every request below `prefix` to the app, without the prefix."""

    daemon_threads, prefix = True, b"/lab/maps"

    def finish_request(self, request, client_address):
        head = b""
        while b"\r\n\r\n" not in head and (data := request.recv(2**16)):
            head += data
        head = head.replace(self.prefix, b"", 1)  # of the path
        if b"\r\nupgrade: websocket" not in head.lower():  # one request per connection
            head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"\r\nConnection: close", head)
        with socket.create_connection(self.app) as ours:
            ours.sendall(head)
            back = threading.Thread(target=pipe, args=(ours, request), daemon=True)
            back.start()
            pipe(request, ours)
            back.join()


def pipe(source, target):
    with suppress(OSError):
        while data := source.recv(2**16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(server):
    with StrippingProxy(("127.0.0.1", 0), None) as running:
        running.app = ("127.0.0.1", int(server.rsplit(":", 1)[1]))
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}{running.prefix.decode()}"
        running.shutdown()


def test_the_app_works_behind_a_proxy_that_strips_its_prefix(proxy, visit):
    page = visit(proxy, "/generate", ready=False)
    page.wait_for_selector('.sg[data-state="ready"]')
    go_to(page, "Explore")
    wait_for_map(page)
    click(page, 0.55, 0.45)  # torch answers
    assert page.url.startswith(f"{proxy}/?")


def test_a_map_needs_no_webgl_and_its_content_is_immutable_and_compressed(open_page, server):
    page = open_page("/")
    assert page.evaluate("document.createElement('canvas').getContext('webgl')") is None
    points = page.locator(".la-points")
    expect(points).to_have_attribute("data-drawn", "10000")
    covered = points.evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".reduce((n, value, i) => n + (i % 4 === 3 && value > 0), 0)"
    )
    assert covered > 20_000

    urls = [
        u for u in page.evaluate("performance.getEntriesByType('resource').map((r) => r.name)")
    ]
    content = [u for u in urls if "/atelier/" in u and "/item/" not in u]
    assert len(content) >= 6
    zipped = 0
    for url in content:
        status, headers, _ = get(url)
        assert status == 200 and "immutable" in headers["cache-control"]
        zipped += headers.get("content-encoding") == "gzip"
    assert zipped >= 2
    assert get(f"{server}/atelier/content/nothing")[0] == 404
    assert get(f"{server}/atelier/ui/000/decoder.js")[0] == 404
    assert get(f"{server}/atelier/item/none/1.png")[0] == 404
    assert get(f"{server}/atelier/decode/none?z=0,0")[0] == 404


@pytest.fixture(scope="module")
def decode_url(profile, server):
    """Where a model's codes are decoded, by its name: for models that were opened."""
    names = ("fashion-vae", "fashion-cvae", "fashion-hvae")
    page = profile.new_page()
    page.goto(f"{server}/compare?m={','.join(names)}")
    wait_until(
        page, "document.querySelectorAll('[data-model] [data-testid=decoded-image]').length === 3"
    )
    page.close()
    digests = {name: vae.load(ROOT / "checkpoints" / name).digest for name in names}
    return {name: f"{server}/atelier/decode/{digest}" for name, digest in digests.items()}


@pytest.mark.parametrize("z", ["", "1", "a,b", "nan,0", "inf,0", "1e9,0", "0,0,0"])
def test_decode_route_refuses_what_is_no_code(decode_url, z):
    status, _, body = get(f"{decode_url['fashion-vae']}?z={z}")
    assert status == 400 and b"2 numbers" in body
    assert len(get(f"{decode_url['fashion-vae']}?z=0.5,-1")[2]) == 784


@pytest.mark.parametrize(
    ("name", "query", "told"),
    [
        ("fashion-cvae", "", {}),
        ("fashion-cvae", "&label=9", {"label": 9}),
        ("fashion-hvae", "&seed=0", {}),
        ("fashion-hvae", "&seed=255", {"seed": 255}),
    ],
)
def test_decode_route_takes_a_label_or_a_seed(decode_url, name, query, told):
    status, _, body = get(f"{decode_url[name]}?z=0.5,-1{query}")
    assert status == 200
    found = np.frombuffer(body, np.uint8).reshape(28, 28)
    assert np.array_equal(found, torch_image([0.5, -1], name, **told))


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("fashion-cvae", "label=10", b"label must be a whole number from 0 to 9."),
        ("fashion-cvae", "label=-1", b"from 0 to 9."),
        ("fashion-cvae", "label=", b"from 0 to 9."),
        ("fashion-cvae", "seed=1", b"This model has no noise seeds."),
        ("fashion-hvae", "seed=256", b"seed must be a whole number from 0 to 255."),
        ("fashion-hvae", "seed=1.5", b"from 0 to 255."),
        ("fashion-hvae", "label=1", b"This model is not conditioned on a label."),
        ("fashion-vae", "label=1", b"This model is not conditioned on a label."),
    ],
)
def test_decode_route_refuses_a_label_or_a_seed_that_is_not_there(decode_url, name, query, words):
    status, _, body = get(f"{decode_url[name]}?z=0,0&{query}")
    assert status == 400 and words in body


def choose_model(page: Page, name: str) -> None:
    choose(page, "Model", name)
    wait_until(
        page,
        "name => new URL(location.href).searchParams.get('m') === name"
        " && document.querySelector('.la').dataset.state === 'ready'",
        arg=name,
    )


def test_axe_finds_nothing_and_nothing_overflows_in_both_themes_with_any_kind_of_model(open_page):
    page = open_page("/?m=fashion-vae", viewport={"width": 390, "height": 844})
    box = page.get_by_test_id("latent-map").bounding_box()
    assert box["y"] + box["height"] < 844  # picture and map share the first screen
    click(page, 0.55, 0.45)
    page.locator('[data-testid="neighbour-list"] button').first.click()
    drawn = set()
    for name in ("fashion-vae", "fashion-cvae", "fashion-hvae"):
        choose_model(page, name)
        for width, scheme in ((1440, "light"), (390, "dark")):
            look(page, width, scheme)
            drawn.add(page.locator(".la-points").evaluate("canvas => canvas.toDataURL()"))
            results = Axe().run(page, context=".la")
            assert results.violations_count == 0, results.generate_report()
            assert results.response["passes"]
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(drawn) == 6
    look(page, 1440, "dark")  # another theme repaints the map
    assert page.locator(".la-points").evaluate("canvas => canvas.toDataURL()") not in drawn
    page.get_by_role("button", name="Keyboard shortcuts").click()
    assert Axe().run(page, context=".la-keys").violations_count == 0
