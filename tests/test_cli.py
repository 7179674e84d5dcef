"""Help, completion, how much is said, and errors, as the user sees them: of the command as it is installed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.commands import predict, setup
from pipeline.files import paths, records
from pipeline.params import config
from pipeline.process import databases
from pipeline.process.errors import CombinationError, ConfigError, DataError, HerbariumError
from pipeline.process.project import NoProjectError
from pipeline.sweep import promote
from tests import shipped
from tests.root import ROOT

HERBARIUM = Path(sys.executable).with_name("herbarium")
COMMANDS = sorted(typer.main.get_command(app).commands)


def herbarium(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def test_help_lists_commands_by_what_they_are_for():
    done = herbarium("--help", COLUMNS="100")
    assert done.returncode == 0
    for panel in ("Stages", "Searching", "Experiments on file", "Review", "Results", "Project"):
        assert panel in done.stdout


def test_help_is_there_at_once():
    """Half a second of a processor, as it is counted: on a busy machine the clock says more."""
    timed = "import os, subprocess, sys; subprocess.run([sys.executable, '-m', 'pipeline', '--help'],"
    timed += " stdout=subprocess.DEVNULL); print(sum(os.times()[2:4]))"
    seconds = [float(subprocess.check_output([sys.executable, "-c", timed])) for _ in range(3)]
    assert min(seconds) < 1.0  # 0.35 s where it is quiet


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does_and_shows_a_call(command: str):
    text = typer.main.get_command(app).commands[command].help
    assert len(text.splitlines()[0]) > 20
    assert f"Example: herbarium {command}" in text


def made(project: Path, *more: str, without: str = "") -> None:
    """What `dvc repro` needs to start, and folders called `more`."""
    weights = config.load().backbone.path
    for folder in {".dvc", ".git", "data/originals", weights, *more} - {without}:
        (project / folder).mkdir(parents=True)


@pytest.mark.parametrize("command", ["check", "sweep"])
@pytest.mark.parametrize(("key", "kept"), [("data.path", "my photos"), ("backbone.path", "vgg.weights.h5")])
def test_what_dvc_would_miss_is_named_before_it_runs(project: Path, command: str, key: str, kept: str):
    made(project, kept)
    wrong = kept.replace("h", "hh")
    promote.write(paths.PARAMS, {key: wrong})
    with pytest.raises(
        ConfigError,
        match=rf"{key}: nothing is at {wrong}, and `dvc repro` needs something there; did you mean {kept}\?",
    ):
        CliRunner().invoke(app, [command], catch_exceptions=False)
    (project / f"{wrong}.dvc").touch()  # which `dvc repro` does not bring back by itself
    with pytest.raises(ConfigError, match=rf"{key}: nothing is at {wrong} now: `dvc checkout {wrong}\.dvc` brings"):
        setup.require_inputs(config.load())
    (project / wrong).mkdir()
    setup.require_inputs(config.load())


@pytest.mark.parametrize("place", ["data/raw", "data/raw/photos", "data", "data/images/train/x", "."])
def test_photographs_are_not_where_stages_write(project: Path, place: str):
    """DVC empties such a folder before the stage runs, or stops at a cycle."""
    made(project)
    (project / place).mkdir(parents=True, exist_ok=True)
    promote.write(paths.PARAMS, {"data.path": place})
    with pytest.raises(
        ConfigError, match=r"data\.path: found .*, and stages write data/\S+, which `dvc repro` empties"
    ):
        setup.require_inputs(config.load())


def test_photographs_that_lie_where_stages_write_are_not_removed(project: Path):
    made(project, "data/raw/roses")
    setup.require_inputs(config.load())
    (project / "data/raw/roses/a.JPG").touch()
    with pytest.raises(ConfigError, match=r"^data/raw/roses/a\.JPG: found an image where stages write, in data/raw,"):
        setup.require_inputs(config.load())


@pytest.mark.parametrize("command", ["start ~nobody-of-this-name", "use digits --data ~nobody-of-this-name"])
def test_a_home_of_nobody_is_a_folder_s_name(project: Path, command: str):
    shutil.copytree(ROOT / "experiments/digits", project / "experiments/digits")
    error = CliRunner().invoke(app, command.split()).exception
    assert isinstance(error, HerbariumError)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_installed_and_knows_the_commands(shell: str, tmp_path: Path):
    """In a home of its own; what the shell would ask is asked here."""
    home = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    installed = herbarium("--install-completion", shell, **home)
    assert (installed.returncode, installed.stderr) == (0, "")
    assert any("herbarium" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    shown = herbarium("--show-completion", shell, **home)
    assert "_HERBARIUM_COMPLETE=complete_" in shown.stdout


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("herbarium pre", {"predict", "preprocess"}),
        ("herbarium sweep --w", {"--workers"}),
        ("herbarium verify fashion", {"fashion-mnist-cnn", "fashion-mnist-small"}),
    ],
)
def test_a_beginning_is_completed(line: str, offered: set[str], project: Path):
    for name in shipped.NAMES:
        records.write_text(project / "experiments" / name / "params.yaml", "")
    asked = {"_HERBARIUM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = subprocess.run([HERBARIUM], capture_output=True, text=True, env={**os.environ, **asked})
    assert set(done.stdout.split()) == offered


def test_a_typo_is_one_line_and_no_traceback(project):
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("  learning_rate:", "  learning_rat:", 1))
    done = herbarium("check", PYTHONPATH=os.pathsep.join(sys.path))
    assert done.returncode == 1
    assert "params.yaml: train.learning_rat: unknown key; did you mean train.learning_rate?" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Traceback" in herbarium("--debug", "check", PYTHONPATH=os.pathsep.join(sys.path)).stderr


def test_outside_a_project_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = herbarium("check", PYTHONPATH=os.pathsep.join(sys.path))
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"error: no project here: neither {tmp_path} nor a folder above it holds dvc.yaml and"
    )
    assert done.stderr.count("\n") == 1


ARGUMENTS = {
    "compare": ["digits", "."],
    "export": ["--format", "keras"],
    "export-backbone": ["base.weights.h5"],
    "predict": ["image.png"],
    "record": ["digits"],
    "start": ["photographs"],
    "use": ["digits"],
    "verify": ["digits"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_that_there_is_no_project(command: str, tmp_path: Path, monkeypatch):
    """And does nothing else."""
    monkeypatch.chdir(tmp_path)
    Path("image.png").touch()
    done = CliRunner().invoke(app, [command, *ARGUMENTS.get(command, [])])
    assert isinstance(done.exception, NoProjectError)
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


@pytest.mark.parametrize(
    "changes",
    [
        {"train.class_weights": {"rose": 2.0, "tullip": 3.0}},
        {"sweep.space": {"train.class_weights": {"choices": ["balanced", {"tullip": 3.0}]}}},
    ],
)
def test_check_names_a_class_that_has_a_weight_and_no_images(project: Path, changes: dict):
    made(project, "photos/rose", "photos/tulip")
    promote.write(paths.PARAMS, {"data.source": "image_folder", "data.path": "photos", **changes})
    done = CliRunner().invoke(app, ["check"])
    assert isinstance(done.exception, CombinationError)
    assert "train.class_weights: 'tullip' is no class; did you mean tulip?" in str(done.exception)
    Path("photos/tulip").rename("photos/tullip")
    assert CliRunner().invoke(app, ["check"]).stdout.startswith("params.yaml is in order\n")


@pytest.mark.parametrize(
    "changes", [{"head.output": "sigmoid"}, {"sweep.space": {"head.output": {"choices": ["sigmoid"]}}}]
)
def test_check_names_a_single_logit_for_other_than_two_classes(project: Path, changes: dict):
    made(project, "photos/rose", "photos/tulip", "photos/daisy")
    promote.write(paths.PARAMS, {"data.source": "image_folder", "data.path": "photos", **changes})
    done = CliRunner().invoke(app, ["check"])
    assert isinstance(done.exception, CombinationError)
    assert "head.output: sigmoid is for two classes, the data has 3" in str(done.exception)


def test_check_names_what_fetch_will_refuse(project: Path):
    made(project, "photos/rose", "photos/ tulip")
    Path("photos/rose/dead.jpg").symlink_to("nowhere.jpg")
    promote.write(paths.PARAMS, {"data.source": "image_folder", "data.path": "photos", "data.corrections": "right.csv"})
    done = CliRunner().invoke(app, ["check"])
    assert isinstance(done.exception, DataError), done.output
    said = done.stdout + str(done.exception)
    for found in (
        "' tulip': begins or ends with a blank",
        "rose/dead.jpg → nowhere.jpg",
        "no file at photos/right.csv",
    ):
        assert said.count(found) == 1


def test_commands_work_from_every_folder_of_the_project(project: Path, monkeypatch):
    """And leave the caller where he stood."""
    below = project / "reports/sweep"
    below.mkdir(parents=True)
    made(project)
    monkeypatch.chdir(below)
    assert CliRunner().invoke(app, ["check"]).stdout.startswith("params.yaml is in order\n")
    said = str(CliRunner().invoke(app, ["summary"]).exception)
    assert said.startswith("reports/metrics.json, models/training.json: not found")
    assert Path.cwd() == below
    assert not list(below.iterdir())


def test_paths_on_the_command_line_count_from_where_the_user_stands(project: Path, monkeypatch):
    """A database as a file, named as one or by the shell for the whole project."""
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    asked = []
    monkeypatch.setattr("pipeline.sweep.plans.of", lambda params, storage, **_: asked.append(storage))
    monkeypatch.setattr("pipeline.sweep.promote.promote", lambda plan, trial: "")
    up_to_date = []
    monkeypatch.setattr("pipeline.sweep.command.bring_features_up_to_date", lambda *given: up_to_date.append(given))
    for name in ("require_dvc", "require_inputs"):
        monkeypatch.setattr(f"pipeline.commands.sweep.{name}", lambda *given: None)
    for argument in ("sqlite:///study.db", "sqlite:////mnt/study.db", "postgresql://h/optuna"):
        CliRunner().invoke(app, ["promote", "--storage", argument], catch_exceptions=False)
    CliRunner().invoke(app, ["promote"], catch_exceptions=False, env={"OPTUNA_STORAGE": "sqlite:///study.db"})
    (project / "why?not a%20b {x}").mkdir()
    monkeypatch.chdir(project / "why?not a%20b {x}")
    CliRunner().invoke(app, ["promote", "--storage", "sqlite:///study.db"], catch_exceptions=False)
    assert {databases.sqlite_file(asked.pop()) for _ in range(2)} == {Path.cwd() / "study.db"}
    here = f"sqlite:///{project}/below/study.db"
    assert asked[::2] == asked[1::2] == [here, "sqlite:////mnt/study.db", "postgresql://h/optuna", "sqlite:///study.db"]
    assert len(up_to_date) == 5  # the sweep of images that were changed since is another one


def test_images_and_pictures_are_those_where_the_user_stands(project: Path, monkeypatch):
    """Named in the answers as they were named in the question; the network is the project's."""
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    Image.new("L", (8, 8)).save("mine.png")
    loaded = []

    def classifier(model, _):
        loaded.append((model, Path.cwd()))
        answer = {"class": "a", "probability": 1.0, "probabilities": {"a": 1.0}}
        return SimpleNamespace(predict=lambda contents: [answer for _ in contents])

    monkeypatch.setattr(predict, "_classifier", classifier)
    done = CliRunner().invoke(
        app, ["predict", "mine.png", "--json", "--picture", "answers.png"], catch_exceptions=False
    )
    assert json.loads(done.stdout.splitlines()[0])["image"] == "mine.png"
    assert Path("answers.png").is_file()
    (project / "below/model").mkdir()
    CliRunner().invoke(app, ["predict", "mine.png", "--model", "model"], catch_exceptions=False)
    CliRunner().invoke(app, ["predict", "mine.png", "--model", "models:/digits/1"], catch_exceptions=False)
    assert loaded == [(None, project), (str(project / "below/model"), project), ("models:/digits/1", project)]


@pytest.mark.parametrize(("options", "setting"), [(["--quiet", "--verbose"], ""), (["--verbose"], "1")])
def test_quiet_and_verbose_exclude_each_other(options: list[str], setting: str):
    """Quiet by its option, or by the variable that a stage which DVC starts sees."""
    done = herbarium(*options, "check", HERBARIUM_QUIET=setting)
    assert done.returncode == 2
    assert "does not go with --quiet" in done.stderr


@pytest.mark.parametrize("line", ["check", "data", "sweep", "replicate", "replicate --folds 2", "runs"])
def test_what_starts_dvc_says_first_that_it_cannot_work_here(project: Path, line: str):
    made(project, without=".git")
    with pytest.raises(ConfigError, match=r"^\.git: not found here or above.*git init && git add \. && git commit"):
        CliRunner().invoke(app, line.split(), catch_exceptions=False)


@pytest.mark.slow  # a stage imports TensorFlow
def test_a_stage_is_silent_when_it_is_asked_to_be(project):
    done = herbarium("--quiet", "fetch", PYTHONPATH=os.pathsep.join(sys.path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (project / "data/raw/digits").is_dir()


def test_a_downloaded_archive_is_told_what_dvc_needs(project, outcome):
    path = os.pathsep.join(sys.path)
    assert ".dvc: not found" in herbarium("check", PYTHONPATH=path).stderr
    made(project, without=".git")
    done = herbarium("check", PYTHONPATH=path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: .git: not found here or above")
    assert "git init && git add . && git commit" in done.stderr
    (project / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    assert herbarium("check", PYTHONPATH=path).returncode == 0
    outcome("a downloaded archive without git", "herbarium check", "one message with the command to give", inputs=2)


def test_quiet_still_says_errors_and_results(project):
    made(project)
    path = os.pathsep.join(sys.path)
    assert herbarium("--quiet", "check", PYTHONPATH=path).stdout.startswith("params.yaml is in order\n")
    failed = herbarium("--quiet", "summary", PYTHONPATH=path)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("compare", "nothing", "nor-this"), "reading what nothing and nor-this say …"),
        (("verify", "nothing"), "looking nothing up …"),
        (("labels",), "bringing the features up to date …"),
    ],
)
def test_what_takes_seconds_says_so_before_it_begins(project: Path, arguments: tuple[str, ...], said: str):
    """Here it cannot begin: the words were there before."""
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code != 0
    assert done.stderr.startswith(f"{said}\n")


@pytest.mark.parametrize("command", ["sweep", "extract-features"])
def test_more_workers_than_any_machine_has_room_for_are_refused(command: str):
    done = CliRunner().invoke(app, [command, "--workers", "1000000"])
    assert done.exit_code == 2
    assert "256" in done.output
