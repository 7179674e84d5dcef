"""The first of the inputs of `python -m tests.faults.fuzz`, and that it would notice."""

import contextlib
from pathlib import Path

import pytest

from pipeline.process.errors import ConfigError, DataError
from tests.faults import fuzz


def test_damaged_images_are_pixels_or_refused():
    tally = fuzz.run(fuzz.damaged_images(2, 1500), fuzz.decode, DataError)
    assert tally.inputs == 1500
    assert 100 < tally.refused < 1500
    assert fuzz.peak_megabytes() < fuzz.MEGABYTES


def test_damaged_parameter_files_are_parameters_or_refused(project: Path, tmp_path: Path):
    inputs = fuzz.damaged_parameters(2, 60, fuzz.plain(project / "params.yaml"))
    tally = fuzz.run(inputs, lambda content: fuzz.load(content, tmp_path / "params.yaml"), ConfigError)
    assert tally.inputs == 60
    assert 10 < tally.refused <= 60


def test_another_error_and_an_endless_input_are_noticed(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ZeroDivisionError) as caught:
        fuzz.run([b"x"], lambda _: 1 / 0, DataError)
    assert caught.value.__notes__ == ["input 0, 1 bytes: b'x'"]
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)

    def endless(_: bytes) -> None:
        while True:
            with contextlib.suppress(Exception):  # as a decoder might
                sum(range(1000))

    with pytest.raises(fuzz.TooSlow):
        fuzz.run([b"x"], endless, DataError)


def test_the_inputs_follow_from_the_seed():
    assert list(fuzz.damaged_images(3, 50)) == list(fuzz.damaged_images(3, 50))
    assert list(fuzz.damaged_images(3, 50)) != list(fuzz.damaged_images(4, 50))
