"""What the READMEs say is true: models, numbers, commands, files."""

import re

import pytest
from live import ROOT

import vae
from vae.config import Config
from vae.evaluation import markdown_report

README = (ROOT / "README.md").read_text("utf-8")
CHECKPOINTS = (ROOT / "checkpoints/README.md").read_text("utf-8")
ENTRIES = vae.list_checkpoints(ROOT / "checkpoints")


def test_every_model_has_a_row():
    for name in vae.MODELS:
        assert re.search(rf"^\| `{name}` \|", README, re.M), name


def test_every_model_is_bundled_whole_and_small():
    assert {e.config.model.name for e in ENTRIES} == set(vae.MODELS)
    for entry in ENTRIES:
        assert entry.error is None
        assert (entry.path / "weights.safetensors").stat().st_size <= 8_000_000
        assert entry.metrics["evaluation"]["n"] == 10_000


def test_the_numbers_are_those_of_the_checkpoints():
    """What `python -m vae table` would write stands there already."""
    for text, expected in (
        (README, markdown_report.tables(ENTRIES)),
        (CHECKPOINTS, markdown_report.descriptions(ENTRIES)),
    ):
        assert f"{markdown_report.BEGIN}\n\n{expected}\n\n{markdown_report.END}" in text


def test_put_replaces_what_is_between_the_marks_and_nothing_else(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(f"above\n{markdown_report.BEGIN}\nold\n{markdown_report.END}\nbelow\n")
    markdown_report.put(file, "new")
    assert (
        file.read_text()
        == f"above\n{markdown_report.BEGIN}\n\nnew\n\n{markdown_report.END}\nbelow\n"
    )
    file.write_text("no marks")
    with pytest.raises(vae.CheckpointError, match="no marks"):
        markdown_report.put(file, "new")
    assert file.read_text() == "no marks" and list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_the_command_gives_the_config(entry):
    """The command in the README describes the very model that lies beside it."""
    from vae.commands.train import config_of, train

    arguments = entry.metrics["command"].split()[4:]
    with train.make_context("train", arguments) as context:
        dataset = vae.load_dataset("fashion-mnist-starter")
        config = config_of(context.params, dataset)
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
