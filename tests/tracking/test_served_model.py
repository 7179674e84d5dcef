from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.serving import probe
from pipeline.tracking import results, served_model

from .example import CLASSES

pytestmark = pytest.mark.usefixtures("finished")


@pytest.fixture
def saved(tmp_path: Path, model: Any) -> Path:
    served_model._save(tmp_path / "model", model, CLASSES)
    return tmp_path / "model"


def test_difference_decides(saved: Path) -> None:
    probabilities = results.read().probabilities
    served_model.check(saved, CLASSES, probabilities, 1e-4)
    served_model.check(saved, CLASSES, probabilities + 5e-5, 1e-4)
    with pytest.raises(probe.ServedModelError, match=r"by 0\.001 in a probability; allowed: 0\.0001"):
        served_model.check(saved, CLASSES, probabilities + 1e-3, 1e-4)


def test_a_model_of_other_classes_is_refused(saved: Path) -> None:
    with pytest.raises(probe.ServedModelError, match=r"served model names .* has .*elm"):
        served_model.check(saved, [*CLASSES[:2], "elm"], results.read().probabilities, 1e-4)


def test_numbers_that_are_none_are_refused(saved: Path) -> None:
    with pytest.raises(probe.ServedModelError, match="by nan"):
        served_model.check(saved, CLASSES, np.full((6, 3), np.nan), 1e-4)


def test_coarser_arithmetic_is_allowed_more(params: Params) -> None:
    def with_compute(**values: object) -> Params:
        return params.model_copy(update={"compute": params.compute.model_copy(update=values)})

    allowed = [
        probe.tolerance(with_compute(**values)) for values in ({}, {"storage": "float16"}, {"precision": "bfloat16"})
    ]
    assert allowed == sorted(allowed)
    assert len(set(allowed)) == 3


def test_requirements_are_the_recorded_versions(saved: Path) -> None:
    versions = records.read_json(paths.VERSIONS)
    requirements = (saved / "requirements.txt").read_text().split()
    assert f"tensorflow=={versions['tensorflow']}" in requirements
    assert not any(line.startswith("matplotlib") for line in requirements)


def test_nothing_in_it_is_pickled(saved: Path) -> None:
    kinds = {path.suffix for path in saved.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert kinds == {".keras", ".json", ".py", ".txt", ".yaml", ""}
    assert [path.name for path in saved.rglob("*") if path.is_file() and not path.suffix] == ["MLmodel"]
