"""What dvc.lock promises and is not here is told as work for `dvc repro`, by `herbarium check` too."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import paths, records
from pipeline.identity import unmade
from pipeline.params import config

from .certified import run

FILES = {"models/training.json": "{}", "data/features": {"features.json": "{}", "train/pooled.npy": "numbers"}}
SEES = "; `dvc repro` sees to it"


@pytest.fixture(autouse=True)
def made(project, monkeypatch, tmp_path):
    """Of a pipeline with one stage, all of it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nowhere"))
    paths.PIPELINE.write_text("stages:\n  train:\n    cmd: train\n")
    run(FILES)


def test_what_is_as_dvc_lock_has_it_is_not_spoken_of():
    assert unmade.sentences() == []


def test_what_is_away_is_named_whether_a_file_or_a_part_of_a_folder():
    paths.TRAINING.unlink()
    assert unmade.sentences() == [f"not here: models/training.json{SEES}"]
    Path("data/features/train/pooled.npy").unlink()
    assert unmade.sentences() == [f"not here: models/training.json, data/features{SEES}"]


@pytest.mark.parametrize(
    ("file", "output"), [("models/training.json",) * 2, ("data/features/features.json", "data/features")]
)
def test_a_dvc_lock_of_another_run_is_noticed_and_files_are_read_once(file, output, monkeypatch):
    assert unmade.sentences() == []
    Path(file).write_text('{"of": "another"}')
    said, md5 = [f"not what dvc.lock names: {output}{SEES}"], records.md5
    assert unmade.sentences() == said
    with monkeypatch.context() as patch:
        patch.setattr(records, "md5", lambda path: pytest.fail("read again") if path == Path(file) else md5(path))
        assert unmade.sentences() == said
    Path(file).write_text("{}")
    assert unmade.sentences() == []


def test_a_stage_that_was_stopped_the_first_time_is_named():
    paths.PIPELINE.write_text("stages:\n  train:\n    cmd: train\n  evaluate:\n    cmd: evaluate\n")
    assert unmade.sentences() == [f"not run yet, as far as dvc.lock knows: evaluate{SEES}"]


def test_of_many_some_are_named():
    run({f"reports/{n}.csv": str(n) for n in range(8)})
    for n in range(8):
        Path(f"reports/{n}.csv").unlink()
    (said,) = unmade.sentences()
    assert said == f"not here: {', '.join(f'reports/{n}.csv' for n in range(5))} and 3 more{SEES}"


def test_herbarium_check_says_so_and_is_content(project):
    for folder in (".git", "data/originals", config.load().backbone.path):
        (project / folder).mkdir(parents=True, exist_ok=True)
    paths.LOCK.write_text(f"schema: '2.0'\n{paths.LOCK.read_text()}")
    paths.TRAINING.unlink()
    done = CliRunner().invoke(app, ["check"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1:3] == ["params.yaml is in order", f"note: not here: models/training.json{SEES}"]
