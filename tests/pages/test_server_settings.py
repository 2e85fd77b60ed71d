"""The settings of the server: the size of an upload, and who can reach it."""

import ast
import tomllib
from pathlib import Path

import vae
from vae.data.uploads import MAX_BYTES

ROOT = Path(vae.__file__).resolve().parents[1]


def test_the_server_listens_on_this_machine_alone():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert config["server"]["address"] == "127.0.0.1"


def test_no_page_names_a_size_of_its_own_but_a_smaller_one_that_it_enforces():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    server, named = config["server"]["maxUploadSize"], {}
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and "max_upload_size" in {k.arg for k in node.keywords}:
                value = next(k.value for k in node.keywords if k.arg == "max_upload_size")
                named[path.name] = ast.unparse(value)
    limits = {"image_input.py": MAX_BYTES // 10**6}
    assert named == {"image_input.py": "MAX_BYTES // 10 ** 6"}
    assert max(limits.values()) <= server == 50
