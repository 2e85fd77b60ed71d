"""Whose is what on the pages: keys in a cookie, a public server, limits of jobs."""

import asyncio
import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from live import ROOT
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from pages.ui.anomalies import scores
from pages.ui.runtime import cache, jobs, visitor
from pages.ui.train import cache as train_cache
from vae import limits
from vae.checkpoint.artifacts import load_thresholds
from vae.config import Preparation
from vae.files import owners
from vae.limits import Limits
from vae.training import run_queue, runs

MODEL = "fashion-beta-1"
KEY, OTHER = "k" * 22, "o" * 22


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("RUNS", "BOARDS"):
        monkeypatch.setenv(f"VAE_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(run_queue, "prepare_process", lambda: None)
    monkeypatch.setattr(run_queue, "_start_process", lambda run: None)
    shown = train_cache.Shown(b"", False, 90, 10, [], Preparation(), "", (), "")
    monkeypatch.setattr(train_cache, "preview", lambda data, size, wanted: shown)
    return tmp_path


def app_of(key: str, page: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60)
    app.session_state["visitor-key"] = key
    return app.switch_page(page)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button}


def test_others_look_at_a_run_and_are_offered_no_button(home):
    id = run_queue.start({"data": "digits", "size": 8}, name="mine", by=owners.visitor_of(KEY))
    app = app_of(KEY, "train.py").run()
    assert not app.exception and "run-stop" in keys(app)
    assert app.number_input(key="train-latent").min == 2
    other = app_of(OTHER, "train.py").run()
    assert not other.exception and not {"run-stop", "run-delete"} & keys(other)
    assert any("Started by someone else" in c.value for c in other.caption)
    app.button(key="run-stop").click().run()
    assert runs.info(id).state == "stopped" and "run-delete" in keys(app)


def test_the_form_offers_what_the_server_takes(home, monkeypatch):
    small = Limits(max_epochs=5, max_image_size=16, max_latent=2, max_batch_size=16)
    monkeypatch.setattr(limits, "current", lambda: small)
    app = app_of(KEY, "train.py").run()
    assert not app.exception and app.selectbox(key="train-size").value == "16"
    found = [app.number_input(key=f"train-{n}") for n in ("epochs", "latent", "batch_size")]
    assert [(field.value, field.max) for field in found] == [(5, 5), (2, 2), (16, 16)]
    app.button(key="train-start").click().run()
    assert not app.exception and not app.error and len(runs.list_runs()) == 1


def test_the_person_at_this_machine_has_what_has_no_owner_and_no_one_else(home, monkeypatch):
    run_queue.start({"data": "digits", "size": 8})
    assert "run-stop" in keys(app_of(KEY, "train.py").run())
    before = visitor.st.get_option
    address = {"server.address": "0.0.0.0"}
    monkeypatch.setattr(visitor.st, "get_option", lambda name: address.get(name, before(name)))
    assert "run-stop" not in keys(app_of(KEY, "train.py").run())


@pytest.mark.parametrize(
    ("headers", "here"),
    [
        ({"Host": "localhost:8501", "Origin": "http://localhost:8501"}, True),
        ({"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501"}, True),
        ({"Host": "127.0.0.1:8501", "Origin": "https://atelier.example"}, False),
        ({"Host": "localhost.example"}, False),
        ({"Host": "localhost", "X-Forwarded-For": "10.0.0.7"}, False),
    ],
)
def test_who_comes_through_a_proxy_is_not_at_this_machine(headers, here, monkeypatch):
    class Context:
        cookies, ip_address = {}, None

    Context.headers = headers
    monkeypatch.setattr(visitor.st, "context", Context)
    assert visitor._at_this_machine() == here
    monkeypatch.setattr(limits, "current", lambda: Limits(mode="shared"))
    assert not visitor._at_this_machine()


def set_cookie(kind: str, cookie: str = "") -> str | None:
    """The cookie that comes with an answer of some kind to a browser with a cookie."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "headers": [(b"content-type", kind.encode())]})

    async def send(message):
        sent.append(dict(message["headers"]).get(b"set-cookie", b"").decode())

    scope = {"type": "http", "headers": [(b"cookie", cookie.encode())]}
    with ThreadPoolExecutor(1) as pool:  # a browser test in the same process keeps a loop running
        pool.submit(asyncio.run, visitor.RememberVisitor(app)(scope, None, send)).result()
    return sent[0]


def test_a_browser_gets_its_key_with_the_first_page_and_keeps_it():
    assert set_cookie("text/plain") == ""
    given = set_cookie("text/html; charset=utf-8")
    assert "HttpOnly" in given and "Path" not in given
    name, key = given.partition(";")[0].split("=")
    assert name == "latent-atelier-visitor" and len(key) == 22
    assert set_cookie("text/html", f"odd=[{{,; {name}={key}") == given
    assert set_cookie("text/html", f"{name}=forged") not in (given, "")


def test_the_threshold_of_a_bundled_model_goes_to_the_visitor(home, monkeypatch):
    models = home / "models"
    shutil.copytree(ROOT / "checkpoints" / MODEL, models / MODEL)
    (models / "bundled.txt").write_text(f"{MODEL}\n")
    monkeypatch.setattr(cache, "CHECKPOINTS", models)
    monkeypatch.setitem(scores.MAX_NORMAL, "code", 300)
    app = app_of(KEY, "anomalies.py")
    app.query_params.update({"m": MODEL, "of": "none", "score": "squared"})
    app.run()
    while "save-threshold" not in keys(app):
        app.session_state["scoring"][1].wait(60)
        app.run()
    app.button(key="save-threshold").click().run()
    assert not app.exception and not app.error
    (saved,) = (home / "data").rglob("anomaly.json")
    assert saved.parents[1].name == owners.visitor_of(KEY).id
    assert f"--thresholds {saved.parent}" in app.success[0].value
    digest = json.loads((models / MODEL / "metrics.json").read_text())["digest"]
    assert load_thresholds(saved.parent, digest) and not (models / MODEL / "anomaly.json").exists()


def test_a_public_server_has_no_train_page_and_writes_nothing(home, monkeypatch):
    monkeypatch.setattr(limits, "current", lambda: Limits(mode="public"))
    app = app_of(KEY, "board.py").run()
    assert not app.exception
    assert any("until you close or reload this page" in c.value for c in app.caption)
    app.text_input[0].set_value("Hats").run()
    assert not app.exception and not app.error
    app.switch_page("explore.py").run()
    app.switch_page("board.py").run()
    assert "Hats" in [t.value for t in app.text_input]
    assert "Hats" not in [t.value for t in app_of(OTHER, "board.py").run().text_input]
    with pytest.raises(ValueError, match="train"):
        app.switch_page("train.py").run()
    with pytest.raises(owners.OwnerError, match="trains nothing and keeps nothing"):
        visitor.visitor()
    assert not [p for p in home.rglob("*") if p.is_file()]


def test_a_public_server_takes_no_model_and_shows_those_that_are_there(home, monkeypatch):
    models = home / "models"
    shutil.copytree(ROOT / "checkpoints" / MODEL, models / MODEL)
    monkeypatch.setattr(cache, "CHECKPOINTS", models)
    before = sorted(models.rglob("*"))
    own = app_of(KEY, "models.py").run()
    assert "adopt-start" in keys(own) and "Add a model of your own" in labels(own)
    monkeypatch.setattr(limits, "current", lambda: Limits(mode="public"))
    app = app_of(KEY, "models.py").run()
    assert not app.exception and not app.error
    assert [title.value for title in app.subheader] == [MODEL] and app.metric
    offered = [*app.button, *app.text_input, *app.selectbox, *app.number_input]
    assert not [widget.key for widget in offered if str(widget.key).startswith("adopt")]
    assert "Add a model of your own" not in labels(app) and not app.get("file_uploader")
    assert not [key for key in keys(app) if key and not key.startswith("explore-")]
    assert sorted(models.rglob("*")) == before


def labels(app: AppTest) -> list[str]:
    return [expander.label for expander in app.expander]


def test_a_wrong_limit_is_said_on_the_page(home, monkeypatch):
    monkeypatch.setenv("VAE_JOBS_AT_ONCE", "x")
    limits.current.cache_clear()
    try:
        app = app_of(KEY, "explore.py").run()
    finally:
        limits.current.cache_clear()
        monkeypatch.delenv("VAE_JOBS_AT_ONCE")
    assert not app.exception and "VAE\\_JOBS" in app.error[0].value.replace("VAE_", "VAE\\_")


@pytest.fixture
def started(monkeypatch):
    """Starts jobs of a visitor that end with the test."""
    key, end = {"now": KEY}, threading.Event()
    monkeypatch.setattr(visitor, "key", lambda: key["now"])
    monkeypatch.setattr(jobs, "_of_session", set)

    def work(progress):
        while not end.wait(0.005):
            progress(1, 2)

    def start(of: str = KEY):
        key["now"] = of
        return jobs.start_job(work, name="a job")

    yield start
    end.set()


def test_the_jobs_of_a_session_that_is_gone_end():
    def script():
        import time

        import streamlit as st

        from pages.ui.runtime import jobs

        def work(progress):
            while True:
                progress(0, 1)
                time.sleep(0.005)

        st.session_state["job"] = jobs.start_job(work, name="a job")

    app = AppTest.from_function(script).run()
    job = app.session_state["job"]
    assert not app.exception and job.running
    clear_session_resource_cache("test session id")  # as Streamlit does when a connection ends
    job.wait(5)
    assert job.stopped and not job.running


def test_jobs_of_a_visitor_are_limited(started, monkeypatch):
    monkeypatch.setattr(limits, "current", lambda: Limits(jobs_per_visitor=2, jobs_at_once=3))
    start = started
    first, second = start(), start()
    with pytest.raises(jobs.JobError, match="2 of your computations"):
        start()
    third = start(OTHER)
    with pytest.raises(jobs.JobError, match="computing for others"):
        start(OTHER)
    for job in (first, second, third):
        job.stop()
        job.wait(5)
        assert job.stopped and not job.running
    start()
