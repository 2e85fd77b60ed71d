"""What the READMEs say is true: models, numbers, commands, files."""

import re

import pytest
from live import ROOT

import vae
from vae.config import Config

README = (ROOT / "README.md").read_text("utf-8")
CHECKPOINTS = (ROOT / "checkpoints/README.md").read_text("utf-8")
ENTRIES = vae.list_checkpoints(ROOT / "checkpoints")


def test_every_model_has_a_row():
    for name in vae.MODELS:
        assert re.search(rf"^\| `{name}` \|", README, re.M), name


def test_all_four_models_are_bundled_and_whole():
    assert {e.name for e in ENTRIES} >= {
        "fashion-vae",
        "fashion-beta-vae",
        "fashion-ae",
        "fashion-vae-conv",
    }
    for entry in ENTRIES:
        assert entry.error is None
        assert (entry.path / "weights.safetensors").stat().st_size <= 8_000_000


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_the_numbers_are_those_of_the_checkpoint(entry):
    numbers = entry.metrics["evaluation"]
    row = next(line for line in README.splitlines() if line.startswith(f"| `{entry.name}` |"))
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    expected = [
        f"{numbers['neg_elbo']:.2f}",
        f"{numbers['reconstruction']:.2f}",
        f"{numbers['kl']:.2f}",
        f"{numbers['mse']:.4f}",
        f"{numbers['knn1']:.3f}",
        f"{numbers['knn5']:.3f}",
        f"{numbers['trustworthiness']:.4f}",
    ]
    if not numbers["kl"]:
        expected[0] = "no ELBO"
    assert cells[: len(expected)] == expected
    assert entry.metrics["command"] in CHECKPOINTS
    assert entry.digest[:12] in CHECKPOINTS


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_the_command_gives_the_config(entry):
    """The command in the README describes the very model that lies beside it."""
    from vae.__main__ import _config, train

    arguments = entry.metrics["command"].split()[4:]
    with train.make_context("train", arguments) as context:
        dataset = vae.load_dataset("fashion-mnist-starter")
        config = _config(context.params, dataset)
    assert config.model == entry.config.model
    theirs = Config.to_json(entry.config)["train"] | {"data": ""}
    assert config.to_json()["train"] | {"data": ""} == theirs


def test_files_named_in_the_tree_exist():
    tree = README.split("## The tree")[1].split("```")[1]
    for name in re.findall(r"\b[\w/]+\.(?:py|js|txt|md)\b", tree):
        assert any(ROOT.rglob(name.split("/")[-1])), name


def test_pictures_exist():
    for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README):
        assert (ROOT / path).stat().st_size > 10_000, path
