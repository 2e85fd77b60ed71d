"""The JavaScript modules that need no browser: their unit tests in Node."""

import pytest
from js.node_runner import HERE, run


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda path: path.stem)
def test_unit_tests_pass(file):
    result = run("--test", "--test-reporter=spec", file)
    assert result.returncode == 0, result.stdout + result.stderr
