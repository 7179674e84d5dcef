"""What a reviewer is told of the code of an MLflow run."""

import pytest

from pipeline.filing import reading, writing
from pipeline.process.errors import ConfigError
from pipeline.review import subjects
from pipeline.tracking import tags

COMMIT = {"mlflow.source.git.commit": "0123abcd"}


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ({**COMMIT, "git_dirty": "false"}, []),
        ({**COMMIT, "git_dirty": "true"}, ["made with uncommitted changes"]),
        ({**COMMIT, "git_dirty": "unknown"}, ["uncommitted changes is unknown"]),
        ({}, ["does not name its commit"]),
    ],
)
def test_what_is_not_known_of_its_code_is_told(labels: dict[str, str], told: list[str]) -> None:
    found = subjects.cautions(labels)
    assert len(found) == len(told)
    assert all(part in caution for part, caution in zip(told, found, strict=True))


def test_a_run_whose_commit_is_not_here_can_be_compared_and_not_run_again(repository, monkeypatch) -> None:
    record = reading.read(writing.file_results("digits"))
    monkeypatch.setattr(subjects, "_run_record", lambda _: (record, {tags.COMMIT: "0" * 40}))
    run_id = "f" * 32
    assert subjects.record_of(run_id) is record
    with pytest.raises(ConfigError, match=f"run {run_id} was made at commit {'0' * 40}, whose code cannot be had here"):
        subjects.resolve(run_id)


def test_a_run_of_other_code_than_its_commit_has_contradicts_nothing(repository, monkeypatch) -> None:
    """As a revision whose lock is of other code: its uncommitted changes are nowhere."""
    record = reading.read(writing.file_results("digits"))
    monkeypatch.setattr(subjects, "_run_record", lambda _: (record, {tags.COMMIT: "HEAD"}))
    assert subjects.resolve("f" * 32).code_of_record
