"""The repository as a package: what it requires, and a wheel that works without the repository."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from live import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def requirements(path: Path) -> dict[str, str]:
    """The requirements of a file by the names of their packages."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return {line.partition(">")[0]: line for line in lines if ">" in line}


def test_it_requires_what_the_app_requires():
    known = requirements(ROOT / "requirements.txt") | requirements(ROOT / "tests/requirements.txt")
    for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["onnx"]):
        assert known[line.partition(">")[0]] == line


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which a wheel was installed that was built of a copy of the repository."""
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "vae", source / "vae", ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--no-deps", "--no-build-isolation", "--no-compile", "--quiet", "--target", site]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, *options, source], check=True)
    return site


def test_the_wheel_holds_the_command_and_the_data(installed, tmp_path):
    code = (
        "import vae; from vae.evaluation import classifier; from vae.pictures import upscale;"
        "print(vae.__file__, len(vae.load_dataset('fashion-mnist-starter').test.labels),"
        "classifier.load_bundled().training)"
    )
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(installed / "vae/__init__.py"), "10000", "False"], (
        done.stderr
    )
    for file in ("pictures/super_resolution_colour.safetensors", "augmentation/augmentation.json"):
        assert (installed / "vae" / file).is_file()
    assert "from vae.__main__ import run" in (installed / "bin" / "vae").read_text()
