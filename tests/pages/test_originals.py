"""The picture files behind a model on the pages: as a .zip from clusters and a lasso, and found
again where they were moved."""

import io
import shutil
import zipfile

import pytest
import torch
from live import ROOT
from PIL import Image
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.models import data_panel
from pages.ui.runtime import cache
from vae import Config, ModelConfig, TrainConfig
from vae.checkpoint.artifacts import data_path
from vae.checkpoint.folder import save
from vae.data import kept_images
from vae.files import owners
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
    [of] = [box for box in app.selectbox if box.label == "Pictures of"]
    assert of.options == ["all clusters", "the first/lot (1)", "the first/lot (2)"]
    name, one = files(app)
    assert name == "own-cluster-1-originals.zip"
    assert {path.split("/")[0] for path in one} == {"the first_lot (1)"}
    app.segmented_control(key="clusters-folders").set_value("class").run()
    _, by_class = files(app)
    assert {path.split("/")[0] for path in by_class} <= {"cats", "dogs"}
    assert len(by_class) == len(one)
    [of] = [box for box in app.selectbox if box.label == "Pictures of"]
    of.set_value(-1).run()
    name, every = files(app)
    assert name == "own-clusters-originals.zip" and len(every) == 24
    assert {path.split("/")[0] for path in every} == {"the first_lot (1)", "the first_lot (2)"}


def test_a_lasso_gives_its_originals_a_folder_per_class(model):
    name, inside = files(opened("explore.py", **{"in": SQUARE}))
    assert name == "own-inside-originals.zip" and len(inside) == 24
    assert {path.split("/")[0] for path in inside} == set(KINDS)


def point_to(app, path):
    app.text_input(key="relink-path-own").set_value(str(path))
    next(button for button in app.button if button.label == "Compare and use").click().run()
    if "relink" in app.session_state and (job := app.session_state["relink"][1]):
        job.wait(30)
        app.run()
    assert not app.exception
    return app


def words(app):
    return " ".join(e.value for kind in ("warning", "error", "success") for e in app.get(kind))


def test_moved_pictures_are_found_again_by_their_owner(model, tmp_path):
    after = tmp_path / "after"
    before = opened("explore.py")
    (tmp_path / "brought").rename(after)
    cache.dataset.clear()
    cache.map_assets.clear()
    app = opened("explore.py")
    assert "its images are not at" in app.error[0].value
    assert "page Models" in app.error[0].value
    app = opened("models.py")
    assert "The images of this model, “brought”, were not found: none are kept" in words(app)
    shutil.copytree(after, tmp_path / "wrong")
    Image.new("RGB", (10, 10), "lime").save(tmp_path / "wrong" / "cats" / "new.png")
    point_to(app, tmp_path / "wrong")
    assert "own was not changed: “wrong” is not the data of own" in words(app)
    point_to(app, tmp_path / "nothing")
    assert "neither a name nor a path" in words(app) and not (model / "data.json").exists()
    point_to(app, after)
    assert "The 24 images are the same" in words(app) and "not found" not in words(app)
    assert data_path(vae.load(model)) == str(after)
    app = opened("explore.py")
    assert not app.error and before.query_params["d"] == app.query_params["d"]
    digest = vae.load(model).digest
    assert cache.originals("own", digest).read("cats/3.png")


def test_a_model_shows_the_images_kept_with_it_and_says_so(model, tmp_path, monkeypatch):
    data = vae.load_dataset(tmp_path / "brought", size=8)
    monkeypatch.setattr(kept_images, "MAX_BYTES", 192 * 13)
    kept_images.save(model, data)
    (tmp_path / "brought").rename(tmp_path / "after")
    app = opened("explore.py")
    assert any("“brought” was not found" in c.value for c in app.caption)
    digest = vae.load(model).digest
    assert len(cache.codes("own", digest).mean) < 24
    point_to(opened("models.py"), tmp_path / "after")
    app = opened("explore.py")
    assert not any("was not found" in c.value for c in app.caption)
    assert len(cache.codes("own", digest).mean) == 24, "codes of the kept images"


def paths_asked(app):
    """The fields of the page in which a path can be typed; the form to add a model has others."""
    return [field for field in app.text_input if not field.key.startswith("adopt")]


def test_others_are_told_and_offered_nothing(model, tmp_path):
    (tmp_path / "brought").rename(tmp_path / "after")
    owners.record(model, owners.visitor_of("somebody else"))
    app = opened("models.py")
    assert "were not found" in words(app) and not paths_asked(app)
    assert any("Whoever trained it" in c.value for c in app.caption)


def test_visitors_from_elsewhere_give_no_path_but_files_or_what_the_server_offers(
    model, tmp_path, monkeypatch
):
    (tmp_path / "shared").mkdir()
    (tmp_path / "brought").rename(tmp_path / "shared" / "moved")
    monkeypatch.setenv("VAE_DATA_DIR", str(tmp_path / "shared"))
    visitor = owners.visitor_of("k" * 22)
    owners.record(model, visitor)
    monkeypatch.setattr(data_panel.visitor, "visitor", lambda: visitor)
    app = opened("models.py")
    assert not paths_asked(app)
    [box] = [box for box in app.selectbox if box.label == "On this server"]
    assert box.options == ["moved, on this server"]
    box.set_value(str(tmp_path / "shared" / "moved")).run()
    app.button(key="relink-use-own").click().run()
    app.session_state["relink"][1].wait(30)
    app.run()
    assert not app.exception and "The 24 images are the same" in words(app)
