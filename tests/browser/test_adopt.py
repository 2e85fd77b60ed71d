"""A model of another project: two ONNX files are added on Models, and decoded on Explore."""

import json
import re
import shutil

import numpy as np
import pytest
from adoption.foreign import linear, write
from helpers import IMAGE, choose, go_to, on_map, rgba, z_of
from live import wait_until
from playwright.sync_api import expect

import vae
from vae.latent.encoding import decode_uint8

NAME = "from-elsewhere"
PATIENCE = 120_000  # milliseconds, for a model that is measured for 30 s beside other tests
PAGES = ("Compare", "Models")
AT_REST = """() => document.querySelector('h1')
    && !document.querySelector('[data-state=loading], [data-testid=stSpinner]')
    && document.querySelector('.stApp').dataset.testScriptState === 'notRunning'"""


@pytest.fixture
def files(tmp_path):
    """An encoder and a decoder of images of 8 x 8."""
    (w, b), (v, c), (u, d) = linear(4, 64), linear(16, 2, 1), linear(64, 16, 2)
    encoder = [
        ("Gemm", ["x", "w", "b"], ["both"], {"transB": 1}),
        ("Split", ["both", "two"], ["mu", "logvar"], {"axis": 1}),
    ]
    decoder = [
        ("Gemm", ["x", "v", "c"], ["h"], {"transB": 1}),
        ("LeakyRelu", ["h"], ["r"], {"alpha": 0.2}),
        ("Gemm", ["r", "u", "d"], ["y"], {"transB": 1}),
        ("Tanh", ["y"], ["image"], {}),
    ]
    stored = {"w": w, "b": b, "two": np.array([2, 2])}
    return (
        write(tmp_path / "encoder.onnx", encoder, ["N", 64], ("mu", "logvar"), stored),
        write(tmp_path / "decoder.onnx", decoder, ["N", 2], ("image",), dict(v=v, c=c, u=u, d=d)),
    )


def test_two_files_become_a_model(files, open_page, checkpoints):
    page = open_page("/models", ready=False)
    page.get_by_text("Add a model of your own").click()

    choose(page, "Trained on", "digits")
    page.get_by_label("Name", exact=True).fill(NAME)
    page.keyboard.press("Enter")
    for part, file in zip(("encoder", "decoder"), files, strict=True):
        field = page.locator(f"[class*='st-key-adopt-{part}'] input[type=file]")
        field.set_input_files(file)
        page.get_by_text(file.name, exact=True).last.wait_for()
    page.get_by_role("button", name="Add the model").click()
    try:
        page.get_by_text(f"Measuring {NAME}").wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Measure it").click()
        page.get_by_text(f"Measuring {NAME}").wait_for()
        page.get_by_role("link", name=f"Open {NAME} in Explore").click()
        model = vae.load(checkpoints / NAME).model
        wait_until(page, "document.querySelector('[data-testid=decoded-image]').dataset.z")
        page.mouse.move(*on_map(page, 0.4, 0.4))
        wait_until(page, f"document.querySelector('{IMAGE}').dataset.source === 'browser'")
        page.wait_for_timeout(100)
        drawn = rgba(page.locator(IMAGE).first)[..., 0].astype(int)
        expected = decode_uint8(model, np.array([z_of(page)]))[0, :, :, 0].astype(int)
        assert np.abs(drawn - expected).max() <= 1 and np.ptp(expected) > 50
        for title in PAGES:
            go_to(page, title)
            expect(page).to_have_title(re.compile(f"^{title} "))
            wait_until(page, AT_REST)
            assert page.get_by_test_id("stException").count() == 0, title
        expect(page.get_by_text(f"Measuring {NAME}")).to_have_count(0, timeout=PATIENCE)
        mse = vae.load(checkpoints / NAME).metrics["evaluation"]["mse"]
        expect(page.get_by_test_id("stMetricValue").get_by_text(f"{mse:.4f}")).to_be_visible()
    finally:
        facts = json.loads((checkpoints / NAME / "metrics.json").read_text())
        shutil.rmtree(checkpoints / NAME)
    assert "adopt --encoder encoder.onnx --decoder decoder.onnx" in facts["command"]
    assert (facts["adopted"]["second"], facts["adopted"]["pixels"]) == ("log-variance", "signed")
