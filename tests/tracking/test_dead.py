"""A server that is not there, or does not answer, costs at most ten seconds and nothing else."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.params.schema import Params
from pipeline.tracking.live import Live
from pipeline.tracking.publish import publish
from pipeline.tracking.store import TrackingUnavailable

from .example import EPOCHS, FINGERPRINT

PLACES = Callable[[str | None], Params]


def train_and_publish(params: Params) -> tuple[float, list[str]]:
    said: list[str] = []
    began = time.monotonic()
    with Live(said.append) as live:
        live.started(FINGERPRINT, params)
        for epoch in EPOCHS:
            live.epoch(epoch)
    with pytest.raises(TrackingUnavailable) as caught:
        publish(params, lambda: pytest.fail("a model was built for nobody"))
    return time.monotonic() - began, [*said, str(caught.value)]


def test_nobody_listens(at: PLACES, results_files: Path, dead_port: int) -> None:
    seconds, said = train_and_publish(at(f"http://me:secret@127.0.0.1:{dead_port}"))
    hint = f"MLflow did not answer at http://127.0.0.1:{dead_port}; run `herbarium publish` later"
    assert said == [hint, hint]
    assert seconds < 5


def test_somebody_listens_and_never_answers(at: PLACES, results_files: Path, silent_port: int) -> None:
    seconds, said = train_and_publish(at(f"http://127.0.0.1:{silent_port}"))
    hint = f"MLflow did not answer at http://127.0.0.1:{silent_port}; run `herbarium publish` later"
    assert said == [hint, hint]
    assert seconds < 10
