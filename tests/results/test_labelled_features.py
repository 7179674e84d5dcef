"""Which stored images are asked about together."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.results import labelled_features

GROUPS = {"a": "plant", "b": "1", "c": "plant", "d": "2", "e": "3"}


def pair(first: str, second: str) -> dict[str, object]:
    return {"likeness": 0.97, "images": [{"name": first}, {"name": second}]}


@pytest.mark.parametrize(
    "near",
    [
        {"pairs": [pair("b", "c"), pair("d", "gone"), pair("gone", "lost")]},
        {"pairs": [pair("d", "gone")], "groups": [["b", "c"], ["d", "gone"]]},
    ],
)
def test_a_near_duplicate_is_asked_about_with_its_twin(project: Path, near: dict[str, object]) -> None:
    """Else a copy with the same wrong label would confirm it."""
    assert labelled_features._with_copies(GROUPS) == list(GROUPS.values())
    records.write_json(paths.DATASET, {"near_duplicates": near})
    found = dict(zip(GROUPS, labelled_features._with_copies(GROUPS), strict=True))
    assert found["a"] == found["b"] == found["c"]
    assert len({found[name] for name in "ade"}) == 3
