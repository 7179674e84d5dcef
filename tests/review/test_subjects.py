"""What a reviewer is told of the code of an MLflow run."""

import pytest

from pipeline.review import subjects

COMMIT = {"mlflow.source.git.commit": "0123abcd"}


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({**COMMIT, "git_dirty": "false"}, []),
        ({**COMMIT, "git_dirty": "true"}, ["made with uncommitted changes"]),
        ({**COMMIT, "git_dirty": "unknown"}, ["uncommitted changes is unknown"]),
        ({}, ["does not name its commit"]),
    ],
)
def test_what_is_not_known_of_its_code_is_told(tags: dict[str, str], told: list[str]) -> None:
    found = subjects.cautions(tags)
    assert len(found) == len(told)
    assert all(part in caution for part, caution in zip(told, found, strict=True))
