"""What changes between the end of a stage and DVC's look at its inputs is found by whoever reads next."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.identity import guard, receipts
from pipeline.params import config
from pipeline.process.errors import DataError

from ..faults.bad_input import write_params
from .certified import in_cache, run

PIPELINE = """
stages:
  train:
    cmd: python -m pipeline train
    params: [data.limit, train, pipeline/versions.json: [numpy]]
    deps: ["${data.path}", notes.txt]
    outs: [models/out.txt]
"""


@pytest.fixture
def ended(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stage has just ended under DVC, and DVC has not looked yet."""
    write_params({"data.path": "photos"})
    paths.PIPELINE.write_text(PIPELINE)
    for path in ("photos/1.png", "notes.txt", "models/out.txt"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text("1")
    with monkeypatch.context() as patch:
        patch.setenv(receipts.BY_DVC, "train")
        with guard.guarded("train"):
            Path("models/out.txt").write_text("result")
    return project


def dvc_looks(result: str = "result") -> None:
    """dvc.lock, with what lies here now, as DVC writes it."""
    content = config.read_yaml(paths.PARAMS)
    params = {"data.limit": content["data"]["limit"], "train": content["train"]}
    md5 = hashlib.md5(Path("notes.txt").read_bytes()).hexdigest()
    deps: list[dict[str, Any]] = [{"path": "photos", "md5": "0" * 32 + ".dir"}, {"path": "notes.txt", "md5": md5}]
    run({"models/out.txt": result}, params={"params.yaml": params}, deps=deps)


def test_what_dvc_found_as_it_was_used_is_asked_about_once(ended):
    dvc_looks()
    receipts.require()
    assert not list(receipts.FOLDER.iterdir())
    write_params({"data.path": "photos", "train.epochs": 7})
    dvc_looks()
    receipts.require()


def test_a_receipt_whose_writing_was_killed_is_none(ended):
    (receipts.FOLDER / ".0b1c2d3e.train.json").write_text("")
    dvc_looks()
    receipts.require()
    assert [file.name for file in receipts.FOLDER.iterdir()] == [".0b1c2d3e.train.json"]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("train.epochs", 7, "params.yaml: train.epochs was 2 when train ran, dvc.lock has 7"),
        ("data.limit", None, "params.yaml: data.limit was 40 when train ran, dvc.lock has None"),
    ],
)
def test_parameters_put_there_meanwhile(ended, key, value, says):
    write_params({"data.path": "photos", key: value})
    dvc_looks()
    with pytest.raises(DataError) as caught:
        receipts.require()
    assert str(caught.value) == f"{says}: its results were removed, run dvc repro again"
    assert not Path("models/out.txt").exists()
    assert not in_cache("result").exists()
    receipts.require()  # it has been said


def test_a_file_put_there_meanwhile(ended):
    Path("notes.txt").write_text("2")
    dvc_looks()
    with pytest.raises(DataError, match=r"^notes\.txt was another when train ran"):
        receipts.require()


def test_a_folder_changed_meanwhile(ended, monkeypatch):
    monkeypatch.setenv(receipts.BY_DVC, "evaluate")
    Path("photos/2.png").write_text("2")
    dvc_looks()
    with pytest.raises(DataError, match=r"^photos was changed when train had ended"):
        receipts.require()


def test_a_folder_may_change_after_the_run(ended, monkeypatch):
    """DVC sees to it."""
    Path("photos/2.png").write_text("2")
    dvc_looks()
    monkeypatch.setenv(receipts.BY_DVC, "evaluate")
    monkeypatch.setattr(receipts, "_run", lambda: -1)
    receipts.require()


def test_a_folder_may_change_when_somebody_else_reads(ended):
    Path("photos/2.png").write_text("2")
    dvc_looks()
    receipts.require()


def test_a_lock_of_other_results_is_not_compared(ended):
    """As after a checkout, or when DVC was killed before it wrote."""
    write_params({"data.path": "photos", "train.epochs": 7})
    receipts.require()
    dvc_looks(result="of another run")
    receipts.require()
    assert list(receipts.FOLDER.iterdir())


def test_a_stage_does_not_judge_itself(ended, monkeypatch):
    write_params({"data.path": "photos", "train.epochs": 7})
    dvc_looks()
    monkeypatch.setenv(receipts.BY_DVC, "train")
    receipts.require()
    monkeypatch.setenv(receipts.BY_DVC, "evaluate")
    with pytest.raises(DataError, match=r"train\.epochs"):
        receipts.require()


def test_a_stage_run_by_hand_or_in_vain_leaves_none(ended, monkeypatch):
    (receipts.FOLDER / "train.json").unlink()
    with guard.guarded("train"):
        pass
    monkeypatch.setenv(receipts.BY_DVC, "train")
    with pytest.raises(ZeroDivisionError), guard.guarded("train"):
        raise ZeroDivisionError
    assert not list(receipts.FOLDER.iterdir())
