"""`herbarium replicate --folds` as its users run it: cross-validated twice, shown in MLflow, nothing trained again."""

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner

from pipeline import cli
from pipeline.commands import cross_validation as command
from pipeline.files import records
from pipeline.params import config
from pipeline.process.errors import DataError
from pipeline.results import cross_validation as outcomes
from pipeline.results.cross_validation import CrossValidation, FoldResult
from tests.results.test_cross_validation import found


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folds", "5", "--seeds", "3"], "give --seeds or --folds"),
        (["--repeats", "2"], "--repeats is for --folds"),
        (["--folds", "1"], "greater than or equal to 2"),
    ],
)
def test_options_that_do_not_go_together(arguments, message):
    told = CliRunner().invoke(cli.app, ["replicate", *arguments])
    assert told.exit_code == 2
    assert message in " ".join(told.output.replace("│", " ").split())


def test_results_that_are_there_are_known_by_their_fingerprint(project):
    assert command._known() == {}
    records.write_json(outcomes.REPORT, outcomes.to_json(found()))
    assert list(command._known().values()) == list(found().results)


@pytest.mark.parametrize("content", ["{", "[]", '{"folds": 5}'])
def test_a_damaged_file_of_results_is_named(project, content):
    records.write_text(outcomes.REPORT, content)
    with pytest.raises(DataError, match=r"folds\.json: damaged: .*; remove it"):
        command._known()


def test_folds_are_child_runs(project, params, monkeypatch):
    uri = f"sqlite:///{project}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    results: CrossValidation = found()
    records.write_json(outcomes.REPORT, outcomes.to_json(results))
    curves: list[tuple[FoldResult, list]] = [(result, []) for result in results.results]
    for _ in range(2):  # the second time nothing is new
        command._show(config.with_seed(params, 1), results, curves)
    client = MlflowClient(uri)
    (experiment,) = [e for e in client.search_experiments() if e.name == params.tracking.experiment]
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(children) == 5
    assert parent.info.run_name.startswith("folds of ")
    assert parent.data.metrics["fold_accuracy_mean"] == pytest.approx(0.83)
    assert sorted(run.data.metrics["fold_accuracy"] for run in children) == [0.79, 0.8, 0.82, 0.84, 0.9]
    assert "folds.json" in {file.path for file in client.list_artifacts(parent.info.run_id)}
