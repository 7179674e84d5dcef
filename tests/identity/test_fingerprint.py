"""The fingerprint follows all that decides a training, and nothing else."""

from typing import Any

import pytest

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.identity.environment import environment
from pipeline.params.schema import Params

FEATURES: dict[str, Any] = {
    "digests": {
        split: {"labels.npy": f"labels of {split}", "pooled.npy": f"rows of {split}"} for split in paths.SPLITS
    },
    "images": {"train": 10, "validation": 4, "test": 4},
    "sources": {split: f"images of {split}" for split in paths.SPLITS},
    "precision": "float32",
    "weights": "aa",
}


def named(params: Params, code: str = "c0", classes: tuple[str, ...] = ("daisy", "rose"), **sections: Any) -> str:
    features = sections.pop("features", FEATURES)
    around = sections.pop("environment", {"threads": "2"})
    updates = {section: getattr(params, section).model_copy(update=values) for section, values in sections.items()}
    changed = params.model_copy(update=updates)
    return fingerprint.fingerprint(changed, fingerprint.training_inputs(features), classes, around, code)


def with_changed(key: str, split: str, value: Any) -> dict[str, Any]:
    return {**FEATURES, key: {**FEATURES[key], split: value}}


def test_the_fingerprint_follows_what_decides_the_result(params):
    different = [
        named(params),
        named(params, train={"seed": 2}),
        named(params, train={"learning_rate": 0.5}),
        named(params, head={"units": [9]}),
        named(params, backbone={"layers": [8]}),
        named(params, images={"scale": "symmetric"}),
        named(params, environment={"threads": "3"}),
        named(params, environment={"threads": "2", "ONEDNN_MAX_CPU_ISA": "AVX2"}),
        named(params, features=with_changed("digests", "train", {"labels.npy": "relabelled"})),
        named(params, features=with_changed("digests", "validation", {"labels.npy": "relabelled"})),
        named(params, features={**FEATURES, "weights": "bb"}),
        named(params, code="c1"),
        named(params, classes=("daisy", "tulip")),
        named(params, classes=("rose", "daisy")),
    ]
    assert len(set(different)) == len(different)


def test_the_fingerprint_does_not_follow_names_and_places(params):
    same = {
        named(params),
        named(params, data={"name": "other"}),
        named(params, tracking={"experiment": "other", "uri": "sqlite:///x.db"}),
        named(params, backbone={"path": "elsewhere.weights.h5"}),
    }
    assert len(same) == 1


@pytest.mark.parametrize("key", ["digests", "images", "sources"])
def test_no_test_image_decides_a_training(params, key):
    assert named(params, features=with_changed(key, "test", "other")) == named(params)


def test_of_a_project_it_is_made_of_its_files_and_of_this_machine(params, project, monkeypatch):
    records.write_json(paths.FEATURES_INDEX, FEATURES)
    records.write_json(paths.CLASSES, ["daisy", "rose"])
    around = environment(params.compute)
    assert fingerprint.of_project(params) == named(params, fingerprint.training_code(), environment=around)
    monkeypatch.setattr(fingerprint, "training_code", lambda: "other")
    assert fingerprint.of_project(params) == named(params, "other", environment=around)
