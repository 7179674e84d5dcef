from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.process.errors import DataError
from pipeline.tracking import results

from .example import CLASSES, EPOCHS, TRAINING, write_predictions


@pytest.mark.usefixtures("results_files")
def test_files_are_read_whole() -> None:
    found = results.read()
    assert found.training == TRAINING
    assert found.epochs == EPOCHS
    assert found.classes == CLASSES
    assert found.probabilities.shape == (6, 3)
    assert np.all(found.probabilities == 1 / 3)


def test_everything_missing_is_named_at_once(project: Path) -> None:
    with pytest.raises(results.ResultsError) as caught:
        results.read()
    for path in (paths.TRAINING, paths.METRICS, paths.images("test")):
        assert str(path) in str(caught.value)
    assert "dvc repro" in str(caught.value)


@pytest.mark.usefixtures("results_files")
def test_damaged_json_is_named() -> None:
    paths.METRICS.write_text('{"test_accuracy": ')
    with pytest.raises(results.ResultsError, match=r"reports/metrics\.json: not valid JSON"):
        results.read()


@pytest.mark.usefixtures("results_files")
def test_predictions_of_another_test_split_are_refused() -> None:
    write_predictions(np.full((5, 3), 1 / 3))
    with pytest.raises(results.ResultsError, match="found 5 rows of 3 classes; allowed: 6, one for each test image"):
        results.read()


@pytest.mark.usefixtures("results_files")
def test_predictions_of_other_classes_are_refused() -> None:
    for path, content in ((paths.CLASSES, [*CLASSES, "elm"]), (paths.TRAINING, {"classes": [*CLASSES, "elm"]})):
        records.write_json(path, content)
    with pytest.raises(
        results.ResultsError, match="found 6 rows of 3 classes; allowed: 6, one for each test image, of the 4 classes"
    ):
        results.read()


@pytest.mark.usefixtures("results_files")
def test_a_model_of_other_classes_is_refused() -> None:
    records.write_json(paths.CLASSES, CLASSES[::-1])
    with pytest.raises(DataError, match="images and model do not belong together"):
        results.read()


@pytest.mark.usefixtures("results_files")
def test_artifacts_are_those_there_are() -> None:
    files = {path for path, _ in results.artifacts()}
    assert {paths.PARAMS, paths.PREDICTIONS, paths.CURVES_PICTURE} <= files
    assert paths.LOCK not in files
    records.write_text(paths.LOCK, "schema: '2.0'\n")
    assert (paths.LOCK, "") in results.artifacts()


@pytest.mark.usefixtures("results_files")
def test_digest_follows_files_and_labels() -> None:
    digest = results.digest(["commit"])
    assert results.digest(["commit"]) == digest
    assert results.digest(["other"]) != digest
    records.write_text(paths.CURVES_PICTURE, "another picture")
    assert results.digest(["commit"]) != digest
