"""Help, completion, how much is said, and errors, as the user sees them: of the command as it is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from pipeline.cli import app

HERBARIUM = Path(sys.executable).with_name("herbarium")
ROOT = Path(__file__).parents[1]
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
def test_a_beginning_is_completed(line: str, offered: set[str]):
    asked = {"_HERBARIUM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = subprocess.run([HERBARIUM], cwd=ROOT, capture_output=True, text=True, env={**os.environ, **asked})
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
    assert done.stderr == "error: params.yaml: not found; run in the project's folder, where params.yaml is\n"


@pytest.mark.parametrize(("options", "setting"), [(["--quiet", "--verbose"], ""), (["--verbose"], "1")])
def test_quiet_and_verbose_exclude_each_other(options: list[str], setting: str):
    """Quiet by its option, or by the variable that a stage which DVC starts sees."""
    done = herbarium(*options, "check", HERBARIUM_QUIET=setting)
    assert done.returncode == 2
    assert "does not go with --quiet" in done.stderr


@pytest.mark.slow  # a stage imports TensorFlow
def test_a_stage_is_silent_when_it_is_asked_to_be(project):
    done = herbarium("--quiet", "fetch", PYTHONPATH=os.pathsep.join(sys.path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (project / "data/raw/digits").is_dir()


def test_quiet_still_says_errors_and_results(project):
    path = os.pathsep.join(sys.path)
    assert herbarium("--quiet", "check", PYTHONPATH=path).stdout == "params.yaml is in order\n"
    failed = herbarium("--quiet", "summary", PYTHONPATH=path)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: ")
