"""The address bar of Generate, and the commands of its grid."""

import os
from dataclasses import replace

import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

from pages.ui.generate.settings import (
    derived_to_query,
    request_from_query,
    request_to_query,
    sheet_from_query,
)
from pages.ui.generate.sheet import Derived, GridCommand, View, command_from_grid
from pages.ui.runtime import packed
from pages.ui.runtime.location import Space, link
from pages.ui.runtime.query import InvalidValueError
from vae import limits
from vae.latent.attribute_directions import AttributeDirection
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


DERIVED = Derived(
    (
        GridCommand("variations", selected=(5,), spread=0.3),  # of an older link
        GridCommand("variations", selected=(0,), distance=0.2, lock=False, unlike=(4, 5)),
        GridCommand("mix", selected=(2, 7, 1), weights=(0.5, 0.25, 1.0)),
        GridCommand("move", selected=(0,), z=(0.1234567, -1.5), description="+0.5 heel"),
    ),
    a=((0.5, 1.0),),
    b=((0.0, 0.0), (1.0, 2.0)),
    directions=(AttributeDirection("heel", (0.25, -0.5), 0.75, "fashion-vae", "a" * 64),),
)
VIEW = View(
    *((3, 0), (0.5, 0.1), (0.5,), "novel", ("sparse",)),
    *(0.4, 0.25, False, ((0.0, 0.0), (1, 0), (0, 1))),
)


def test_what_was_derived_and_selected_comes_back_from_the_link():
    query = derived_to_query(DERIVED, VIEW)
    assert sheet_from_query(query, SPACE) == ((DERIVED, VIEW), [])
    assert len(link(query)) < 600
    assert derived_to_query(Derived(), View()) == {}
    assert sheet_from_query(query, Space(3)) == ((Derived(), VIEW), ["s"])


@pytest.mark.parametrize(
    "text",
    [
        *["", "1", "2", "1!", "k", "k" + "0" * 24, "k../../etc/passwd", "1" + "A" * 9, "٣"],
        packed.pack(DERIVED)[:-4],
        packed.pack(VIEW),
        packed.pack(Derived((GridCommand("save", selected=(1,)),))),
        packed.pack(Derived((GridCommand("mix"),))),
        packed.pack(Derived((GridCommand("move", selected=(0,), z=(1.0,)),))),
        packed.pack(Derived(a=((1e9, 0.0),))),
        packed.pack(Derived(a=((0.0, 0.0),) * 20_000)),
        packed.pack(Derived((GridCommand("variations", selected=(0,)),) * 20_000)),
    ],
)
def test_a_damaged_sheet_in_a_link_is_named(text, tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_LINKS_DIR", str(tmp_path))
    found, unreadable = sheet_from_query({"s": text}, SPACE)
    assert unreadable == ["s"] and found == (Derived(), View())


def test_a_link_that_is_too_long_has_a_stored_key(tmp_path, monkeypatch):
    monkeypatch.setenv("VAE_LINKS_DIR", str(tmp_path))
    monkeypatch.setattr(packed, "_MAX_FILES", 2)
    codes = tuple((i / 997, i / 991) for i in range(400))
    keys = []
    for size in (400, 399, 398):
        query = derived_to_query(Derived(a=codes[:size]), VIEW)
        short = packed.shortened(query, "s", "sel")
        assert (
            len(link(query)) > packed.MAX_ADDRESS > len(link(short))
            and short["sel"] == query["sel"]
        )
        assert sheet_from_query(short, SPACE)[0][0].a == codes[:size]
        os.utime(tmp_path / short["s"], (size, -size + 2000))
        keys.append(short["s"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(keys[1:])
    (tmp_path / keys[2]).write_text(query["s"][:-1])
    with pytest.raises(InvalidValueError, match="damaged"):
        packed.unpack(keys[2], Derived)
    monkeypatch.setattr(packed.limits, "current", lambda: limits.Limits(mode="public"))
    with pytest.raises(packed.LinkError, match="too long"):
        packed.shortened(query | {"s": "1" * 3000}, "s")


def grid(app: AppTest, **messages: dict) -> AppTest:
    app.session_state["samples"] = messages
    app.run()
    assert not app.exception and not app.error and not app.warning
    return app


def sheet_of(app: AppTest):
    (stack,) = app.session_state["sheets"].values()
    return stack.done[-1]


def test_a_link_opens_the_same_sheet_selection_and_groups_in_a_second_browser():
    apps = [AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60) for _ in range(2)]
    first, second = apps
    first.switch_page("generate.py")
    first.query_params["n"] = "16"
    grid(first)
    commands = [
        {"do": "a", "selected": [3, 4]},
        {"do": "variations", "selected": [5], "spread": 0.3},
        {"do": "mix", "selected": [2, 7, 1], "weights": [0.5, 0.25, 1]},
        {"do": "move", "selected": [0], "z": [0.12345678, -1.5], "description": "+0.5 heel"},
        {"do": "variations", "selected": [1], "spread": 0.2},
    ]
    for turn, command in enumerate(commands, 1):
        grid(first, ask={"turn": turn, **command})
    (digest,) = first.session_state["sheets"]
    key = f"{digest[:12]}/{sheet_of(first).key}"
    view = {"turn": 9, "key": key, "selected": [4, 0, 2], "sort": "dense", "weights": [0.5, 1, 0]}
    grid(first, view=view)
    second.switch_page("generate.py")
    for name, value in first.query_params.items():
        second.query_params[name] = value
    grid(second)
    assert sheet_of(second) == sheet_of(first) and len(sheet_of(first).steps) == 4
    assert second.session_state["views"][digest][sheet_of(first).key] == VIEW_OF_FIRST
    assert second.session_state["groups"][digest] == first.session_state["groups"][digest]
    assert dict(second.query_params.items()) == dict(first.query_params.items())
    grid(second, ask={"turn": 20, "do": "undo"})
    grid(second, ask={"turn": 21, "do": "redo"})
    assert sheet_of(second) == sheet_of(first), "the view is that of before"
    assert second.session_state["views"][digest][sheet_of(first).key].selected == (4, 0, 2)


VIEW_OF_FIRST = View((4, 0, 2), (0.5, 1.0, 0.0), sort="dense")
