"""The Anomalies page without a browser: scores, links, the saved threshold."""

import shutil
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
from live import ROOT
from streamlit.testing.v1 import AppTest

import vae
from pages.ui.anomalies import cache as anomalies_cache
from pages.ui.anomalies import form
from pages.ui.anomalies.scores import ScoreRequest
from pages.ui.runtime import cache
from vae import anomaly
from vae.anomaly.scores import Scorer
from vae.checkpoint.artifacts import load_codes, load_thresholds

MODEL = "fashion-beta-1"  # its encoder is quick


@pytest.fixture
def app(tmp_path, monkeypatch) -> AppTest:
    shutil.copytree(ROOT / "checkpoints" / MODEL, tmp_path / MODEL)
    monkeypatch.setattr(cache, "CHECKPOINTS", tmp_path)
    made = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    made.switch_page("anomalies.py")
    made.query_params["m"] = MODEL
    return made


def settled(app: AppTest) -> AppTest:
    """Runs until everything is scored."""
    app.run()
    while "scoring" in app.session_state and app.session_state["scoring"][1].running:
        app.session_state["scoring"][1].wait(60)
        app.run()
    assert not app.exception and not app.error
    return app


def words(app: AppTest) -> str:
    return " ".join([c.value for c in app.caption] + [m.value for m in app.markdown])


def test_a_held_out_class_is_scored_and_its_threshold_cannot_be_saved(app):
    app.query_params.update({"of": "class", "c": "8", "fa": "0.01"})
    settled(app)
    assert "was trained on Bag too" in words(app)
    assert "ROC curve, AUC" in words(app) and "Caveat" in words(app)
    assert app.button(key="save-threshold").disabled
    assert {app.query_params[k] for k in ("of", "c", "fa")} == {"class", "8", "0.01"}
    app.selectbox(key="ask-label").set_value(1)
    settled(app)
    assert app.query_params["c"] == "1" and "Trouser" in words(app)


def test_a_threshold_is_saved_with_the_model_and_is_the_one_that_was_shown(app):
    app.query_params.update({"of": "none", "fa": "0.02"})
    settled(app)
    app.button(key="save-threshold").click()
    settled(app)
    loaded = vae.load(cache.CHECKPOINTS / MODEL)
    kept = load_thresholds(loaded.path, loaded.digest)["structure"]
    test = vae.load_dataset("fashion-mnist-starter").test
    codes = load_codes(loaded, test.digest)
    scores = anomaly.score_images(
        Scorer(loaded.model), test.images, codes=(codes["mean"], codes["std"])
    )
    assert kept["false_alarms"] == 0.02 and kept["count"] == 10_000
    assert kept["quantiles"][980] == pytest.approx(np.quantile(scores, 0.98))
    assert str(loaded.path) in app.success[0].value


def test_an_invalid_link_is_reported_and_the_rest_is_shown(app):
    app.query_params.update({"of": "damage", "damage": "burn", "seed": "3", "fa": "7"})
    settled(app)
    assert "(damage, fa)" in app.warning[0].value
    assert app.query_params["seed"] == "3" and app.query_params["fa"] == "0.05"


def test_an_invalid_message_of_the_histogram_changes_nothing(app):
    anomalies_cache._results.clear()  # so that the result of this test is the last one
    app.query_params.update({"of": "none", "fa": "0.1"})
    settled(app)
    latest = next(reversed(anomalies_cache._results.items()))
    key = "|".join(anomalies_cache.sorted_scores(*latest))
    for sent in (7, {"key": key}, {"key": key, "turn": "x", "share": 0.5, "threshold": None}):
        app.session_state["histogram"] = {"threshold": sent}
        settled(app)
        assert app.query_params["fa"] == "0.1" and not app.warning
    app.session_state["histogram"] = {"threshold": {"key": key, "turn": 1, "share": 9}}
    settled(app)
    assert "The threshold was not changed" in app.warning[0].value
    assert app.query_params["fa"] == "0.1"


def test_without_files_an_upload_is_requested(app):
    app.query_params["of"] = "own"
    settled(app)
    assert "Upload images" in app.info[0].value
    assert [s.value for s in app.subheader] == ["Most anomalous images", "Export"]


def test_each_visitor_s_uploads_are_scored_however_many_others_upload(monkeypatch):
    """They are given to the job, not looked up where others' uploads may have replaced them."""
    given = []
    for name in ("checkpoint", "display_dataset", "codes"):
        monkeypatch.setattr(cache, name, MagicMock())
    monkeypatch.setattr(
        anomalies_cache, "compute_scores", lambda *_, files, **__: given.append(files)
    )
    monkeypatch.setattr(anomalies_cache, "start_job", lambda work, name: work)
    uploads = [((f"{k}.png", bytes([k])),) for k in range(4)]
    digests = [anomalies_cache.digest_of(files) for files in uploads]
    assert len(set(digests)) == 4 and anomalies_cache.digest_of(()) == ""
    for work in [
        anomalies_cache.start(ScoreRequest("m", "d", "squared", "own", "", 0, None, digest), files)
        for digest, files in zip(digests, uploads, strict=True)
    ]:
        work(None)
    assert given == uploads


def test_a_file_beyond_the_limit_is_refused_by_the_server_too(app, monkeypatch):
    app.query_params["of"] = "own"
    settled(app)
    assert "at most 200 MB" in app.file_uploader(key="ask-files").label
    uploaded = SimpleNamespace(name="big.zip", size=201 * 2**20)
    said = []
    monkeypatch.setattr(form.st, "file_uploader", lambda *_, **__: [uploaded])
    monkeypatch.setattr(form.st, "error", said.append)
    assert form._uploaded() == () and said == ["big.zip has 201 MB; at most 200 MB."]


def test_a_stopped_job_says_so_and_can_be_restarted(app):
    app.query_params.update({"of": "none", "score": "regret"})
    app.run()
    job = app.session_state["scoring"][1]
    job.stop()
    job.wait(60)
    assert job.stopped
    app.run()
    assert not app.exception and "stopped" in app.info[0].value
    app.button(key="scoring-again").click().run()
    assert app.session_state["scoring"][1] is not job
    app.session_state["scoring"][1].stop()
    app.session_state["scoring"][1].wait(60)
