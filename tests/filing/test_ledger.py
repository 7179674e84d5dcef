"""Every training that was measured on a test split is counted once, wherever in the project it ran."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import ledger

NOTES = """
import sys
from pipeline.filing import ledger
for number in range(20):
    ledger.note("a", f"{sys.argv[1]} {number}")
    ledger.note("a", f"both {number}")
"""


def test_a_training_counts_once_per_test_split(project: Path) -> None:
    for images, training in (("a", "1"), ("a", "2"), ("a", "1"), ("b", "1")):
        ledger.note(images, training)
    assert ledger.trainings("a") == 2
    assert ledger.trainings("b") == 1
    assert ledger.trainings("c") == 0


def test_looks_at_validation_images_are_counted_apart_sweeps_included(project: Path) -> None:
    ledger.note("v", "1", split="validation")
    assert (ledger.trainings("v", "validation"), ledger.trainings("v")) == (1, 0)
    records.write_csv(paths.ids("validation"), ["name", "sha256"], [("a", "0" * 64)])
    rows = [(0, "complete", "f0"), (1, "pruned", "f1"), (2, "complete", "f2"), (3, "failed", "f3")]
    records.write_csv(paths.TRIALS, ["number", "state", "fingerprint"], rows)
    records.write_json(paths.AUDIT, [{"trial": 0, "seeds": [7, 8]}])
    for _ in range(2):
        ledger.note_sweep()
    assert ledger.trainings(split="validation") == 2  # an audit is measured on other images
    ledger.note(ledger.images_of("validation"), "f2", split="validation")  # promoted and run: the same training
    assert ledger.trainings(split="validation") == 2


def test_it_only_grows_and_a_torn_line_takes_no_other_with_it(project: Path) -> None:
    ledger.note("a", "1")
    before = ledger.file().read_text() + '{"test_im'
    ledger.file().write_text(before)
    ledger.note("a", "2")
    assert ledger.file().read_text().startswith(before)
    assert ledger.trainings("a") == 2


@pytest.mark.parametrize(
    "copy", [".dvc/tmp/exps/standalone/tmpabc", ".dvc/tmp/exps/tmpabc", ".herbarium/review-x/project"]
)
def test_what_runs_in_a_copy_counts_in_the_project(project: Path, monkeypatch: pytest.MonkeyPatch, copy: str) -> None:
    ledger.note("a", "1")
    folder = project / copy
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    ledger.note("a", "1")
    ledger.note("a", "2")
    assert ledger.trainings("a") == 2
    monkeypatch.chdir(project)
    assert ledger.trainings("a") == 2
    assert list(folder.iterdir()) == []


def test_many_write_at_once(project: Path, outcome: Callable[..., None]) -> None:
    (project / ".dvc/tmp/exps/tmpabc").mkdir(parents=True)
    folders = [project, project / ".dvc/tmp/exps/tmpabc", project]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen([sys.executable, "-c", NOTES, str(number)], cwd=folder, env=environment)
        for number, folder in enumerate(folders)
    ]
    assert [writer.wait() for writer in writers] == [0] * len(writers)
    assert len(ledger.file().read_text().splitlines()) == ledger.trainings("a") == 80
    outcome("three runs end at once", "ledger of test evaluations", "every training once", trainings=80)
