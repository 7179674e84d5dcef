"""Which stored images are asked about together."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.results import labelled_features

KNOWN = {"a": ("plant", "0"), "b": (None, "1"), "c": ("plant", "9"), "d": (None, "2"), "e": ("other", "3")}


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
    assert labelled_features._with_copies(KNOWN) == ["plant", "1", "plant", "2", "other"]
    records.write_json(paths.DATASET, {"near_duplicates": near})
    found = dict(zip(KNOWN, labelled_features._with_copies(KNOWN), strict=True))
    assert found["a"] == found["b"] == found["c"]
    assert len({found[name] for name in "ade"}) == 3


def test_identical_images_of_two_groups_are_asked_about_together(project: Path) -> None:
    found = labelled_features._with_copies({**KNOWN, "d": (None, "3"), "f": ("third", "3")})
    assert found[3] == found[4] == found[5]
    assert len(set(found)) == 3
