"""Stages run with the Python that started them, whatever comes first on the PATH."""

import subprocess
import sys
from pathlib import Path

from pipeline.process import dvc


def test_the_dvc_and_the_python_are_this_environments(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    environment = dvc.environment({"EXTRA": "1"})
    look = ["python", "-c", "import sys; print(sys.prefix)"]
    assert subprocess.run(look, env=environment, capture_output=True, text=True).stdout.strip() == sys.prefix
    assert environment["EXTRA"] == "1"
    assert dvc.command("repro", "train") == [sys.executable, "-m", "dvc", "repro", "train"]


def test_an_empty_path_is_none(monkeypatch):
    monkeypatch.delenv("PATH", raising=False)
    assert dvc.environment()["PATH"].startswith(str(Path(sys.executable).parent))
