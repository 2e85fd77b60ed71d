"""Requests in the address bar of Generate, and the commands of its grid."""

from dataclasses import replace

import pytest

from pages.ui.generate.settings import request_from_query, request_to_query
from pages.ui.generate.sheet import command_from_grid
from pages.ui.runtime.location import Space
from vae.latent.sampling import SamplingRequest

SPACE = Space(2)


def test_a_request_comes_back_from_its_link():
    request = SamplingRequest("around", 100, 9, 0.35, 4, (0.5, -1.25), 0.4, 0.15)
    query = request_to_query(request, "fashion-vae", "a" * 64)
    found, broken = request_from_query(query, SamplingRequest(), SPACE, 10)
    assert found == request and broken == []
    lasso = SamplingRequest("region", polygon=((0.0, 0.0), (1.5, -0.25), (0.125, 2.0)))
    query = request_to_query(lasso, "fashion-vae", "a" * 64)
    assert query["in"] == "0,0;1.5,-0.25;0.125,2"
    assert request_from_query(query, SamplingRequest(), SPACE, 10) == (lasso, [])
    assert request_to_query(SamplingRequest(), "m", "d" * 12) == {"m": "m", "d": "d" * 12}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[
            ("src", "dream"),
            ("src", "region"),
            ("in", "0,0;1,1"),
            ("in", "0,0;1,1;x,2"),
            ("n", "401"),
            ("n", "0"),
            ("seed", "-1"),
        ],
        *[("seed", "1.5"), ("t", "nan"), ("t", "4"), ("c", "10"), ("z", "1"), ("z", "1,inf")],
        *[("sp", "x"), ("min", "-1")],
    ],
)
def test_an_unreadable_parameter_is_named_and_left_out(key, value):
    found, broken = request_from_query(
        {key: value, "n": value if key == "n" else "16"}, SamplingRequest(), SPACE, 10
    )
    assert broken == [key] and found == replace(SamplingRequest(), n=64 if key == "n" else 16)


@pytest.mark.parametrize(
    "value",
    [
        {"do": "explode", "picks": [0]},
        {"do": "variations", "picks": []},
        {"do": "mix", "picks": [1]},
        {"do": "mix", "picks": [0, 3]},
        {"do": "mix", "picks": [0, -1]},
        {"do": "mix", "picks": "01"},
        {"do": "variations", "picks": [0], "spread": float("nan")},
        {"do": "variations", "picks": [True]},
        {"do": "move", "picks": [0], "z": [1]},
        {"do": "undo", "turn": "x"},
        {"do": "region"},
        {"do": "region", "polygon": [[0, 0], [1, 1]]},
        {"do": "region", "polygon": [[0, 0], [1, 1], [float("inf"), 0]]},
    ],
)
def test_an_invalid_command_is_refused(value):
    with pytest.raises(ValueError):
        command_from_grid({"turn": 1, **value}, 3, SPACE)
