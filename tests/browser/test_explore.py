"""The map as people use it: hover, drag, click, type, tap, share."""

import io
import re
import time
from statistics import NormalDist

import numpy as np
import pytest
from helpers import (
    IMAGE,
    MAP,
    at_rest,
    changed,
    choose,
    click,
    go_to,
    hover,
    on_map,
    pixels,
    query,
    torch_image,
    wait_for_query,
    z_of,
)
from live import ROOT, wait_until
from PIL import Image
from playwright.sync_api import expect

import vae
from vae.latent.encoding import decode_uint8, encode_images, split_codes


def test_hover_decodes_and_sends_nothing_and_a_click_pins_what_is_there(open_page):
    page = open_page("/", sent=(sent := []))
    page.wait_for_timeout(500)
    assert sent
    sent.clear()
    held = z_of(page)
    seen = set()
    for fx, fy in [(0.1, 0.1), (0.9, 0.15), (0.5, 0.5), (0.3, 0.8)]:
        z = hover(page, fx, fy)
        assert np.abs(pixels(page.locator(IMAGE)) - torch_image(z)).max() <= 1
        expect(page.locator(IMAGE)).to_have_attribute("data-source", "browser")
        seen.add(tuple(z))
    assert len(seen) == 4
    page.mouse.move(2, 2)  # off the map: the held place returns
    wait_until(
        page,
        "z => document.querySelector('[data-testid=decoded-image]').dataset.z === z",
        arg=",".join(f"{v:g}" for v in held),
    )
    assert sent == []

    z = click(page, 0.55, 0.45)
    pin = page.locator('[data-testid="pin-image"]').first
    assert np.array_equal(pixels(pin), torch_image(z))
    expect(page.locator(IMAGE)).to_have_attribute("data-source", "server")
    assert z_of(page) == z
    wait_for_query(page, "p")
    assert [float(v) for v in query(page)["z"].split(",")] == z

    data = vae.load_dataset("fashion-mnist-starter")
    codes = split_codes(vae.load(ROOT / "checkpoints" / "fashion-vae"), data.test).mean
    z = np.array(z)
    distances = np.linalg.norm(codes - z, axis=1)
    order = np.argsort(distances)
    log_prior = -0.5 * (z @ z) - np.log(2 * np.pi)
    expect(page.locator('[data-fact="prior"]')).to_have_text(f"{log_prior:.2f} nats")
    shown = float(page.locator('[data-fact="distance"]').inner_text().removesuffix(" in z"))
    assert shown == pytest.approx(distances[order[0]], abs=1e-3)
    counts = np.bincount(data.test.labels[order[:10]], minlength=10)
    words = page.locator(".la-mix-text").inner_text().replace("of the 10 nearest: ", "")
    mix = [part.split(" ", 1) for part in words.split(", ")]
    assert {name: int(count) for count, name in mix} == {
        data.class_names[k]: int(n) for k, n in enumerate(counts) if n
    }
    labels = [data.class_names[k] for k in data.test.labels[order[:8]]]
    near = page.locator('[data-testid="neighbour-list"] button')
    assert [b.get_attribute("aria-label").split(",")[0] for b in near.all()] == labels

    near.first.click()
    detail = page.get_by_test_id("item-detail")
    expect(detail).to_contain_text("posterior std")
    number = int(detail.inner_text().split("test image ")[1].split()[0])
    model = vae.load(ROOT / "checkpoints/fashion-vae").model
    code = encode_images(model, data.test.images[number : number + 1])
    expected = decode_uint8(model, code.mean)[0, :, :, 0].astype(int)
    assert np.abs(pixels(detail.locator("canvas")) - expected).max() <= 1
    original = detail.locator("img").evaluate(
        "i => { const c = document.createElement('canvas'); c.width = c.height = 28;"
        " const p = c.getContext('2d'); p.drawImage(i, 0, 0);"
        " return Array.from(p.getImageData(0, 0, 28, 28).data).filter((_, k) => k % 4 === 0); }"
    )
    assert np.array_equal(np.array(original).reshape(28, 28), data.test.images[number, 0])
    wait_for_query(page, "i", str(number))


def test_pins_are_deleted_cleared_and_undone_and_quick_clicks_lose_none(open_page):
    page = open_page("/")
    codes = [click(page, f, 0.5) for f in (0.3, 0.5, 0.7)]
    pins = page.locator('[data-testid="pin-image"]')
    page.get_by_role("button", name="Delete pin 2").click()
    assert [p.get_attribute("data-z") for p in pins.all()] == [
        ",".join(f"{v:g}" for v in codes[i]) for i in (0, 2)
    ]
    page.get_by_role("button", name="Clear").click()
    expect(pins).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(pins).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(pins).to_have_count(3)
    page.locator(MAP).focus()
    for _ in range(3):
        page.keyboard.press("u")
    expect(pins).to_have_count(0)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    for i in range(8):
        page.mouse.click(*on_map(page, 0.2 + 0.07 * i, 0.4))
    wait_until(
        page,
        "document.querySelectorAll('[data-testid=pin-image][data-source=server]').length === 8",
    )
    wait_until(page, "new URL(location.href).searchParams.get('p')?.split(';').length === 8")


def type_number(page, latent, value):
    field = page.get_by_test_id(f"z-number-{latent}")
    field.fill(str(value))
    field.press("Enter")


def test_drags_sliders_and_fields_agree_and_layers_switch_and_refine(open_page):
    page = open_page("/")
    page.mouse.move(*on_map(page, 0.3, 0.3))
    page.mouse.down()
    held = page.locator(IMAGE).get_attribute("data-z")
    for i in range(1, 10):  # the picture follows every step of the drag
        page.mouse.move(*on_map(page, 0.3 + 0.04 * i, 0.3 + 0.03 * i))
        held = changed(page, IMAGE, "data-z", held)
    page.mouse.up()
    z = z_of(page)
    page.mouse.move(2, 2)
    page.wait_for_timeout(100)
    assert z_of(page) == z
    expect(page.locator('[data-testid="pin-image"]')).to_have_count(0)
    wait_for_query(page, "z", ",".join(f"{v:g}" for v in z))

    slider = page.get_by_test_id("z-slider-0")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    shown = page.locator(IMAGE).get_attribute("data-z")
    for i in range(1, 8):  # the image follows while the slider moves, not after
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.05 * i), box["y"] + box["height"] / 2)
        shown = changed(page, IMAGE, "data-z", shown)
    page.mouse.up()
    z = z_of(page)
    assert float(page.get_by_test_id("z-number-0").input_value()) == z[0]
    assert np.abs(pixels(page.locator(IMAGE)) - torch_image(z)).max() <= 1
    type_number(page, 1, -0.75)
    wait_for_query(page, "z", f"{z[0]:g},-0.75")
    assert z_of(page) == [z[0], -0.75]

    hover(page, 0.6, 0.3)  # drawn under the pointer already, so the click changes no picture
    pinned = click(page, 0.6, 0.3)
    type_number(page, 1, -0.75)
    wait_for_query(page, "z", f"{pinned[0]:g},-0.75")
    assert z_of(page) == [pinned[0], -0.75]

    page.get_by_role("button", name="Quantile scale").click()
    quantiles = page.get_by_test_id("z-slider-1")
    for share in (0.01, 0.1, 0.5, 0.9):
        shown = page.locator(IMAGE).get_attribute("data-z")
        quantiles.evaluate(
            "(s, v) => { s.value = v; s.dispatchEvent(new Event('input'));"
            " s.dispatchEvent(new Event('change')); }",
            str(round(2000 * share)),
        )
        changed(page, IMAGE, "data-z", shown)
        expected = NormalDist().inv_cdf(0.0005 + share * 0.999)
        assert z_of(page)[1] == pytest.approx(expected, abs=1e-4)
        assert int(quantiles.input_value()) == round(2000 * share)

    # On white the screen shows what the board's white sheets do; the canvas keeps its pixels.
    values = pixels(page.locator(IMAGE))
    page.get_by_role("button", name="White ground").click()
    page.mouse.move(0, 0)
    seen = np.asarray(Image.open(io.BytesIO(page.locator(IMAGE).screenshot())).convert("L"))
    at = ((np.arange(1, 27) + 0.5) * len(seen) / 28).astype(int)  # in the middle of pixels
    on_white = np.maximum(values, 255 - values)[1:27, 1:27]
    assert np.abs(seen[np.ix_(at, at)].astype(int) - on_white).max() <= 2
    assert np.array_equal(pixels(page.locator(IMAGE)), values)

    # Layers are drawn and switched off; the grid refines when zoomed.
    ink = (
        "(() => { const c = document.querySelector('.la-under');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".reduce((n, v, i) => n + (i % 4 === 3 && v > 0), 0); })()"
    )
    assert page.evaluate(ink) == 0
    black = (  # the ground of garments, which no mark has
        "(() => { const c = document.querySelector('.la-points');"
        " const p = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".buffer); return p.reduce((n, v) => n + (v === 0xff000000), 0); })()"
    )
    assert page.evaluate(black) == 0
    thumbnails = page.get_by_role("button", name="Thumbnails")
    thumbnails.press("Enter")
    expect(thumbnails).to_have_attribute("aria-pressed", "true")
    points = page.locator(".la-points")
    expect(points).to_have_attribute("data-thumbnails", re.compile(r"\d{2,3}"))
    assert page.evaluate(black) > 5_000
    wait_for_query(page, "l", "points,thumbnails,names")
    thumbnails.press("Enter")
    expect(points).to_have_attribute("data-thumbnails", "0")
    assert page.evaluate(black) == 0
    for layer in ("Density", "Pixel entropy", "Decoded grid"):
        button = page.get_by_role("button", name=layer)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        wait_until(page, f"{ink} > 50_000")
        button.click()
        wait_until(page, f"{ink} === 0")
    button.click()
    page.mouse.move(*on_map(page, 0.5, 0.5))
    view = page.locator(MAP).get_attribute("data-view")
    for _ in range(6):
        page.mouse.wheel(0, -240)
    changed(page, MAP, "data-view", view)
    at_rest(page, MAP, "data-view")
    # Neighbouring tiles are now different codes less than a twentieth of the window apart, so the
    # picture is not one blown-up tile: many different tiles were decoded inside the window.
    wait_until(
        page,
        """() => {
          const pen = document.querySelector('.la-under').getContext('2d'), blocks = new Set();
          for (let y = 40; y < 400; y += 46)
            for (let x = 60; x < 700; x += 46)
              blocks.add(pen.getImageData(x, y, 8, 8).data.join());
          return blocks.size > 40;
        }""",
    )


def test_of_more_latents_two_are_the_map_and_all_have_sliders(open_page):
    name = "fashion-vae-10"
    page = open_page(f"/?m={name}")
    expect(page.locator('[data-testid^="z-slider-"]')).to_have_count(10)
    expect(page.get_by_text("10 latents, the map shows z1 and z2")).to_be_visible()
    first = z_of(page)
    z = hover(page, 0.3, 0.4)
    assert z[2:] == first[2:] and z[0] != first[0] and z[1] != first[1]
    assert np.abs(pixels(page.locator(IMAGE)) - torch_image(z, name)).max() <= 1
    pinned = click(page, 0.6, 0.7)
    type_number(page, 6, 1.5)
    wait_for_query(page, "z", ",".join(f"{v:g}" for v in [*pinned[:6], 1.5, *pinned[7:]]))
    shown = z_of(page)
    assert shown == [*pinned[:6], 1.5, *pinned[7:]]
    assert np.abs(pixels(page.locator(IMAGE)) - torch_image(shown, name)).max() <= 1
    page.reload()
    wait_until(page, "document.querySelectorAll('[data-testid=pin-image]').length === 1")
    assert z_of(page) == shown


def test_keys_the_wheel_and_the_legend(open_page):
    page = open_page("/")
    page.locator(MAP).focus()
    start = z_of(page)

    def moved(key: str) -> np.ndarray:
        before = page.locator(IMAGE).get_attribute("data-z")
        page.keyboard.press(key)
        after = changed(page, IMAGE, "data-z", before)
        return np.subtract(*(np.array(z.split(","), float) for z in (after, before)))

    step, coarse, fine = moved("ArrowRight"), moved("Shift+ArrowRight"), moved("Alt+ArrowUp")
    assert step[0] > 0 and step[1] == 0 and coarse[0] > 3 * step[0]
    assert fine[0] == 0 and 0 < fine[1] < step[0] / 3
    assert z_of(page) != start
    page.keyboard.press("7")  # Sneaker
    expect(page.locator(".la-mix-text")).to_have_text(re.compile("nearest: Sneaker"))
    wait_until(page, "document.querySelector('.la-live').textContent.includes('Sneaker')")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-testid="pin-image"][data-source="server"]')
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    assert page.url.startswith("http://127.0.0.1")  # Alt with an arrow did not go back in history

    chip = page.get_by_role("button", name="Sneaker", exact=True)
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    chip = page.get_by_role("button", name="Sneaker", exact=True)
    expect(chip).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".la-points")).to_have_attribute("data-drawn", "9000")
    wait_for_query(page, "h", "7")

    page.mouse.move(*on_map(page, 0.6, 0.4))
    before = page.locator(MAP).get_attribute("data-view")
    for _ in range(4):
        page.mouse.wheel(0, -240)
    changed(page, MAP, "data-view", before)
    zoomed = at_rest(page, MAP, "data-view")
    x0, x1, *_ = (float(v) for v in zoomed.split(","))
    b0, b1, *_ = (float(v) for v in before.split(","))
    assert x1 - x0 < 0.5 * (b1 - b0)
    click(page, 0.4, 0.6)
    page.get_by_role("button", name="Density").click()
    page.wait_for_timeout(700)
    expect(page.locator(MAP)).to_have_attribute("data-view", zoomed)
    wait_for_query(page, "v")
    page.keyboard.down("Shift")  # Shift drags the map itself
    page.mouse.move(*on_map(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*on_map(page, 0.6, 0.5), steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert float(changed(page, MAP, "data-view", zoomed).split(",")[0]) < x0


def test_a_copied_link_restores_everything_in_a_new_browser_and_a_reload_too(open_page):
    page = open_page("/", permissions=["clipboard-read", "clipboard-write"])
    page.mouse.move(*on_map(page, 0.6, 0.4))
    for _ in range(3):
        page.mouse.wheel(0, -240)
    pins = [click(page, 0.4, 0.5), click(page, 0.6, 0.5)]
    page.get_by_role("button", name="Density").click()
    page.get_by_role("button", name="Bag", exact=True).click()
    page.locator('[data-testid="neighbour-list"] button').first.click()
    for name in ("p", "l", "h", "i", "v"):
        wait_for_query(page, name)
    view = [float(v) for v in at_rest(page, MAP, "data-view").split(",")]
    page.get_by_role("button", name="Copy link").click()
    wait_until(page, "document.querySelector('[data-do=copy]').textContent === 'Copied'")
    link = page.evaluate("navigator.clipboard.readText()")
    assert f"z={pins[1][0]:g},{pins[1][1]:g}" in link and "d=" in link and "m=fashion-vae" in link
    other = open_page(link[link.index("/?") :], viewport={"width": 1440, "height": 900})
    wait_until(
        other,
        "document.querySelectorAll('[data-testid=pin-image][data-source=server]').length === 2",
    )
    assert z_of(other) == pins[1]
    restored = [float(v) for v in other.locator(MAP).get_attribute("data-view").split(",")]
    assert restored == pytest.approx(view, abs=2e-3)
    expect(other.get_by_role("button", name="Density")).to_have_attribute("aria-pressed", "true")
    assert (
        other.get_by_role("button", name="Bag", exact=True).get_attribute("aria-pressed")
        == "false"
    )
    expect(other.get_by_test_id("item-detail")).to_be_visible()
    page.reload()
    page.wait_for_selector('[data-testid="pin-image"][data-source="server"]')
    assert z_of(page) == pins[1]


def test_a_spoilt_link_opens_what_it_can_and_another_version_of_the_model_is_said(open_page):
    page = open_page(
        "/?m=fashion-vae&d=000000000000&z=0.5,0.5&v=1,2&l=points,lasers&p=1,2;3&i=-4&h=x"
    )
    expect(page.get_by_text("another version of fashion-vae")).to_be_visible()
    expect(page.get_by_text("could not be read (v, l, p, i, h)")).to_be_visible()
    assert z_of(page) == [0.5, 0.5]


def test_model_and_place_survive_page_changes_and_other_models(open_page):
    page = open_page("/?m=fashion-beta-vae")
    z = click(page, 0.5, 0.4)
    go_to(page, "Models")
    page.get_by_role("heading", name="Models").wait_for()
    go_to(page, "Explore")
    page.wait_for_selector('[data-testid="pin-image"][data-source="server"]')
    assert z_of(page) == z
    expect(page.get_by_role("combobox", name="Model")).to_have_value("fashion-beta-vae")
    wait_for_query(page, "m", "fashion-beta-vae")
    assert query(page)["p"]  # a reload loses nothing

    go_to(page, "Models")
    page.get_by_role("heading", name="fashion-vae", exact=True).wait_for()
    page.locator(".st-key-explore-fashion-vae button").click()
    page.wait_for_selector('.la[data-state="ready"]')
    expect(page.get_by_role("combobox", name="Model")).to_have_value("fashion-vae")

    z = click(page, 0.5, 0.45)
    choose(page, "Model", "fashion-ae")
    wait_until(
        page,
        "document.querySelector('.la').dataset.state === 'ready' &&"
        " document.querySelectorAll('[data-testid=pin-image]').length === 0",
    )
    page.wait_for_timeout(300)
    assert z_of(page) == z
    assert np.abs(pixels(page.locator(IMAGE)) - torch_image(z, "fashion-ae")).max() <= 1
    expect(page.locator(".la-prior").first).not_to_be_visible()  # an autoencoder has no prior
    choose(page, "Model", "fashion-vae")
    page.wait_for_selector(
        '[data-testid="pin-image"][data-source="server"]'
    )  # each keeps its pins
    assert np.abs(pixels(page.locator(IMAGE)) - torch_image(z)).max() <= 1


def test_a_damaged_checkpoint_is_shown_as_damaged(open_page):
    page = open_page("/?m=torn", ready=False)
    page.get_by_text("torn cannot be opened").wait_for()
    go_to(page, "Models")
    page.get_by_role("heading", name="torn (damaged)").wait_for()
    expect(page.get_by_role("heading", name="fashion-vae", exact=True)).to_be_visible()


def test_touch_works_with_one_finger(open_page):
    page = open_page("/", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    session = page.context.new_cdp_session(page)

    def touch(kind: str, points: list[tuple[float, float]]) -> None:
        session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]},
        )

    top = page.locator(MAP).bounding_box()["y"]
    above = (
        "document.querySelector('[data-testid=latent-map]').getBoundingClientRect().y < top - 60"
    )
    x, y = on_map(page, 0.5, 0.5)
    touch("touchStart", [(x, y)])  # a finger scrolls past a map that it has not tapped
    for i in range(1, 9):
        touch("touchMove", [(x, y - 20 * i)])
    touch("touchEnd", [])
    wait_until(page, f"top => {above}", arg=top)
    expect(page.locator('[data-testid="pin-image"]')).to_have_count(0)
    page.touchscreen.tap(*on_map(page, 0.5, 0.5))
    page.wait_for_selector('[data-testid="pin-image"][data-source="server"]')
    before = page.locator(IMAGE).get_attribute("data-z")
    x, y = on_map(page, 0.4, 0.4)
    touch("touchStart", [(x, y)])
    for i in range(8):
        touch("touchMove", [(x + 10 * i, y + 5 * i)])
        time.sleep(0.02)
    touch("touchEnd", [])
    changed(page, IMAGE, "data-z", before)
    expect(page.locator('[data-testid="pin-image"]')).to_have_count(1)  # a drag is not a tap
    view = page.locator(MAP).get_attribute("data-view")
    touch("touchStart", [(x, y), (x + 40, y)])
    for i in range(6):
        touch("touchMove", [(x - 8 * i, y), (x + 40 + 8 * i, y)])
        time.sleep(0.02)
    touch("touchEnd", [])
    changed(page, MAP, "data-view", view)


def test_a_model_is_chosen_in_the_gallery_by_what_it_is_for(open_page):
    page = open_page("/?m=fashion-vae")
    page.get_by_role("button", name="Which?").click()
    gallery = page.get_by_test_id("model-gallery")
    expect(gallery.get_by_role("heading").first).to_have_text("Your own")  # none came with it
    expect(gallery.get_by_role("button", pressed=True)).to_contain_text("fashion-vae")
    images = "[...document.querySelectorAll('.mg img')]"
    wait_until(page, f"{images}.length > 15 && {images}.every((i) => i.naturalWidth > 99)")
    gallery.get_by_role("button", name=re.compile("^fashion-exemplar")).press("Enter")
    expect(gallery).to_have_count(0)
    wait_for_query(page, "m", "fashion-exemplar")
    detail = page.get_by_test_id("detail-select")
    detail.select_option(label="Like real items")
    decoded = page.get_by_test_id("decoded-image").first
    expect(decoded).to_have_attribute("data-seed", "64")
    expect(page.get_by_test_id("noise-seed")).to_have_value("0")
