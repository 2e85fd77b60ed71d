"""The JavaScript modules: unit tests in Node, and the types of the modules that pages share."""

import shutil
import subprocess

import pytest
from js.node_runner import HERE, run


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_unit_tests_pass(file):
    result = run("--test", "--test-reporter=spec", file)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(shutil.which("tsc") is None, reason="no tsc; install it: npm i -g typescript")
def test_the_shared_modules_have_no_type_errors():
    command = [shutil.which("tsc"), "-p", HERE / "tsconfig.json"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
