"""What the READMEs say is true: models, numbers, commands, files."""

import functools
import re

import pytest
from live import ROOT

import vae
from vae.config import Config
from vae.data.load import bundled_equivalent, load_named, sides_of
from vae.evaluation import markdown_report
from vae.preparation.choices import Choices

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
        assert (entry.path / "weights.safetensors").stat().st_size <= 13_000_000
        count = {"fashion-mnist": 10_000, "garments": 2000, "emoji": 191}
        assert entry.metrics["evaluation"]["n"] == count[entry.config.train.data]


def test_the_list_of_bundled_models_is_true():
    listed = (ROOT / "checkpoints/bundled.txt").read_text("utf-8").split()
    assert {entry.name for entry in ENTRIES} == set(listed)


def test_the_numbers_are_those_of_the_checkpoints():
    """`python -m vae table` would change nothing."""
    written = (
        f"{markdown_report.BEGIN}\n\n{markdown_report.report(ENTRIES)}\n\n{markdown_report.END}"
    )
    assert written in CHECKPOINTS


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


@functools.cache
def small(name):
    """A data set as a training sees it; of drawn images only some."""
    name = bundled_equivalent(name)
    return load_named(name, sides_of(name, None), Choices(), shown=40)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.name)
def test_the_command_gives_the_config(entry):
    """The command in the README describes the very model that lies beside it."""
    from vae.commands.train import config_from, train

    arguments = entry.metrics["command"].split()[4:]
    with train.make_context("train", arguments) as context:
        config = config_from(context.params, small(entry.config.train.data))
    assert config.model == entry.config.model
    theirs = Config.to_json(entry.config)["train"] | {"data": ""}
    assert config.to_json()["train"] | {"data": ""} == theirs


def tree():
    """The paths that the README's tree names, a folder with a trailing slash."""
    above = ""
    for line in README.split("## The tree")[1].split("```")[1].splitlines():
        names = re.match(r"( *)((?:[\w./-]+(?: (?=\w+/))?)+)(?:  |$)", line)
        if names and len(names[1]) <= 2:
            above = "" if not names[1] else above
            for name in names[2].split():
                parent = (
                    f"{above}ui/"
                    if above and not name.startswith("ui/") and "ui/" in line
                    else above
                )
                yield parent + name
            above = above if names[1] else names[2]


def test_the_tree_is_that_of_the_disk():
    named = set(tree())
    assert not {path for path in named if not (ROOT / path).exists()}
    rooms = {f"vae/{p.parent.name}/" for p in ROOT.glob("vae/*/__init__.py")}
    rooms |= {f"vae/{p.name}" for p in ROOT.glob("vae/*.py") if not p.name.startswith("_")}
    rooms |= {f"pages/ui/{p.name}/" for p in ROOT.glob("pages/ui/*") if any(p.glob("*.*"))}
    assert not rooms - named


def test_it_can_be_read_in_one_sitting():
    assert len(README.splitlines()) <= 200


def test_every_page_has_a_row():
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "pages").glob("*.py"))
    titles = re.findall(r'^(?:header = )?page_header\(\s+"(.+)",$', pages, re.M)
    assert len(titles) == 13
    assert not [title for title in titles if f"| {title} |" not in README]


def test_pictures_exist():
    for file in (ROOT / "README.md", ROOT / "tests/benchmarks/README.md"):
        for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", file.read_text("utf-8")):
            assert (file.parent / path).stat().st_size > 10_000, path
