"""The further input of a decoder: the class of a conditional model, the noise seed of a
hierarchical one; selected in the panel, on the strip or by a key, and saved with every pin."""

import numpy as np
import pytest
from helpers import (
    IMAGE,
    MAP,
    changed,
    choose,
    click,
    hover,
    pixels,
    query,
    torch_image,
    wait_for_query,
    z_of,
)
from live import wait_until
from playwright.sync_api import Page, expect

import vae

CLASSES = vae.load_dataset("fashion-mnist-starter").class_names
SNEAKER = CLASSES.index("Sneaker")
CVAE, HVAE = "fashion-cvae", "fashion-hvae"


def condition_of(page: Page, selector: str = IMAGE) -> dict:
    """Label and seed of the picture that a canvas shows."""
    data = page.locator(selector).first.evaluate("c => ({ ...c.dataset })")
    return {"label": int(data["label"]) if data["label"] else None, "seed": int(data["seed"])}


def wait_for_condition(page: Page, **expected) -> None:
    wait_until(
        page,
        "expected => { const { dataset } = document.querySelector('[data-testid=decoded-image]');"
        " return Object.entries(expected).every(([k, v]) => dataset[k] === v); }",
        arg={name: str(value) for name, value in expected.items()},
    )


def settled(page: Page, kind: str) -> list:
    """The strip's canvases, once all of them stand where the large picture stands."""
    wait_until(
        page,
        "kind => { const z = document.querySelector('[data-testid=decoded-image]').dataset.z;"
        " return [...document.querySelectorAll(`[data-testid=${kind}-image]`)]"
        ".every((c) => c.dataset.z === z); }",
        arg=kind,
    )
    page.wait_for_timeout(200)
    return page.get_by_test_id(f"{kind}-image").all()


def shows_torch(page: Page, name: str, selector: str = IMAGE) -> bool:
    expected = torch_image(z_of(page, selector), name, **condition_of(page, selector))
    return np.abs(pixels(page.locator(selector).first) - expected).max() <= 1


def test_a_class_is_chosen_on_the_strip_or_in_the_panel_and_decides_about_every_picture(open_page):
    page = open_page(f"/?m={CVAE}", sent=(sent := []))
    expect(page.get_by_role("heading", name="Decoded as each class")).to_be_visible()
    assert condition_of(page)["label"] == SNEAKER  # the class of the place where the model opens
    for fx, fy in [(0.3, 0.4), (0.62, 0.55)]:
        z = hover(page, fx, fy)
        canvases = settled(page, "label")
        assert len(canvases) == len(CLASSES)
        for label, canvas in enumerate(canvases):
            assert np.abs(pixels(canvas) - torch_image(z, CVAE, label=label)).max() <= 1
    names = page.get_by_test_id("alternatives").get_by_role("button")
    assert [b.inner_text() for b in names.all()] == list(CLASSES)

    button = page.get_by_test_id("alternatives").get_by_role("button", name="Bag")
    button.click()
    wait_for_condition(page, label=CLASSES.index("Bag"))
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("class-select")).to_have_value(str(CLASSES.index("Bag")))
    button.focus()
    page.keyboard.press("Enter")
    wait_for_condition(page, label="")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_test_id("class-select")).to_have_value("")

    assert condition_of(page)["label"] is None and shows_torch(page, CVAE)
    before = pixels(page.locator(IMAGE))
    sent.clear()
    page.get_by_test_id("class-select").select_option("Sneaker")
    wait_for_condition(page, label=SNEAKER)
    assert shows_torch(page, CVAE)
    assert (pixels(page.locator(IMAGE)) != before).any()
    hover(page, 0.3, 0.3)
    assert condition_of(page)["label"] == SNEAKER and shows_torch(page, CVAE)
    # The browser decodes: what it sends is the choice, for the link.
    assert not [url for url in sent if isinstance(url, str) and "/atelier/" in url]
    click(page, 0.55, 0.5)
    pin = '[data-testid="pin-image"]'
    assert condition_of(page, pin)["label"] == SNEAKER
    assert np.array_equal(pixels(page.locator(pin)), torch_image(z_of(page), CVAE, label=SNEAKER))
    expect(page.locator('[data-testid="pin-list"]')).to_contain_text("Sneaker")
    wait_for_query(page, "c", str(SNEAKER))


GRID = "document.querySelector('.la-under').toDataURL()"


def decoded_grid(page: Page) -> str:
    """The layer of decoded images, once it is not empty."""
    wait_until(page, f"{GRID}.length > 100_000")
    return page.evaluate(GRID)


def test_keys_take_the_next_class_and_the_next_noise_seed_and_the_grid_follows(open_page):
    page = open_page(f"/?m={CVAE}&l=manifold&z=0,0")  # without a class it is unknown
    before = decoded_grid(page)
    page.locator(MAP).focus()
    page.keyboard.press("c")
    wait_until(page, f"before => {GRID} !== before", arg=before)
    for label in [*range(1, len(CLASSES)), ""]:
        page.keyboard.press("c")
        wait_for_condition(page, label=label)
    page.keyboard.press("d")  # not this model's key
    page.keyboard.press(str(SNEAKER))  # a jump to a class tells it, too
    wait_for_condition(page, label=SNEAKER, seed=0)
    wait_until(page, "document.querySelector('.la-live').textContent.includes('Sneaker:')")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_text("next class")).to_be_visible()
    other = open_page(f"/?m={HVAE}&s=254&l=manifold")
    before = decoded_grid(other)
    other.locator(MAP).focus()
    for seed in (255, 0, 1):
        other.keyboard.press("D")
        wait_for_condition(other, seed=seed, label="")
    wait_until(other, f"before => {GRID} !== before", arg=before)
    assert shows_torch(other, HVAE)


def test_noise_seeds_and_their_variations_decode_as_torch_does(open_page):
    page = open_page(f"/?m={HVAE}")
    field, group = page.get_by_test_id("noise-seed"), page.get_by_role("group", name="Noise seed")
    none = group.get_by_role("button", name="None")
    assert none.get_attribute("aria-pressed") == "true" and field.input_value() == "0"
    before = pixels(page.locator(IMAGE))
    for typed, seed in (("7", 7), ("999", 255), ("-3", 0), ("", 0), ("12", 12)):
        field.fill(typed)
        field.press("Enter")
        wait_for_condition(page, seed=seed)
        assert field.input_value() == str(seed) and shows_torch(page, HVAE)
    assert (pixels(page.locator(IMAGE)) != before).any()
    group.get_by_role("button", name="Next seed").click()
    wait_for_condition(page, seed=13)
    group.get_by_role("button", name="Previous seed").click()
    wait_for_condition(page, seed=12)
    for _ in range(5):
        seed = condition_of(page)["seed"]
        group.get_by_role("button", name="New").click()
        assert changed(page, IMAGE, "data-seed", str(seed)) != "0" and shows_torch(page, HVAE)
    none.click()
    wait_for_condition(page, seed=0)
    assert np.array_equal(pixels(page.locator(IMAGE)), before)
    expect(none).to_have_attribute("aria-pressed", "true")

    field.fill("250")
    field.press("Enter")
    wait_for_condition(page, seed=250)
    canvases = settled(page, "noise")
    seeds = [(251 + i) % 256 for i in range(8)]
    assert [c.get_attribute("data-seed") for c in canvases] == [str(s) for s in seeds]
    for seed, canvas in zip(seeds, canvases, strict=True):
        expected = torch_image(z_of(page), HVAE, seed=seed)
        assert np.abs(pixels(canvas) - expected).max() <= 1
    page.get_by_role("button", name="Noise seed 253").click()
    wait_for_condition(page, seed=253)
    assert shows_torch(page, HVAE)


@pytest.mark.parametrize(
    ("name", "key", "parameter", "values", "mark"),
    [(CVAE, "c", "label", [None, 0, 1], "c"), (HVAE, "d", "seed", [0, 1, 2], "s")],
)
def test_pins_keep_what_they_were_made_with(open_page, name, key, parameter, values, mark):
    page = open_page(f"/?m={name}&z=0,0")  # without a class it is unknown
    codes = []
    for i, _ in enumerate(values):
        codes.append(click(page, 0.4 + 0.1 * i, 0.5))
        page.locator(MAP).focus()
        page.keyboard.press(key)
    wait_for_query(page, mark, str(values[-1] + 1))
    written = query(page)["p"]
    assert [f"{mark}{v}" in part for v, part in zip(values, written.split(";"), strict=True)] == [
        False,
        True,
        True,
    ]

    def check(tab: Page) -> None:
        wait_until(
            tab,
            "document.querySelectorAll('[data-testid=pin-image][data-source=server]')"
            ".length === 3",
        )
        for i, (z, value) in enumerate(zip(codes, values, strict=True)):
            pin = f'[data-testid="pin-list"] li:nth-child({i + 1}) canvas'
            assert z_of(tab, pin) == z and condition_of(tab, pin)[parameter] == value
            expected = torch_image(z, name, **{parameter: value})
            assert np.array_equal(pixels(tab.locator(pin)), expected)
        assert condition_of(tab)[parameter] == values[-1] + 1

    check(page)
    other = open_page("/" + page.evaluate("location.search"))
    check(other)
    other.locator('[data-testid="pin-list"] .la-thumb').nth(1).click()  # back to the second pin
    wait_for_condition(other, **{parameter: values[1]})
    assert z_of(other) == codes[1] and shows_torch(other, name)
    other.get_by_role("button", name="Delete pin 2").click()
    other.get_by_role("button", name="Undo").click()
    second = '[data-testid="pin-list"] li:nth-child(2) canvas'
    assert condition_of(other, second)[parameter] == values[1]


def test_an_item_is_reconstructed_as_its_own_class_and_each_model_keeps_its_control(open_page):
    page = open_page(f"/?m={CVAE}&c=0&i=42")
    data, model = vae.load_dataset("fashion-mnist-starter"), vae.load(f"checkpoints/{CVAE}").model
    from vae.latent.encoding import encode_images

    label = int(data.test.labels[42])
    code = encode_images(model, data.test.images[42:43], data.test.labels[42:43]).mean[0]
    detail = page.get_by_test_id("item-detail")
    expected = torch_image(code.tolist(), CVAE, label=label)
    assert label != 0 and np.abs(pixels(detail.locator("canvas")) - expected).max() <= 1
    detail.get_by_role("button", name="Go to this code").click()
    wait_for_condition(page, label=label)
    assert np.abs(np.array(z_of(page)) - code).max() <= 1e-4 and shows_torch(page, CVAE)

    for name in ("fashion-vae", HVAE, CVAE):
        choose(page, "Model", name)
        kind = {CVAE: "label", HVAE: "noise"}.get(name, "")
        wait_until(
            page,
            "kind => { const { dataset } = document.querySelector('.la');"
            " return dataset.state === 'ready' && dataset.context === kind; }",
            arg=kind,
        )
        assert page.get_by_test_id("class-select").is_visible() == (kind == "label")
        assert page.get_by_test_id("noise-seed").is_visible() == (kind == "noise")
        assert page.get_by_test_id("alternatives").is_visible() == bool(kind)
        wait_for_condition(page, label=label if name == CVAE else "", seed=0)
        assert shows_torch(page, name)


def test_an_old_link_opens_and_a_spoilt_one_is_reported(open_page):
    page = open_page(f"/?m={CVAE}&z=0.5,0.5&p=0.1,0.2;0.3,0.4")
    expect(page.get_by_test_id("pin-image")).to_have_count(2)
    assert condition_of(page, '[data-testid="pin-image"]') == {"label": None, "seed": 0}
    page = open_page(f"/?m={CVAE}&c=10&s=4&p=0,0c11")
    expect(page.get_by_text("could not be read (p, c, s)")).to_be_visible()
    assert condition_of(page) == {"label": SNEAKER, "seed": 0}  # as the model opens
