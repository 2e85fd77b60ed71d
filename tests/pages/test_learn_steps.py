"""The Learn page's words: complete, with code that is really there and plans that add up."""

import ast
import json
import re

import numpy as np
import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.compare.lessons.depth import shape_words
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
        assert f"def {name}" in lines and 2 <= len(lines.splitlines()) <= 40
        ast.parse(lines)
    assert all((ROOT / "checkpoints" / name).is_dir() for name in step.models)


def test_the_steps_have_links_of_their_own_and_the_plans_their_minutes():
    assert len(set(SLUGS)) == len(SLUGS) >= 10
    for name, plan in PLANS.items():
        assert sum(minutes for _, minutes, _ in plan) == int(name.split()[0])
        assert {slug for slug, _, _ in plan} <= set(SLUGS)
        assert len({words for _, _, words in plan}) == len(plan)
        assert any("eserve" in words for _, _, words in plan)
        slugs = [slug for slug, _, _ in plan]
        assert {"decoder", "kl"} < set(slugs[: slugs.index("loss")])  # the loss is made of both


def test_the_formula_of_the_autoencoder_is_its_loss():
    step = STEPS[SLUGS.index("holes")]
    assert f"+ {vae.models.ae.CODE_PENALTY:g}\\, \\lVert z \\rVert^2" in step.formula
    assert any("CODE_PENALTY" in source(name) for name in step.code)
    config = json.loads((ROOT / "checkpoints/fashion-ae/config.json").read_text())
    assert config["model"]["likelihood"] == "bernoulli" and r"-\log p_\theta" in step.formula


def test_the_answer_about_beta_is_what_was_measured():
    found = {}
    for path in (ROOT / "checkpoints").glob("fashion-beta-[0-9]*/metrics.json"):
        found[float(path.parent.name[13:])] = json.loads(path.read_text())["evaluation"]
    betas = sorted(found)
    best = min(betas, key=lambda beta: found[beta]["frechet"])
    assert betas[0] < best < betas[-1]  # "one in between"
    errors = [found[beta]["mse"] for beta in betas]
    assert max(errors[:3]) < 1.01 * min(errors[:3]) < errors[-1] / 1.1


def test_the_clouds_of_the_adversary_are_tilted_ellipses():
    data = vae.load_dataset("fashion-mnist-starter").test
    model = vae.load(ROOT / "checkpoints/fashion-avb").model
    tilts, shapes = [], []
    for item in range(0, 400, 10):
        label = int(data.labels[item])
        words = shape_words(vae.latent.posterior_samples(model, data.images[item], label, 500))
        tilt, *shape = (float(number) for number in re.findall(r"-?\d+\.\d+", words))
        tilts.append(abs(tilt))
        shapes.append(np.abs(shape).max())
    assert np.median(tilts) > 0.12 and max(tilts) > 0.4
    assert np.median(shapes) < 0.4


def test_teachers_get_a_key_with_the_answer_to_every_question():
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60).run()
    app.query_params["step"] = "teacher"
    app.switch_page("learn.py").run()
    assert not app.exception
    key = next(part.value for part in app.markdown if "| Question |" in part.value)
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in key.splitlines()[2:]]
    assert [row[1] for row in rows] == [step.question for step in STEPS]
    for row, step in zip(rows, STEPS, strict=True):
        assert row[2] == f"**{step.answers[step.right]}.** {step.why}"
