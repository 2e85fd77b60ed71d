"""The picture files behind a model on the pages: as a .zip from clusters and a lasso."""

import io
import zipfile

import pytest
import torch
from live import ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.runtime import cache
from vae import Config, ModelConfig, TrainConfig
from vae.checkpoint.folder import save
from vae.models import build

KINDS = {"cats": (200, 40, 40), "dogs": (40, 60, 220)}
SQUARE = "-9,-9;9,-9;9,9;-9,9"


def pictures(folder, count=12):
    """Two classes of colours."""
    for kind, ink in KINDS.items():
        (folder / kind).mkdir(parents=True)
        for k in range(count):
            colour = tuple(min(255, part + 5 * k) for part in ink)
            Image.new("RGB", (10, 10), colour).save(folder / kind / f"{k}.png")
    return folder


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The folder of an untrained model of pictures that somebody brought."""
    data = vae.load_dataset(pictures(tmp_path / "brought"), size=8)
    shape = data.train.images.shape[1:]
    widths = {"encoder_widths": (8,), "decoder_widths": (8,), "fourier": 4}
    config = Config(
        ModelConfig(image_shape=shape, **widths),
        TrainConfig(data=str(tmp_path / "brought")),
        data.preparation,
    )
    torch.manual_seed(0)
    facts = {"data": {"name": data.name, "digest": data.digest}}
    save(tmp_path / "checkpoints" / "own", build(config.model), config, facts)
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(cache, "DEFAULT_MODEL", "own")
    return tmp_path / "checkpoints" / "own"


def opened(page, **query):
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    app.query_params.update(query)
    app.switch_page(page).run()
    assert not app.exception
    return app


def files(app):
    """The names in the .zip that the panel creates."""
    app.button(key="export-make").click().run()
    _, job = app.session_state["export_job"]
    job.wait(20)
    assert not app.exception and job.error is None
    with zipfile.ZipFile(io.BytesIO(job.result)) as archive:
        return job.file, archive.namelist()


def test_a_cluster_gives_its_originals_and_all_clusters_a_folder_each(model):
    app = opened("clusters.py", k="2", names='{"1":"the first/lot","2":"the first/lot"}')
    [of] = [box for box in app.selectbox if box.label == "Of"]
    assert of.options == ["all clusters", "the first/lot (1)", "the first/lot (2)"]
    name, one = files(app)
    assert name == "own-cluster-1-originals.zip"
    assert {path.split("/")[0] for path in one} == {"the first_lot (1)"}
    app.segmented_control(key="clusters-folders").set_value("class").run()
    _, by_class = files(app)
    assert {path.split("/")[0] for path in by_class} <= {"cats", "dogs"}
    assert len(by_class) == len(one)
    [of] = [box for box in app.selectbox if box.label == "Of"]
    of.set_value(-1).run()
    name, every = files(app)
    assert name == "own-clusters-originals.zip" and len(every) == 24
    assert {path.split("/")[0] for path in every} == {"the first_lot (1)", "the first_lot (2)"}


def test_a_lasso_gives_its_originals_a_folder_per_class(model):
    name, inside = files(opened("explore.py", **{"in": SQUARE}))
    assert name == "own-inside-originals.zip" and len(inside) == 24
    assert {path.split("/")[0] for path in inside} == set(KINDS)
