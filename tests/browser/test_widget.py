"""The notebook widget: its Python object, and its view in a page with a model as anywidget has it.

JupyterLab and marimo themselves take too long to start for each run of the tests.
"""

import json
from base64 import b64encode

import numpy as np
import pytest
import torch
from helpers import IMAGE, MAP, on_map, pixels, z_of
from live import wait_for_map, wait_until
from playwright.sync_api import Browser, expect

import vae
from vae import checkpoint
from vae.latent.encoding import decode_uint8
from vae.models import build
from vae.validation import ConfigError
from vae.widget import Explorer

# What anywidget gives to `render`, with a copy of what was saved for Python.
PAGE = """<!doctype html><meta charset="utf-8"><style>CSS</style><div id="out"></div>
<script type="module">
const state = JSON_STATE, heard = {}, saved = {};
state._content = new DataView(Uint8Array.from(atob("CONTENT"), (c) => c.charCodeAt(0)).buffer);
const say = (name) => (heard[`change:${name}`] ?? []).forEach((call) => call());
const model = {
  get: (name) => state[name], save_changes: () => Object.assign(saved, state),
  set: (name, value) => { state[name] = value; say(name); },
  on: (name, call) => (heard[name] ??= []).push(call), off: (name) => { delete heard[name]; },
};
const url = URL.createObjectURL(new Blob([SCRIPT], { type: "text/javascript" }));
const { default: widget } = await import(url);
window.test = { model, saved, heard };
window.test.end = await widget.render({ model, el: document.getElementById("out") });
</script>"""


@pytest.fixture
def loaded(tmp_path, settings) -> vae.Checkpoint:
    """An untrained model."""
    torch.manual_seed(0)
    config = settings()
    checkpoint.save(tmp_path / "small", build(config.model), config, {})
    return vae.load(tmp_path / "small")


@pytest.fixture
def explorer(loaded, tiny) -> Explorer:
    return Explorer(loaded, tiny, items=60)


def test_the_object_checks_what_it_is_given(explorer, loaded):
    changes = []
    explorer.on_change(changes.append)
    start = explorer.z
    explorer.z = (0.5, -1)
    explorer.pins = [[1, 2], {"z": [0, 0], "label": None, "seed": 0}]
    assert explorer.z == [0.5, -1.0] != start
    assert [pin["z"] for pin in explorer.pins] == [[1.0, 2.0], [0.0, 0.0]]
    assert [change["name"] for change in changes] == ["z", "pins"]
    for name, value in (
        ("z", [1]),
        ("z", [1, float("nan")]),
        ("pins", [[1, 2, 3]]),
        ("pins", [{"z": [0, 0], "label": 3}]),
        ("pins", [{"z": [0, 0], "lable": None}]),
        ("region", [[0, 0], [1, 1]]),
        ("selection", ["seven"]),
    ):
        with pytest.raises(ConfigError, match="expected"):
            setattr(explorer, name, value)
    assert explorer.z == [0.5, -1.0] and len(explorer.pins) == 2 and not explorer.region
    assert explorer._message["facts"]["digest"] == loaded.digest


def test_the_view_follows_the_object_and_the_object_the_view(
    explorer, loaded, browser: Browser, tmp_path
):
    state = {k: v for k, v in explorer.get_state().items() if isinstance(v, dict | list | str)}
    json_state = json.dumps(state).replace("</", r"<\/")
    html = PAGE.replace("CSS", explorer._css).replace("JSON_STATE", json_state)
    html = html.replace("CONTENT", b64encode(explorer._content).decode())
    file = tmp_path / "widget.html"
    file.write_text(html.replace("SCRIPT", json.dumps(explorer._esm).replace("</", r"<\/")))
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    page, said = context.new_page(), []
    page.on("console", lambda m: m.type == "error" and said.append(m.text))
    page.on("pageerror", lambda e: said.append(e.stack or str(e)))
    page.goto(file.as_uri())
    wait_for_map(page)
    assert z_of(page) == explorer.z

    page.mouse.click(*on_map(page, 0.4, 0.4))
    wait_until(page, "window.test.saved.pins?.length === 1")
    z = page.evaluate("window.test.saved.z")
    assert z == z_of(page) == page.evaluate("window.test.saved.pins[0].z")
    wanted = decode_uint8(loaded.model, np.array([z]))[0, ..., 0].astype(int)
    assert abs(pixels(page.locator(IMAGE)) - wanted).max() <= 1

    page.mouse.move(10, 10)
    page.evaluate("window.test.model.set('z', [1.5, -1])")
    wait_until(page, f"document.querySelector('{IMAGE}').dataset.z === '1.5,-1'")
    page.evaluate("window.test.model.set('pins', [])")
    expect(page.locator('[data-testid="pin-image"]')).to_have_count(0)
    some = [int(n) for n in page.evaluate("window.test.model.get('_message').pictures.numbers")][
        :9
    ]
    page.evaluate("some => window.test.model.set('selection', some)", some)
    count = page.locator('[data-testid="region-count"]')
    expect(count).to_contain_text("9 of the 60 items on the map, of 80 images, selected")
    page.evaluate("window.test.model.set('region', [[-99, -99], [99, -99], [99, 99], [-99, 99]])")
    expect(count).to_contain_text("60 of the 60 items on the map, of 80 images, inside")
    wait_until(page, "window.test.saved.selection.length === 60")
    page.locator(MAP).press("Escape")
    wait_until(page, "window.test.saved.selection.length === 0")

    page.evaluate("document.body.style.color = '#eee'")
    wait_until(page, "document.querySelector('.la-notebook').dataset.theme === 'dark'")
    page.evaluate("window.test.end()")
    assert page.evaluate("Object.keys(window.test.heard).length") == 0
    context.close()
    assert not said
