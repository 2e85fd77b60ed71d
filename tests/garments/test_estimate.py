"""The factors of a garment, read from its picture."""

from dataclasses import replace

import numpy as np
import pytest

from vae import garments
from vae.garments import estimate
from vae.garments.factors import NAMES, typical


def picture(one, size=64):
    return garments.render(garments.table([one]), size)[0].astype(np.float32)


def test_the_search_finds_the_factors_of_a_drawing_again(monkeypatch):
    monkeypatch.setattr(estimate, "COLOURS", ("teal", "sky", "red"))  # fewer are drawn
    monkeypatch.setattr(estimate, "PATTERNS", ("plain", "stripes"))
    true = replace(typical("T-shirt"), length=640, width=500, colour="teal")
    begun = replace(true, length=690, width=530, waist=0.9, colour="sky", neckline="V")
    target = estimate._Target(picture(true, 32))
    found = estimate._improve(begun, target, rounds=5)
    assert found.error < 4 < estimate._errors([begun], target)[0] / 5
    assert (found.garment.colour, found.garment.neckline) == ("teal", "round")
    assert found.garment.length == pytest.approx(640, abs=15)
    assert found.garment.width == pytest.approx(500, abs=15)
    found.garment.check()


def test_the_blur_of_a_picture_is_found():
    one = replace(typical("Dress"), pattern="stripes")
    for blurs in (0, 2, 5):
        pixels = estimate._blurred(picture(one)[None], blurs)[0]
        assert estimate._Target(pixels).sharpened(one).blurs == blurs


def test_the_search_starts_from_garments_of_the_right_kind(monkeypatch):
    monkeypatch.setattr(estimate, "_REFERENCES", 100)
    estimate._references.cache_clear()
    try:
        for kind in NAMES:
            starts = estimate._starts(picture(replace(typical(kind), pattern="check")))
            kinds = [one.kind for one in starts]
            assert kind in kinds and len(set(kinds)) == 3, kinds
    finally:
        estimate._references.cache_clear()


def test_errors_are_by_factor_and_of_those_that_have_it():
    true = [
        replace(typical("T-shirt"), length=600, pattern="dots", scale=100),
        replace(typical("Skirt"), length=500, colour="red"),
        replace(typical("Dress"), length=900),
    ]
    found = [
        replace(true[0], length=610, scale=130, neckline="V"),
        replace(true[1], length=520, colour="rust", scale=180),
        replace(typical("Coat"), length=1100),
    ]
    errors = estimate.factor_errors(garments.table(true), found)
    assert errors["kind"] == pytest.approx(1 / 3)
    assert errors["length"] == 15 and errors["scale"] == 30
    assert errors["neckline"] == 1 and errors["colour"] == 0.5
    assert errors["width"] == 0 and errors["sleeve"] == 0
