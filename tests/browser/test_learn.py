"""Learn: walk all steps by keyboard, move what moves, check the numbers, answer, link, reload."""

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from helpers import pixels, query, torch_image, wait_for_query
from live import wait_until
from playwright.sync_api import Page, expect

import vae
from pages.ui.learn.steps import SLUGS, STEPS

READY = '.ls[data-state="ready"]'
PICTURE = '[data-testid="lesson-picture"]'


def opened(open_page, path: str = "/learn", **options) -> Page:
    page = open_page(path, ready=False, **options)
    page.wait_for_selector(READY)
    return page


def value(page: Page, symbol: str) -> float:
    return float(page.locator(f'.ls-legend [data-symbol="{symbol}"]').get_attribute("data-value"))


def slide(page: Page, name: str, to: float) -> None:
    page.get_by_role("slider", name=name).fill(str(to))


def step_on(page: Page, *slugs: str) -> None:
    """Moves by the key through the steps that come next."""
    page.evaluate("document.activeElement.blur()")
    for slug in slugs:
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(f'.ls[data-figure="{slug}"][data-state="ready"]')


def test_the_keyboard_moves_through_all_steps(open_page):
    page = opened(open_page, viewport={"width": 1024, "height": 768})
    for slug, step in zip(SLUGS, STEPS, strict=True):
        wait_for_query(page, "step", slug)
        page.wait_for_selector(f'.ls[data-figure="{step.slug}"][data-state="ready"]')
        page.get_by_role("heading", name=step.title).wait_for()
        wait_until(page, "document.querySelectorAll('.ls-legend button').length > 0")
        formula = page.locator(".stMain .katex-display").first
        assert formula.evaluate("f => f.scrollWidth - f.clientWidth") <= 4, slug
        if slug != SLUGS[-1]:
            page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    wait_for_query(page, "step", SLUGS[-2])
    page.reload()
    page.get_by_role("heading", name=STEPS[-2].title).wait_for()
    page.get_by_text("The conditional one").click()
    page.get_by_text("Yes. It is the one that is conditioned on a class.").wait_for()
    page.get_by_text("Source code").click()
    page.get_by_text("def decode").first.wait_for()
    found = Axe().run(page, context=".ls").response["violations"]
    assert not found, [(v["id"], v["nodes"][0]["html"][:200]) for v in found]


def test_figures_move_and_their_numbers_are_right(open_page):
    page = opened(open_page, "/learn?step=reparameterise")
    before = page.locator(PICTURE).get_attribute("data-z")
    page.get_by_role("button", name="Resample ε").click()
    assert page.locator(PICTURE).get_attribute("data-z") != before
    slide(page, "σ₁", 0.75)
    for d in "₁₂":
        sum_ = value(page, f"μ{d}") + value(page, f"σ{d}") * value(page, f"ε{d}")
        assert abs(value(page, f"z{d}") - sum_) < 1e-9
    z = [value(page, "z₁"), value(page, "z₂")]
    assert abs(pixels(page.locator(PICTURE)) - torch_image(z)).max() <= 1

    step_on(page, "decoder", "loss")
    wait_until(page, "document.querySelector('.ls-legend [data-symbol=\"−ELBO\"]')")
    minimum = value(page, "−ELBO")
    item = int(page.locator(".ls-choices [aria-pressed=true]").get_attribute("data-item"))
    image = vae.load_dataset("fashion-mnist-starter").test.images[item] / 255
    model = vae.load("checkpoints/fashion-vae").model
    import torch

    x = torch.tensor(image[None]).float()
    q = model.posterior(x)
    kl = float((0.5 * (q.mean**2 + q.std**2 - 1) - q.std.log()).sum())
    assert abs(value(page, "KL") - kl) < 1e-2
    draws = q.mean + q.std * torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    nll = float(model.likelihood.nll(model.decode(draws), x.expand(400, -1, -1, -1)).mean())
    assert abs(value(page, "reconstruction") - nll) < 2
    slide(page, "σ times", 5)
    assert value(page, "−ELBO") > minimum
    page.get_by_role("button", name="Reset to the encoder").click()
    wait_until(
        page,
        "v => Math.abs(document.querySelector('.ls-legend [data-symbol=\"−ELBO\"]')"
        ".dataset.value - v) < 1e-6",
        arg=minimum,
    )
    plane = page.get_by_test_id("lesson-plane").bounding_box()
    page.mouse.click(plane["x"] + 40, plane["y"] + 40)
    assert value(page, "−ELBO") > minimum + 5

    step_on(page, "kl")
    slide(page, "μ", -1.5)
    slide(page, "σ", 0.8)
    slide(page, "n, samples", 5)
    wanted = 0.5 * (1.5**2 + 0.8**2 - 1 - np.log(0.8**2))
    assert abs(value(page, "KL") - wanted) < 1e-9
    assert abs(value(page, "KL ≈") - wanted) < 0.03


def test_a_dark_phone_presentation_mode_and_the_lesson_plans(open_page):
    options = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}
    page = opened(open_page, "/learn?step=loss", **options)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    formula = page.locator(".stMain .katex-display")  # the longest one fits, but for a margin
    assert formula.evaluate("f => f.scrollWidth - f.clientWidth") <= 4
    plane = page.get_by_test_id("lesson-plane")
    expect(plane).to_have_attribute("data-magnified", "16")  # or the cloud would be a point
    expect(page.locator(".ls .la-classes").get_by_text("Bag")).to_be_visible()
    kinds = ".stMain h2, .stMain h1, .stMain p, .stMain .katex, .ls-sums b, .ls-legend button"
    sizes = f"[...document.querySelectorAll('{kinds}')].map((e) => [e, getComputedStyle(e)])"
    sizes += ".map(([e, style]) => [e.className || e.tagName, parseFloat(style.fontSize)])"
    before = page.evaluate(sizes)
    page.get_by_text("Presentation mode").click()
    page.wait_for_selector('.ls[data-large="true"]')
    page.wait_for_timeout(300)
    for (name, small), (_, large) in zip(before, page.evaluate(sizes), strict=True):
        assert large >= 1.25 * small and large >= 16, (name, small, large)
    page.set_viewport_size({"width": 1024, "height": 768})
    page.wait_for_timeout(300)
    assert formula.evaluate("f => f.scrollWidth - f.clientWidth") <= 4
    page.goto(page.url.split("?")[0] + "?step=teacher")
    page.get_by_role("heading", name="45 minutes").wait_for()
    expect(page.get_by_role("link", name="7 · The KL divergence")).to_have_count(2)
    assert query(page)["step"] == "teacher"
