"""The limits of a server: read from the environment, documented, refused in one sentence."""

import re
import runpy
from pathlib import Path

import pytest
from click.testing import CliRunner

import vae
from vae import commands, limits
from vae.limits import Limits
from vae.validation import ConfigError

ROOT = Path(vae.__file__).parents[1]


@pytest.fixture(autouse=True)
def _read_again():
    limits.current.cache_clear()
    yield
    limits.current.cache_clear()


def test_each_limit_is_an_environment_variable(monkeypatch):
    monkeypatch.setenv("VAE_RUNS_AT_ONCE", "3")
    monkeypatch.setenv("VAE_MAX_EPOCHS", "")
    monkeypatch.setenv("LATENT_ATELIER_MODE", "public")
    assert limits.current() == Limits(runs_at_once=3, mode="public")
    assert limits.current().public


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("VAE_RUNS_AT_ONCE", "0"),
        ("VAE_UPLOAD_MB", "-5"),
        ("VAE_MAX_LATENT", "1"),
        ("VAE_MAX_IMAGE_SIZE", "8"),
        ("VAE_JOBS_AT_ONCE", "many"),
        ("VAE_MAX_EPOCHS", "9" * 5000),
        ("LATENT_ATELIER_MODE", "pubic"),
    ],
)
def test_a_wrong_value_is_one_sentence(variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=f"^{variable} is .*; expected"):
        limits.current()


def test_the_command_line_and_the_server_end_with_2_for_a_wrong_value(monkeypatch, capsys):
    monkeypatch.setenv("VAE_UPLOAD_MB", "2.5")
    said = "Error: VAE_UPLOAD_MB is '2.5'; expected a whole number from 1 to 1,000,000\n"
    done = CliRunner().invoke(commands.main, ["list"])
    assert (done.exit_code, done.stderr) == (2, said)
    with pytest.raises(SystemExit, match="2"):
        runpy.run_path(str(ROOT / "app.py"))
    assert capsys.readouterr().err == said


def test_the_readme_lists_every_limit_with_its_default():
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = {}
    for names, values in re.findall(r"^\| (`[`\w, ]+`) \|.*\| ([\d, MB]+) \|$", readme, re.M):
        values = values.replace(" MB", "").split(", ")
        rows |= dict(zip(re.findall(r"\w+", names), values, strict=True))
    defaults = {f"VAE_{n.upper()}": f"{v:,}" for n, v in Limits()._asdict().items() if n != "mode"}
    assert {name: rows.get(name) for name in defaults} == defaults
    assert "`LATENT_ATELIER_MODE`" in readme
