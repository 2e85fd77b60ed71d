"""The HTTP routes: what lives how long, who may store it, and what they refuse."""

import asyncio
import gc
import io
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request

from pages.ui.runtime import routes
from pages.ui.runtime.location import Pin, Space
from pages.ui.runtime.recently_used import RecentlyUsed


def answer(url: str, query: bytes = b"", **parameters):
    """The response to a GET of a URL, or of one of its kind."""
    kind, key = url.split("/")[1:3]
    route = next(r for r in routes.routes() if r.path.startswith(f"/{routes.PREFIX}/{kind}/"))
    scope = {"type": "http", "path_params": {"key": key, **parameters}, "headers": []}
    # In a thread of its own: a browser test in the same process keeps a loop running here.
    with ThreadPoolExecutor(1) as pool:
        request = Request(scope | {"query_string": query})
        return pool.submit(asyncio.run, route.endpoint(request)).result()


def test_content_that_is_referred_to_stays_and_other_content_goes(monkeypatch):
    monkeypatch.setattr(routes, "_recent", RecentlyUsed(1000, size=lambda c: len(c.body)))
    random = np.random.default_rng(0)
    shown = routes.publish(random.bytes(900))
    address = str(routes.publish(random.bytes(900)))
    for _ in range(20):  # other visitors
        routes.publish(random.bytes(900))
    gc.collect()
    assert answer(shown).status_code == 200
    missing = answer(address)
    assert missing.status_code == 404 and b"reload" in missing.body


def test_a_url_from_a_pickle_keeps_its_content(monkeypatch):
    monkeypatch.setattr(routes, "_recent", RecentlyUsed(1, size=lambda c: len(c.body)))
    stored = pickle.dumps({"url": routes.publish(b"of a cache")})  # as st.cache_data stores it
    routes.publish(b"other")
    gc.collect()
    assert answer(pickle.loads(stored)["url"]).body == b"of a cache"


def test_only_what_a_visitor_brought_is_private():
    public, private = routes.publish(b"a"), routes.publish(b"b", private=True)
    assert "immutable" in answer(public).headers["cache-control"]
    assert answer(private).headers["cache-control"].startswith("private")
    later = routes.publish_deferred("a look-up", lambda: b"[1]")
    assert answer(later).headers["cache-control"].startswith("private")


def test_deferred_work_runs_when_it_is_requested():
    ran = []
    url = routes.publish_deferred("a sheet", lambda: ran.append(1) or b"[1]")
    assert not ran
    assert answer(url).body == b"[1]" and ran == [1]
    assert answer("atelier/later/0").status_code == 404


@pytest.mark.parametrize("index", ["2", "-1", "1.0", "9" * 5000, "x", "²"])
def test_an_image_that_does_not_exist_is_not_found(index):
    url = routes.publish_images("two", np.zeros((2, 1, 4, 4), np.uint8))
    assert answer(url, index="1").status_code == 200
    assert answer(url, index=index).status_code == 404
    assert answer("atelier/item/none", index=index).status_code == 404


def sheet(url: str, query: bytes):
    """The response to a request for small pictures of several images."""
    route = next(r for r in routes.routes() if r.path.endswith("/sheet"))
    scope = {"type": "http", "path_params": {"key": url.split("/")[2]}, "headers": []}
    with ThreadPoolExecutor(1) as pool:
        request = Request(scope | {"query_string": query})
        return pool.submit(asyncio.run, route.endpoint(request)).result()


@pytest.mark.parametrize("channels", [1, 3])
def test_many_images_come_in_one_picture_in_the_order_asked_for(channels):
    images = np.random.default_rng(0).integers(0, 256, (40, channels, 5, 7), np.uint8)
    found = sheet(routes.publish_images(f"many {channels}", images), b"i=39,0,1" + 15 * b",7")
    assert "immutable" in found.headers["cache-control"]
    pixels = np.asarray(Image.open(io.BytesIO(found.body))).reshape(10, 16 * 7, channels)
    for at, index in enumerate((39, 0, 1, *15 * (7,))):
        x, y = 7 * (at % 16), 5 * (at // 16)
        assert np.array_equal(pixels[y : y + 5, x : x + 7].transpose(2, 0, 1), images[index])
    assert not pixels[5:, 14:].any()


def test_large_images_are_shrunk_for_a_sheet():
    images = np.full((2, 3, 96, 192), 200, np.uint8)
    found = sheet(routes.publish_images("large", images), b"i=1,0")
    pixels = np.asarray(Image.open(io.BytesIO(found.body)))
    assert pixels.shape == (32, 16 * 64, 3) and (pixels[:, :128] == 200).all()


@pytest.mark.parametrize("query", ["", "i=", "i=2", "i=-1", "i=0,,1", "i=x", "i=0" + 256 * ",1"])
def test_a_sheet_of_images_that_do_not_exist_or_too_many_is_refused(query):
    url = routes.publish_images("two", np.zeros((2, 1, 4, 4), np.uint8))
    assert sheet(url, b"i=0" + 255 * b",1").status_code == 200
    refused = sheet(url, query.encode())
    assert refused.status_code == 400 and b"up to 256 numbers from 0 to 1" in refused.body
    assert sheet("atelier/item/none", b"i=0").status_code == 404


def test_the_address_alone_determines_what_is_decoded():
    url = routes.register_decoder("sum", Space(2), lambda pin: bytes([round(sum(pin.z))]))
    found = answer(url, b"z=1,2")
    assert found.body == b"\3" and "immutable" in found.headers["cache-control"]
    assert answer(url, b"z=" + b"1," * 100_000).status_code == 400


def test_many_pins_are_decoded_by_one_request():
    url = routes.register_decoder("pins", Space(2, labels=3), lambda pin: repr(pin).encode())
    found = answer(url, b"p=1,2;3,-4c2")
    pins = (Pin((1.0, 2.0)), Pin((3.0, -4.0), 2))
    assert found.body == "".join(map(repr, pins)).encode()
    assert "immutable" in found.headers["cache-control"]
    for wrong in (b"", b";", b"1,2;3", b"1,2c3", b"1,2s1", b"1,2;" * 201, b"x", b"1,2;1,2s\n"):
        assert answer(url, b"p=" + wrong).status_code == 400


def test_a_server_that_is_decoding_for_many_says_so(monkeypatch):
    monkeypatch.setattr(routes, "_MOST_REQUESTS", 3)
    free = threading.Event()
    url = routes.register_decoder("slow", Space(1), lambda pin: b"done" if free.wait(30) else b"")
    endpoint = next(r for r in routes.routes() if "/decode/" in r.path).endpoint

    async def many() -> list:
        scope = {"type": "http", "path_params": {"key": url.split("/")[-1]}, "headers": []}
        requests = [
            asyncio.create_task(endpoint(Request(scope | {"query_string": b"z=0"})))
            for _ in range(6)
        ]
        while sum(task.done() for task in requests) < 3:
            await asyncio.sleep(0.01)
        free.set()
        return await asyncio.gather(*requests)

    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(asyncio.run, many()).result()
    refused = [response for response in found if response.status_code == 503]
    assert len(refused) == 3 and all(r.headers["retry-after"] == "1" for r in refused)
    assert [r.body for r in found if r not in refused] == [b"done"] * 3


def test_modules_are_those_that_their_hash_was_made_of(monkeypatch, tmp_path):
    (tmp_path / "a.js").write_text("old")
    monkeypatch.setattr(routes, "_UI", tmp_path)
    routes._modules.cache_clear()
    try:
        url = routes.module_url("a.js")
        (tmp_path / "a.js").write_text("new")
        assert routes.module_url("a.js") == url
        assert answer(url, version=url.split("/")[2], name="a.js").body == b"old"
    finally:
        routes._modules.cache_clear()


@pytest.mark.parametrize(("above", "first"), [("", "/atelier/"), ("/lab/maps/", "/lab/maps/")])
def test_routes_are_below_the_base_path(above, first, monkeypatch):
    monkeypatch.setattr(routes.st, "get_option", lambda name: above)
    assert all(route.path.startswith(first) for route in routes.routes())


def test_every_page_says_where_the_server_is():
    """Else the browser asks below the page's own address and logs a 404."""
    found = {route.path: route for route in routes.page_routes()}
    assert {"/", "/learn", "/board", "/generate"} <= found.keys()
    with ThreadPoolExecutor(1) as pool:
        request = Request({"type": "http", "headers": []})
        answer = pool.submit(asyncio.run, found["/learn"].endpoint(request)).result()
    page = answer.body.decode()
    assert 0 < page.index("BACKEND_BASE_URL: new URL") < page.index("static/js")
    assert "Loading Latent Atelier" in page and answer.headers["cache-control"] == "no-cache"
