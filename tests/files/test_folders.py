"""Folders of the user: environment variables first, then folders of earlier versions."""

from pathlib import Path

import platformdirs
import pytest

from vae.files import folders

VARIABLES = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "VAE_RUNS_DIR", "VAE_BOARDS_DIR", "VAE_DATA_DIR")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("user_data_path", "user_cache_path"):
        monkeypatch.setattr(
            platformdirs, name, lambda app, appauthor, name=name: tmp_path / name / app
        )
    return tmp_path


def test_a_new_user_gets_the_folders_of_the_system(home):
    assert folders.runs() == home / "user_data_path/latent-atelier/runs"
    assert folders.boards() == home / "user_data_path/latent-atelier/boards"
    assert folders.packed_datasets() == home / "user_cache_path/latent-atelier/streams"
    assert folders.datasets() == home / "user_cache_path/latent-atelier"


def test_folders_of_an_earlier_version_are_used_if_they_exist(home):
    (home / ".local/share/latent-atelier").mkdir(parents=True)
    (home / ".cache/latent-atelier").mkdir(parents=True)
    assert folders.runs() == home / ".local/share/latent-atelier/runs"
    assert folders.boards() == home / ".local/share/latent-atelier/boards"
    assert folders.packed_datasets() == home / ".cache/latent-atelier/streams"
    assert folders.datasets() == home / ".cache/latent-atelier"


def test_environment_variables_win(home, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "d"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "c"))
    assert folders.runs() == home / "d/latent-atelier/runs"
    assert folders.packed_datasets() == home / "c/latent-atelier/streams"
    for name in ("RUNS", "BOARDS", "DATA"):
        monkeypatch.setenv(f"VAE_{name}_DIR", str(home / name))
    assert (folders.runs(), folders.boards(), folders.datasets()) == (
        *(home / name for name in ("RUNS", "BOARDS", "DATA")),
    )
