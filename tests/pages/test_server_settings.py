"""The settings of the server: the size of an upload, and who can reach it."""

import ast
import importlib.util
import logging
import tomllib
from pathlib import Path

import numpy as np
import pytest

import vae
from vae.boards import store
from vae.data import uploads
from vae.latent import attribute_directions, paths
from vae.limits import Limits

ROOT = Path(vae.__file__).resolve().parents[1]


def test_the_server_listens_on_this_machine_alone():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert config["server"]["address"] == "127.0.0.1"


def test_every_page_offers_the_size_that_the_server_takes():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert Limits().upload_mb == config["server"]["maxUploadSize"]
    offered = []
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".file_uploader"):
                sizes = [ast.unparse(k.value) for k in node.keywords if k.arg == "max_upload_size"]
                assert sizes in (["MAX_BYTES // 2 ** 20"], ["MAX_BYTES >> 20"], ["most"]), path
                offered += sizes
    assert len(offered) == 10
    for module in (store, uploads, attribute_directions, paths):
        assert module.MAX_BYTES % 2**20 == 0  # Streamlit counts in whole MB of 2**20 bytes


@pytest.fixture(scope="module")
def app():
    spec = importlib.util.spec_from_file_location("started_app", ROOT / "app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_line_says_where_the_app_is_and_where_data_goes(app, capsys, monkeypatch, tmp_path):
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert config["logger"]["hideWelcomeMessage"]
    monkeypatch.setenv("VAE_BOARDS_DIR", str(tmp_path / "boards"))
    options = {"server.address": "127.0.0.1", "server.port": 8501, "server.baseUrlPath": "maps"}
    monkeypatch.setattr(app.st, "get_option", options.get)
    monkeypatch.setattr(app.sys, "argv", ["app.py"])
    app._announce()
    options["server.address"] = "0.0.0.0"
    app._announce()
    first, second = capsys.readouterr().out.splitlines()
    assert "http://127.0.0.1:8501/maps for this machine alone" in first
    assert f"boards in {tmp_path / 'boards'}" in first
    assert "everyone who reaches this machine" in second


def test_work_outside_a_session_gives_no_warning(app):
    logger = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    assert not logger.filter(
        logger.makeRecord(
            logger.name, 30, "", 0, "Thread '%s': missing ScriptRunContext!", ("warm-up",), None
        )
    )


def test_a_class_has_one_family_of_hues_in_light_and_dark():
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
    light, dark = (_oklab(theme[mode]["chartCategoricalColors"]) for mode in ("light", "dark"))
    hue = [np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) for lab in (light, dark)]
    assert np.abs((hue[0] - hue[1] + 180) % 360 - 180).max() < 40
    for lab in (light, dark):
        apart = np.linalg.norm(lab[:, None] - lab, axis=-1)[~np.eye(10, dtype=bool)]
        assert apart.min() > 0.14


def _oklab(colours: list[str]) -> np.ndarray:
    rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lms = linear @ np.array(
        [[0.4122, 0.2119, 0.0883], [0.5363, 0.6807, 0.2817], [0.0514, 0.1074, 0.63]]
    )
    return np.cbrt(lms) @ np.array(
        [[0.2105, 1.978, 0.0259], [0.7936, -2.4286, 0.7828], [-0.0041, 0.4506, -0.8087]]
    )
