"""Whoever changes params.yaml while a command works with it is told, before a result gets another's name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.commands import cross_validation, sweep
from pipeline.files import paths
from pipeline.filing.seeds import REPORT
from pipeline.params import config
from pipeline.process.errors import ConfigError
from pipeline.review import replicates, workspace
from pipeline.sweep import command


def edited(*_: object) -> tuple[str, ...]:
    """As somebody does while `dvc repro` runs, before its training begins."""
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(text.replace("  learning_rate: ", "  learning_rate: 0.5 # ", 1), encoding="utf-8")
    return ()


def replicate() -> None:
    replicates.replicate(2, lambda _: None)


def sweep_once() -> None:
    sweep.sweep(None, 1, None, None, True)


def folds() -> None:
    cross_validation.run(2, 1)


@pytest.mark.parametrize("run", [replicate, sweep_once, folds])
def test_what_dvc_ran_with_other_parameters_is_not_gone_on_with(
    project: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[[], None]
) -> None:
    params = config.load()
    for path in (Path(params.data.path), Path(params.backbone.path)):
        path.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(workspace, "dvc_repro", edited)
    for module in (sweep, cross_validation):
        monkeypatch.setattr(module, "require_dvc", lambda: None)
    monkeypatch.setattr(command, "bring_features_up_to_date", edited)
    with pytest.raises(ConfigError, match=r"params.yaml was changed after herbarium .* had read it"):
        run()
    assert not REPORT.exists()
