"""The Train page with a folder that cannot be written and with damaged runs in it."""

import json

from live import ROOT
from streamlit.testing.v1 import AppTest

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
    app.query_params["run"] = "bad"
    app.session_state["shown-runs"] = ["bad"]
    app.run()
    assert not app.exception and any("tatus.json" in e.value for e in app.error)
