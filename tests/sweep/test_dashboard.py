"""Optuna's own dashboard reads the storage of a sweep."""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.params.schema import Params
from pipeline.sweep import coordinator
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.plans import Plan
from tests.servers import free_port, running, wait_until

from .conftest import BY_FORMULA, sweeping


def answer(url: str) -> Any:
    """The JSON at `url`; None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return json.load(response)
    except (urllib.error.URLError, OSError):
        return None


@pytest.mark.slow
def test_the_dashboard_shows_the_study_and_its_trials(
    planned: Callable[[Params], Plan], params: Params, tmp_path: Path
) -> None:
    plan = planned(sweeping(params, pruner="median", trials=12))
    done = coordinator.run(plan, BY_FORMULA, Listener())
    port = str(free_port())
    program = str(Path(sys.executable).parent / "optuna-dashboard")
    storage = f"sqlite:///{paths.project_root()}/optuna.db"
    with running([program, storage, "--host", "127.0.0.1", "--port", port], tmp_path / "dashboard.log"):
        studies = f"http://127.0.0.1:{port}/api/studies"
        wait_until(lambda: answer(studies) is not None, "the dashboard's answer")
        (summary,) = answer(studies)["study_summaries"]
        assert summary["study_name"] == plan.study.study_name
        trials = answer(f"{studies}/{summary['study_id']}?after=0")["trials"]
    assert [trial["number"] for trial in trials] == list(range(12))
    assert [trial["state"] for trial in trials] == [trial.state.capitalize() for trial in done]
    assert [trial["values"][0] for trial in trials if "values" in trial] == [t.accuracy for t in done if t.accuracy]
