"""What a network knows is worked out once for each network, and said to be unknown where nothing was stored."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.serving import knowledge
from pipeline.serving.familiarity import Familiarity
from tests.small_data import write_images, write_index

NOTHING = np.zeros((0, 0))


@pytest.fixture
def fit(project: Path) -> Callable[[], Familiarity]:
    """Beside a finished run's files; the temperatures of what it fits are, in turn, 1, 2, …"""
    write_images()
    write_index()
    records.write_text(paths.MODEL, "a network")
    records.write_text(paths.VALIDATION_PREDICTIONS, "its predictions")
    temperatures = count(1.0)

    def fitted() -> Familiarity:
        return Familiarity("logits", next(temperatures), NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)

    return fitted


def temperature(fit: Callable[[], Familiarity]) -> float:
    found = knowledge.familiarity("logits", fit)
    assert found is not None
    return found.temperature


def test_it_is_fitted_once_for_each_network_and_again_if_damaged(fit: Callable[[], Familiarity]) -> None:
    assert [temperature(fit), temperature(fit)] == [1, 1]
    records.write_text(paths.MODEL, "another network")
    assert [temperature(fit), temperature(fit)] == [2, 2]
    for kept in (paths.STATE / "familiarity").iterdir():
        kept.write_bytes(kept.read_bytes()[:100])
    assert temperature(fit) == 3


def test_what_is_not_here_is_named_and_stops_nothing(
    fit: Callable[[], Familiarity], capsys: pytest.CaptureFixture[str]
) -> None:
    paths.split_index("train").unlink()
    assert knowledge.familiarity("logits", fit) is None
    said = capsys.readouterr().err
    assert said.startswith(
        "note: data/features/train/split.json is not here, so nothing is said of images of other kinds"
    )
    assert "dvc pull" in said


def test_too_few_validation_images_are_said_to_be_and_are_found_once_for_each_network(
    fit: Callable[[], Familiarity], capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[None] = []
    for networks, text in ((1, "a network"), (1, "a network"), (2, "another network")):
        records.write_text(paths.MODEL, text)
        assert knowledge.familiarity("logits", lambda: asked.append(None)) is None
        assert "fewer validation images than a level of 5 % needs (19)" in capsys.readouterr().err
        assert len(asked) == networks


def test_it_is_of_the_layer_that_the_network_has_now(fit: Callable[[], Familiarity]) -> None:
    """Without dropout the same weights make a network whose head begins with another layer."""
    first = knowledge.familiarity("dropout", fit)
    again = knowledge.familiarity("logits", fit)
    assert first is not None
    assert again is not None
    assert (first.temperature, again.temperature) == (1, 2)


def test_of_other_images_it_is_not_fitted_and_that_is_not_remembered(
    fit: Callable[[], Familiarity], capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> Familiarity:
        raise knowledge.OtherImagesError("data/features is of other images than the network was trained with")

    assert knowledge.familiarity("logits", refused) is None
    assert "other images than the network was trained with, so nothing is said of images of" in capsys.readouterr().err
    assert temperature(fit) == 1
