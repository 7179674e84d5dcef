"""The pipeline as its users run it: real DVC on a clone of this project, with fewer epochs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image

from pipeline.files import paths, records
from tests import shipped

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "HERBARIUM_DEBUG": "",
}

pytestmark = pytest.mark.slow


def call(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def clone(folder: Path) -> Path:
    """A git repository with the project's files, the default experiment at two epochs."""
    shipped.write_project(folder)
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("  epochs: 20 ", "  epochs: 2 "))
    call(folder, "git", "init", "--quiet")
    call(folder, "git", "config", "user.email", "someone@example.org")
    call(folder, "git", "config", "user.name", "Someone")
    call(folder, "git", "add", ".")
    call(folder, "git", "commit", "--quiet", "-m", "the project")
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = clone(tmp_path_factory.mktemp("project"))
    call(folder, "dvc", "repro")
    call(folder, "git", "add", ".")
    call(folder, "git", "commit", "--quiet", "-m", "the first run")
    return folder


def runs(folder: Path) -> list:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return client.search_runs([e.experiment_id for e in client.search_experiments()])


def test_what_was_run_is_not_run_again(project: Path) -> None:
    assert "Running stage" not in call(project, "dvc", "repro")


def test_dvc_draws_the_curves_and_shows_the_pictures(project: Path) -> None:
    plots = json.loads(call(project, "dvc", "plots", "show", "--json"))["data"]
    for name in ("accuracy", "loss"):
        values = plots[name][0]["content"]["data"]["values"]
        assert {value["field"] for value in values} == {f"train_{name}", f"validation_{name}"}
        assert {value["epoch"] for value in values} == {"0", "1", "2"}
    assert {str(path) for path in paths.PICTURES} <= plots.keys()
    assert str(paths.HISTORY) not in plots


def test_forced_and_elsewhere_the_lock_is_the_same(project: Path, tmp_path: Path) -> None:
    lock = (project / "dvc.lock").read_text()
    call(project, "dvc", "repro", "--force")
    assert (project / "dvc.lock").read_text() == lock
    assert call(project, "git", "status", "--porcelain") == ""
    other = tmp_path / "somewhere else"
    call(tmp_path, "git", "clone", "--quiet", str(project), str(other))
    call(other, "dvc", "repro")
    assert (other / "dvc.lock").read_text() == lock


def test_the_numbers_are_the_same_everywhere(project: Path) -> None:
    metrics = records.read_json(project / "reports/metrics.json")
    (run,) = [run for run in runs(project) if run.data.params["train.learning_rate"] == "0.001"]
    assert run.info.status == "FINISHED"
    for name in ("test_accuracy", "test_accuracy_low", "test_loss", "validation_accuracy"):
        assert run.data.metrics[name] == metrics[name]
    shown = call(project, "dvc", "metrics", "show", "--json")
    assert f'"test_accuracy": {metrics["test_accuracy"]}' in shown


def test_a_new_learning_rate_runs_only_train_and_evaluate(project: Path) -> None:
    printed = call(project, "dvc", "exp", "run", "-S", "train.learning_rate=0.003")
    started = [line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")]
    assert started == ["train", "evaluate"]
    call(project, "git", "checkout", ".")
    call(project, "dvc", "checkout")


def test_experiments_in_copies_and_queues_share_the_store(project: Path) -> None:
    call(project, "dvc", "exp", "run", "--temp", "-S", "train.learning_rate=0.004")
    call(project, "dvc", "exp", "run", "--queue", "-S", "train.learning_rate=0.005")
    call(project, "dvc", "exp", "run", "--run-all")
    rates = {run.data.params["train.learning_rate"] for run in runs(project)}
    assert {"0.004", "0.005"} <= rates
    ledger = (project / ".herbarium/ledger.jsonl").read_text()
    for run in runs(project):
        assert run.data.tags["fingerprint"] in ledger
    assert not list(project.glob(".dvc/tmp/exps/**/ledger.jsonl"))


@pytest.mark.parametrize("place", ["photographs", "data/photographs", "data/originals/mine"])
def test_copies_and_queues_have_ones_own_images(tmp_path: Path, place: str) -> None:
    """As the documentation says: `dvc add`, also where git ignores everything else."""
    folder = clone(tmp_path / "own")
    for n in range(12):
        file = folder / place / ("rose", "tulip")[n % 2] / f"{n}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8), 20 * n, np.uint8)).save(file)
    params = (folder / "params.yaml").read_text().replace("source: digits", "source: image_folder")
    (folder / "params.yaml").write_text(params.replace("path: data/originals", f"path: {place}"))
    call(folder, "dvc", "add", f"{place}/")
    call(folder, "git", "add", ".")
    call(folder, "git", "commit", "--quiet", "-m", "own images")
    assert call(folder, "git", "ls-files", place) == ""
    call(folder, "dvc", "exp", "run", "--temp", "fetch")
    call(folder, "dvc", "exp", "run", "--queue", "-S", "data.name=flowers", "fetch")
    call(folder, "dvc", "exp", "run", "--run-all")
    assert "Failed" not in call(folder, "dvc", "queue", "status")


def test_a_typo_stops_before_any_work(project: Path) -> None:
    params = project / "params.yaml"
    right = params.read_text()
    params.write_text(right.replace("  dropout:", "  dropuot:"))
    done = subprocess.run(["herbarium", "check"], cwd=project, env=ENVIRONMENT, capture_output=True, text=True)
    params.write_text(right)
    assert done.returncode == 1
    assert "params.yaml: head.dropuot: unknown key; did you mean head.dropout?" in done.stderr
    assert "Traceback" not in done.stderr


def test_plots_render(project: Path, tmp_path: Path) -> None:
    call(project, "dvc", "plots", "show", "--out", str(tmp_path))
    page = (tmp_path / "index.html").read_text()
    assert "validation_accuracy" in page or "history.csv" in page


def test_the_trained_network_says_of_image_files_what_was_evaluated(project: Path, tmp_path: Path) -> None:
    images = records.read_npy(project / paths.images("test"))[:5]
    for i, image in enumerate(images):
        Image.fromarray(np.array(image[..., 0])).save(tmp_path / f"{i}.png")
    python = (sys.executable, "-m", "pipeline")
    said = call(project, *python, "predict", str(tmp_path), "--json", "--picture", str(tmp_path / "answers.png"))
    answers = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    for answer, row in zip(answers, records.read_csv(project / paths.PREDICTIONS)[:5], strict=True):
        assert answer["class"] == row["predicted"]
        for name, probability in answer["probabilities"].items():
            assert probability == pytest.approx(float(row[f"p_{name}"]), abs=1e-5)
    assert (tmp_path / "answers.png").exists()
    published = call(project, *python, "publish", "--register", "digits")
    assert "digits version 1 is the champion: there was no champion" in published
    image = str(tmp_path / "0.png")
    own, champion = (
        [line for line in call(project, *python, "predict", *model, "--json", image).splitlines() if line[:1] == "{"]
        for model in ([], ["--model", "models:/digits@champion"])
    )
    assert len(own) == 1
    assert champion == own
