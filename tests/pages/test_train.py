"""The Train page with a folder that cannot be written and with damaged runs in it."""

import gzip
import json

from live import ROOT
from streamlit.testing.v1 import AppTest

from pages.ui.component.component import _by_url
from pages.ui.runtime import routes
from vae.training import run_queue, runs


def test_train_opens_with_a_read_only_folder_and_damaged_runs(tmp_path, monkeypatch):
    def refuse():
        raise runs.RunError("the folder of runs cannot be written (Read-only file system)")

    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    monkeypatch.setattr(run_queue, "advance", refuse)
    monkeypatch.setattr(run_queue, "prepare_process", lambda: None)
    status = {"state": "finished", "step": 9, "steps": 9, "epochs": 3, "seconds": 7}
    for name, more in {
        "whole": {"warnings": ["half of the codes"]},
        "bad": {"seconds": None},
    }.items():
        (tmp_path / name / "run").mkdir(parents=True)
        plan = {"name": name, "created": 2.0 if name == "whole" else 1.0}
        (tmp_path / name / "run" / "plan.json").write_text(json.dumps(plan))
        (tmp_path / name / "run" / "status.json").write_text(json.dumps(status | more))
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60).run()
    app.switch_page("train.py").run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "No training can start: the folder of runs cannot be written (Read-only file system)."
    ]
    assert [warning.value for warning in app.warning] == ["Half of the codes."]
    table = app.dataframe[0].value
    assert dict(zip(table["name"], table["state"], strict=True)) == {
        "whole": "finished", "bad": "damaged",
    }  # fmt: skip
    data = app.selectbox(key="train-data")
    assert [title.split(" (")[0] for title in data.options[2:4]] == ["Garments, drawn", "Emoji"]
    data.select("emoji").run()
    assert not app.exception
    assert any("1,715 to train on, 191 held out; 64 × 64 pixels, colour" in m.value
               for m in app.markdown)  # fmt: skip
    assert app.selectbox(key="train-network-emoji-64").value == "resnet"
    app.query_params["run"] = "bad"
    app.session_state["shown-runs"] = ["bad"]
    app.run()
    assert not app.exception and any("tatus.json" in e.value for e in app.error)


def test_the_table_names_what_is_known_and_a_link_to_another_run_is_no_fault(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("VAE_RUNS_DIR", str(tmp_path))
    monkeypatch.setattr(run_queue, "advance", lambda: [])
    monkeypatch.setattr(run_queue, "prepare_process", lambda: None)
    for created, name in enumerate(("commanded", "begun"), 1):
        folder = tmp_path / name / "run"
        folder.mkdir(parents=True)
        options = {} if name == "commanded" else {"model": "ae", "seed": 7}
        plan = {"name": name, "created": float(created), "options": options}
        (folder / "plan.json").write_text(json.dumps(plan))
        (folder / "status.json").write_text(json.dumps({"state": "stopped"}))
    copied = (ROOT / "checkpoints/fashion-beta-3/config.json").read_text()
    (tmp_path / "commanded" / "config.json").write_text(copied)
    app = AppTest.from_file(str(ROOT / "pages/main.py"), default_timeout=60).run()
    app.query_params["run"] = "commanded"
    app.session_state["shown-runs"] = ["begun"]  # as after Start, with the old link
    app.switch_page("train.py").run()
    assert not app.exception and not app.warning
    table = app.dataframe[0].value.set_index("name")
    assert table.loc["begun", "model"] == "ae" and table.loc["begun", "seed"] == "7"
    row = table.loc["commanded"]
    assert (row["model"], row["beta"], row["image size"]) == ("vae", "3.0", "28")
    assert table["−ELBO"].isna().all() and table["seconds"].dtype == float  # not "None"
    app.session_state["shown-runs"] = []
    app.query_params["run"] = "gone"
    app.run()
    assert "does not exist" in app.warning[0].value


def test_a_message_on_a_growing_run_has_urls_and_only_the_last_blocks_change():
    curve = [[step, step / 10, 1.5, 2.5, 1.25, 2.25] for step in range(400)]
    before, after = (
        _by_url([{"id": "run", "curve": rows}]) for rows in (curve, [*curve, [9] * 6])
    )
    assert len(json.dumps(after)) < 100 < len(json.dumps(curve)) / 100, "all of it every second"

    def blocks(sent: list) -> list:
        return _json(sent[0]["curve"]["jsonUrl"])["blocks"]

    assert len(blocks(after)) == 13 and blocks(after)[:12] == blocks(before)[:12]
    rows = [_json(part["jsonUrl"]) if isinstance(part, dict) else part for part in blocks(after)]
    assert [row for block in rows for row in block] == [*curve, [9] * 6]


def _json(url: str) -> list:
    content = routes._published[url]
    return json.loads(gzip.decompress(content.body) if content.gzipped else content.body)
