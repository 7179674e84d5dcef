"""Stages run with the Python that started them, whatever comes first on the PATH."""

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("name", ["a b [1] & c", "it's mine"])
def test_of_a_usual_place_nothing_is_said(name: str) -> None:
    assert dvc.copies(Path("/home", name)) == []


@pytest.mark.parametrize(
    ("name", "said"), [("R&D #1", "#"), ("100% sure?", "?"), ("a%20b", "%20"), ("M\u00fcller", "\u00fc")]
)
def test_a_place_that_dvc_cannot_copy_the_project_from_is_said(name: str, said: str) -> None:
    (note,) = dvc.copies(Path("/home", name, "project"))
    assert f"/home/{name}/project has {said} in it" in note
