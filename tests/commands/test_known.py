"""What a network knows is worked out once for each network, and said to be unknown where nothing was stored."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.commands import known
from pipeline.files import paths, records
from pipeline.serving.familiarity import Familiarity
from tests.small_data import write_images, write_index

NOTHING = np.zeros((0, 0))


@pytest.fixture
def fitted(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A finished run's files; the temperatures of what is fitted, in turn: 1, 2, …"""
    write_images()
    write_index()
    records.write_text(paths.MODEL, "a network")
    records.write_text(paths.VALIDATION_PREDICTIONS, "its predictions")
    made: list[float] = []

    def fit(*_: object) -> Familiarity:
        made.append(len(made) + 1.0)
        return Familiarity("logits", made[-1], NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)

    monkeypatch.setattr(known, "_fitted", fit)
    return made


def temperature() -> float:
    found = known.familiarity(None)  # type: ignore[arg-type]
    assert found is not None
    return found.temperature


def test_it_is_fitted_once_for_each_network_and_again_if_damaged(fitted: list[float]) -> None:
    assert [temperature(), temperature()] == [1, 1]
    records.write_text(paths.MODEL, "another network")
    assert [temperature(), temperature()] == [2, 2]
    for kept in (paths.STATE / "familiarity").iterdir():
        kept.write_bytes(kept.read_bytes()[:100])
    assert temperature() == 3
    assert fitted == [1, 2, 3]


def test_what_is_not_here_is_named_and_stops_nothing(fitted: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    paths.split_index("train").unlink()
    assert known.familiarity(None) is None  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert said.startswith(
        "note: data/features/train/split.json is not here, so nothing is said of images of other kinds"
    )
    assert "dvc pull" in said


def test_too_few_validation_images_are_said_to_be(
    fitted: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "_fitted", lambda *_: None)
    assert known.familiarity(None) is None  # type: ignore[arg-type]
    assert "fewer validation images than a level of 5 % needs (19)" in capsys.readouterr().err
    assert not (paths.STATE / "familiarity").exists()
