"""The settings of the server: the size of an upload, and who can reach it."""

import ast
import tomllib
from pathlib import Path

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
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "st.file_uploader":
                sizes = [ast.unparse(k.value) for k in node.keywords if k.arg == "max_upload_size"]
                assert sizes in (["MAX_BYTES // 2 ** 20"], ["most"]), path
                offered += sizes
    assert len(offered) == 6
    for module in (store, uploads, attribute_directions, paths):
        assert module.MAX_BYTES % 2**20 == 0  # Streamlit counts in whole MB of 2**20 bytes
