"""What an optimizer would ignore is refused in the project's own parameters, and read in those on record."""

from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.params import config, idle
from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError


def with_decay(params: Params, optimizer: str, decay: float) -> Params:
    changed = params.train.model_copy(update={"optimizer": optimizer, "weight_decay": decay})
    return params.model_copy(update={"train": changed})


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "nadam"])
def test_weight_decay_is_refused_for_optimizers_that_have_none(params: Params, optimizer: str) -> None:
    with pytest.raises(CombinationError) as raised:
        idle.refuse(with_decay(params, optimizer, 0.01), "params.yaml")
    assert str(raised.value) == (
        f"params.yaml: train.weight_decay: found 0.01 with train.optimizer: {optimizer}, which has none and would"
        " ignore it; allowed: 0, or train.optimizer: adamw"
    )
    idle.refuse(with_decay(params, optimizer, 0.0), "params.yaml")


def test_adamw_has_weight_decay(params: Params) -> None:
    idle.refuse(with_decay(params, "adamw", 0.01), "params.yaml")


def test_the_projects_file_is_refused_and_a_record_is_read(project: Path) -> None:
    text = paths.PARAMS.read_text(encoding="utf-8")
    changed = text.replace("  weight_decay: 0.0 ", "  weight_decay: 0.1 ")
    assert changed != text
    for path in (paths.PARAMS, Path("record.yaml")):
        path.write_text(changed, encoding="utf-8")
    for read in (config.load, lambda: config.for_stage("train")):
        with pytest.raises(CombinationError, match=r"params\.yaml: train\.weight_decay: found 0\.1"):
            read()
    assert config.load(Path("record.yaml")).train.weight_decay == 0.1
