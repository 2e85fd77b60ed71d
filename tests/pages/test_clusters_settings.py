"""The Clusters page without a browser: links, commands of the map, names of clusters."""

from dataclasses import replace

import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

from pages.ui.clusters.settings import (
    ClusterSettings,
    clean_name,
    command_from_map,
    settings_from_query,
)


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=120)
    app.run()
    return app.switch_page("clusters.py")


def test_settings_survive_a_link_and_invalid_keys_are_named():
    full = ClusterSettings(
        "hdbscan", 60, 5, 3, "classes", ((0, 'Boots: high; "black"'), (7, "靴")), "train"
    )
    query = full.to_query("fashion-vae", "abcdef0123456789")
    assert query["c"] == "4" and query["d"] == "abcdef012345"
    assert settings_from_query(query) == (full, [])
    column = ClusterSettings(colour="column:größe, cm")
    assert settings_from_query(column.to_query("x", "y")) == (column, [])
    assert settings_from_query({"colour": "column:" + "x" * 201})[1] == ["colour"]
    assert settings_from_query({"m": "x"}) == (ClusterSettings(), [])
    assert ClusterSettings().to_query("x", "y") == {"m": "x", "d": "y"}
    assert settings_from_query({"by": "hdbscan"})[0].number == 100
    bad = {"by": "spectral", "k": "1000", "seed": "-1", "c": "0", "colour": "red"}
    for names in ("[]", "{", '{"a": "b"}', '{"1": 2}', '{"0": "b"}'):
        found, broken = settings_from_query(bad | {"names": names})
        assert found == ClusterSettings()
        assert sorted(broken) == ["by", "c", "colour", "k", "names", "seed"]


def test_names_are_set_removed_and_shortened():
    named = ClusterSettings().named(2, "  Ankle \n boots\x07 ").named(0, "x" * 99)
    assert named.name(2) == "Ankle boots" and len(named.name(0)) == 40
    assert named.named(2, " ").name(2) == "Cluster 3"
    assert clean_name("a\u202eb") == "a b"  # no change of text direction


def test_commands_of_the_map_are_checked():
    good = {"turn": 5, "do": "rename", "cluster": 2, "name": "Boots"}
    assert command_from_map(good).name == "Boots"
    for wrong in (
        {"do": "delete"}, {"cluster": -1}, {"cluster": True}, {"cluster": "1"},
        {"turn": None}, {"name": 3}, {"do": "colour", "name": "red"},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            command_from_map(good | wrong)


def shown(app: AppTest) -> list[str]:
    return [c.value for c in app.caption]


def test_the_page_clusters_by_each_method(app):
    app.run()
    assert not app.exception and not app.error and not app.warning
    assert app.get("bidi_component")
    assert any("10 clusters of 10,000 test images" in text for text in shown(app))
    app.number_input[0].set_value(7).run()
    assert any("7 clusters of" in words for words in shown(app))
    app.selectbox[1].set_value("mixture-diagonal").run()
    assert any("10 clusters of" in words and "along the axes" in words for words in shown(app))
    app.selectbox[1].set_value("hdbscan").run()
    assert not app.exception and any("HDBSCAN" in words for words in shown(app))
    assert app.number_input[1].disabled  # it is deterministic


def test_a_name_belongs_to_its_clusters_and_is_restored_with_them(app):
    app.run()
    ask = {"turn": 1, "do": "rename", "cluster": 8, "name": "Shoes"}
    app.session_state["clusters"] = {"ask": ask}
    app.run()
    assert app.query_params["names"] == '{"9":"Shoes"}' and app.query_params["c"] == "9"
    app.number_input[0].set_value(6).run()
    assert "names" not in app.query_params and "c" not in app.query_params
    assert not app.warning  # the command was carried out before
    app.number_input[0].set_value(10).run()
    assert app.query_params["names"] == '{"9":"Shoes"}'
    app.session_state["clusters"] = {"ask": ask | {"turn": 2, "cluster": 99}}
    app.run()
    assert not app.exception and "Cluster 100 does not exist; there are 10" in app.warning[0].value


def test_invalid_keys_of_a_link_are_reported_and_the_rest_is_used(app):
    app.query_params["k"] = "900"
    app.query_params["by"] = "mixture"
    app.query_params["names"] = "{"
    app.run()
    assert not app.exception and "k, names" in app.warning[0].value
    assert app.selectbox[1].value == "mixture" and app.number_input[0].value == 10


def test_the_key_holds_what_determines_the_clusters():
    settings = ClusterSettings(seed=3)
    assert replace(settings, number=4, show="test").key == ("k-means", 4, 3, "test")
