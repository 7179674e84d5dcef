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


def with_layer_decay(params: Params, unfrozen: int, **space: object) -> Params:
    train = params.train.model_copy(update={"layer_decay": 0.5, "unfrozen_layers": unfrozen})
    return params.model_copy(update={"train": train, "sweep": params.sweep.model_copy(update={"space": space})})


def test_layer_decay_without_layers_is_refused_unless_a_sweep_searches_them(params: Params) -> None:
    with pytest.raises(CombinationError, match=r"params\.yaml: train\.layer_decay: found 0\.5 with"):
        idle.refuse(with_layer_decay(params, 0), "params.yaml")
    idle.refuse(with_layer_decay(params, 1), "params.yaml")
    for searched in ("train.layer_decay", "train.unfrozen_layers"):
        idle.refuse(with_layer_decay(params, 0, **{searched: {}}), "params.yaml")


def with_section(params: Params, section: str, **values: object) -> Params:
    content = params.model_dump()
    images = section == "augmentation"
    place = content["images"] if images else content
    place[section] = place[section] | values
    return Params.model_validate(content)


def test_changes_of_copies_that_nobody_makes_are_refused(params: Params) -> None:
    """Who asks for turned and mirrored images and gets none would report a training with augmentation."""
    asked = {"rotation": 20.0, "crop": 0.8, "flip": True, "randaugment": 2}
    with pytest.raises(CombinationError) as raised:
        idle.refuse(with_section(params, "augmentation", **asked), "params.yaml")
    assert str(raised.value) == (
        "params.yaml: images.augmentation: found rotation: 20.0, crop: 0.8, flip: true, randaugment: 2 with views: 0"
        " and on_the_fly: false, where no copy is made and they would be ignored; allowed: views of 1 or more, or"
        " on_the_fly: true, or rotation: 0.0, crop: 1.0, flip: false, randaugment: 0"
    )
    for made in ({"views": 1}, {"on_the_fly": True}):
        idle.refuse(with_section(params, "augmentation", **asked, **made), "params.yaml")
    idle.refuse(with_section(params, "augmentation", seed=7, magnitude=3.0), "params.yaml")


def test_batch_normalization_without_a_layer_is_refused_unless_a_sweep_searches_them(params: Params) -> None:
    without = with_section(params, "head", batch_norm=True, units=[], dropout=0.0)
    with pytest.raises(CombinationError, match=r"head\.batch_norm: found true with head\.units: \[\]"):
        idle.refuse(without, "params.yaml")
    for searched in ("head.batch_norm", "head.units"):
        sweep = without.sweep.model_copy(update={"space": {searched: {}}})
        idle.refuse(without.model_copy(update={"sweep": sweep}), "params.yaml")


def test_cutmix_of_pooled_features_is_refused(params: Params) -> None:
    def with_cutmix(unfrozen: int, on_the_fly: bool) -> Params:
        content = params.model_dump()
        content["train"] |= {"cutmix": 1.0, "unfrozen_layers": unfrozen}
        content["images"]["augmentation"]["on_the_fly"] = on_the_fly
        return Params.model_validate(content)

    with pytest.raises(CombinationError, match=r"params\.yaml: train\.cutmix: found 1 with train\.unfrozen_layers: 0"):
        idle.refuse(with_cutmix(0, on_the_fly=False), "params.yaml")
    idle.refuse(with_cutmix(1, on_the_fly=False), "params.yaml")
    idle.refuse(with_cutmix(0, on_the_fly=True), "params.yaml")


def test_the_projects_file_is_refused_and_a_record_is_read(project: Path) -> None:
    text = paths.PARAMS.read_text(encoding="utf-8")
    changed = text.replace("  weight_decay: 0.0 ", "  weight_decay: 0.1 ")
    assert changed != text
    for path in (paths.PARAMS, Path("record.yaml")):
        path.write_text(changed, encoding="utf-8")
    with pytest.raises(CombinationError, match=r"params\.yaml: train\.weight_decay: found 0\.1"):
        config.load()
    assert config.load(Path("record.yaml")).train.weight_decay == 0.1
