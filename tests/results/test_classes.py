"""Model and images must mean the same by label 0, 1, 2 …"""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.process.errors import DataError
from pipeline.results import classes

pytestmark = pytest.mark.usefixtures("project")


def test_names_are_those_of_the_training() -> None:
    records.write_json(paths.TRAINING, {"classes": ["oak", "elm"]})
    assert classes.of_model() == ["oak", "elm"]  # models/ alone is enough, as after `dvc pull models`
    records.write_json(paths.CLASSES, ["oak", "elm"])
    assert classes.of_model() == ["oak", "elm"]


@pytest.mark.parametrize("stored", [["elm", "oak"], ["oak"], [f"class {i}" for i in range(9)]])
def test_other_names_or_another_order_are_refused(stored: list[str]) -> None:
    records.write_json(paths.TRAINING, {"classes": ["oak", "elm"]})
    records.write_json(paths.CLASSES, stored)
    with pytest.raises(
        DataError, match=r"classes.json: found .* was trained for 2 classes \(oak, elm\), in that order"
    ):
        classes.of_model()


def test_without_a_training_there_are_none(project: Path) -> None:
    with pytest.raises(DataError, match="not found; nothing has been trained"):
        classes.of_model()
    records.write_json(paths.TRAINING, {})
    with pytest.raises(DataError, match="names no classes"):
        classes.of_model()
