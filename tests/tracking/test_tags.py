import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.tracking import tags

from .example import TRAINING


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def test_code_is_the_commit_and_whether_it_was_changed(project: Path) -> None:
    git("init")
    git("add", "params.yaml")
    git("commit", "-m", "Begin")
    clean = tags.of_code()
    assert len(clean["mlflow.source.git.commit"]) == 40
    assert clean["git_dirty"] == "false"
    (project / "untracked").write_text("")
    assert tags.of_code() == clean
    (project / "params.yaml").write_text("changed")
    assert tags.of_code() == {**clean, "git_dirty": "true"}


@pytest.mark.parametrize("status", ["sleep 60", "exit 1"])
def test_where_git_does_not_say_it_changes_are_unknown(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """A slow disk, a damaged index: no run is called clean for that."""
    git("init")
    git("add", "params.yaml")
    git("commit", "-m", "Begin")
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$1" in status) exec {status} ;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=os.pathsep)
    monkeypatch.setattr(tags, "_SECONDS", 0.3)
    commit, changed = tags.of_code().values()
    assert (len(commit), changed) == (40, "unknown")


def test_without_git_there_is_no_label(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tags.of_code() == {}
    monkeypatch.setenv("PATH", "")
    assert tags.of_code() == {}


def test_training_labels_digests_and_environment() -> None:
    labels = tags.of_training(TRAINING)
    assert tags.environment(labels) == {name: str(value) for name, value in TRAINING["environment"].items()}
    assert labels["dataset_digest"] == TRAINING["images_digest"]
    assert labels["feature_digest"] == TRAINING["features_digest"]
    assert labels["code_digest"] == TRAINING["code"]
    assert labels["environment.threads"] == "2"
    assert labels["environment.precision"] == "float32"


def test_a_living_process_is_not_dead() -> None:
    assert not tags.process_died(tags.of_process())
    assert not tags.process_died({})
    assert not tags.process_died({tags.PROCESS: "another-host 1 1"})


def test_a_dead_process_is_dead_also_when_its_number_is_taken_again() -> None:
    node, number, began = tags.of_process()[tags.PROCESS].split()
    assert tags.process_died({tags.PROCESS: f"{node} {number} {int(began) - 60}"})
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert tags.process_died({tags.PROCESS: f"{node} {int(gone.stdout)} {began}"})
