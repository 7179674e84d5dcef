"""Errors as the user sees them, of the command as it is installed."""

import os
import subprocess
import sys


def herbarium(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def test_help_lists_commands_by_what_they_are_for():
    done = herbarium("--help", COLUMNS="100")
    assert done.returncode == 0
    for panel in ("Stages", "Searching", "Experiments on file", "Review", "Results", "Project"):
        assert panel in done.stdout


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
