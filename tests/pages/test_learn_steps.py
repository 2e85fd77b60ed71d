"""The Learn page's words: complete, with code that is really there and plans that add up."""

import ast
import re

import pytest
from live import ROOT

from pages.ui.learn.steps import PLANS, SLUGS, STEPS, source


@pytest.mark.parametrize("step", STEPS, ids=SLUGS)
def test_a_step_has_all_its_parts(step):
    assert 3 <= len(step.words.split()) <= 70 and step.formula
    assert 2 <= len(step.answers) <= 4 and 0 <= step.right < len(step.answers)
    figures = (ROOT / "pages/ui/learn/figures.js").read_text()
    assert re.search(rf"\b{step.slug}: \w+", figures)
    for where in step.code:
        lines = source(where)
        name = where.split(":")[1].split(".")[-1]
        assert f"def {name}" in lines and 4 <= len(lines.splitlines()) <= 40
        ast.parse(lines)
    assert all((ROOT / "checkpoints" / name).is_dir() for name in step.models)


def test_the_steps_have_links_of_their_own_and_the_plans_their_minutes():
    assert len(set(SLUGS)) == len(SLUGS) >= 10
    for name, plan in PLANS.items():
        assert sum(minutes for _, minutes, _ in plan) == int(name.split()[0])
        assert {slug for slug, _, _ in plan} <= set(SLUGS)
