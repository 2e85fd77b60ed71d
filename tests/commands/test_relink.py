"""`relink`: a model whose pictures were moved is pointed to them, and to no others."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import vae
from vae.__main__ import main
from vae.checkpoint.artifacts import data_path, save_data_path
from vae.files import owners

SMALL = ("--encoder-widths", "8", "--decoder-widths", "8", "--fourier", "4", "--epochs", "1")


def command(*arguments, code=0):
    done = CliRunner().invoke(main, [str(part) for part in arguments])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def model(tmp_path):
    """A model of 24 pictures, which were moved."""
    rng = np.random.default_rng(0)
    for k in range(24):
        target = tmp_path / "before" / f"class {k % 2}" / f"{k}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 9, 3)).astype(np.uint8)).save(target)
    train = ("train", "--data", tmp_path / "before", "--size", "10x8", "--fit", "pad", *SMALL)
    more = ("--no-record", "--no-evaluate", "--device", "cpu", "--out", tmp_path / "own")
    command(*train, *more)
    (tmp_path / "before").rename(tmp_path / "after")
    return tmp_path / "own"


def test_the_same_pictures_elsewhere_are_used_from_then_on(model, tmp_path):
    digest = vae.load(model).digest
    some = next((tmp_path / "after").rglob("*.png"))
    assert "using the images kept in" in command("lookup", model, some, "--device", "cpu")
    said = command("relink", model, tmp_path / "after")
    assert f"{tmp_path / 'after'} holds the 24 images of own" in said
    loaded = vae.load(model)
    assert loaded.digest == digest and data_path(loaded) == str(tmp_path / "after")
    assert "kept in" not in command("lookup", model, some, "--device", "cpu")
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "after")
    command("relink", model, tmp_path / "packed.zip", "--stream")
    assert data_path(vae.load(model)).endswith("packed.zip")
    (model / "data.json").write_text(json.dumps({"checkpoint": "of before", "path": "/x"}))
    assert data_path(vae.load(model)) == str(tmp_path / "before")  # the weights are others


def test_other_pictures_are_refused_with_what_differs(model, tmp_path):
    (tmp_path / "after" / "class 0" / "0.png").unlink()
    said = command("relink", model, tmp_path / "after", code=2)
    assert said.count("\n") == 1 and "after is not the data of own: it has " in said
    assert "expected 22 images to train on and 2 to test on; give the pictures" in said
    assert "neither a name nor a path" in command("relink", model, tmp_path / "gone", code=2)
    assert not (model / "data.json").exists()


def test_a_model_of_named_data_and_one_of_somebody_else_are_refused(model, tmp_path):
    config = json.loads((model / "config.json").read_text())
    owners.record(model, owners.visitor_of("a" * 22))
    with pytest.raises(owners.OwnerError, match="own belongs to someone else"):
        save_data_path(model, "/x", owners.visitor_of("b" * 22, local=True))
    assert config["train"]["data"] == str(tmp_path / "before")
    bundled = vae.__path__[0] + "/../checkpoints/fashion-vae"
    said = command("relink", bundled, tmp_path / "after", code=2)
    assert "fashion-vae was trained on fashion-mnist" in said and said.count("\n") == 1
