"""A project in a folder with everything in its name that means something in a URL: all there, nothing beside it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.sweep import study
from pipeline.tracking import models, registry, ui
from pipeline.tracking.publish import publish
from tests.hostile_names import EVERYTHING

PLACES = Callable[[str | None], Params]


@pytest.fixture
def oddly_placed(
    finished: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The finished experiment, moved."""
    around = tmp_path_factory.mktemp("around")
    project = around / EVERYTHING / "project"
    shutil.copytree(finished, project)
    monkeypatch.chdir(project)
    yield project
    assert [path.name for path in around.iterdir()] == [EVERYTHING]
    assert [path.name for path in (around / EVERYTHING).iterdir()] == ["project"]


def test_a_run_is_published_registered_and_asked(oddly_placed: Path, at: PLACES, model: Any) -> None:
    params = at(None)
    run = publish(params, lambda: model)
    assert not publish(params, lambda: pytest.fail("the model was built again")).created
    assert registry.register(params.tracking, run.run_id, "trees").champion
    classify = models.opened("models:/trees@champion", params.tracking).predict
    assert len(classify([records.read_npy(paths.images("test"))[0]])) == 1
    assert (oddly_placed / "mlflow.db").is_file()
    assert (oddly_placed / "mlartifacts").is_dir()


def test_a_sweep_has_its_study_there(oddly_placed: Path) -> None:
    study.open_study("a", study.default_storage())
    assert (oddly_placed / "optuna.db").is_file()


@pytest.mark.slow
def test_the_server_shows_that_database(oddly_placed: Path, at: PLACES) -> None:
    with ui.server(at(None).tracking) as url:
        assert MlflowClient(url).get_experiment_by_name("digits") is not None
