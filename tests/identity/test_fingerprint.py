"""The fingerprint follows all that decides a training, and nothing else."""

from typing import Any

from pipeline.files import features_index, paths, records
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

INPUTS = {
    key: {s: of[s] for s in ("train", "validation")} if isinstance(of, dict) else of for key, of in FEATURES.items()
}


def named(params: Params, code: str = "c0", classes: tuple[str, ...] = ("daisy", "rose"), **sections: Any) -> str:
    inputs = sections.pop("inputs", INPUTS)
    around = sections.pop("environment", {"threads": "2"})
    updates = {section: getattr(params, section).model_copy(update=values) for section, values in sections.items()}
    changed = params.model_copy(update=updates)
    return fingerprint.fingerprint(changed, inputs, classes, around, code)


def with_changed(key: str, split: str, value: Any) -> dict[str, Any]:
    return {**INPUTS, key: {**INPUTS[key], split: value}}


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
        named(params, inputs=with_changed("digests", "train", {"labels.npy": "relabelled"})),
        named(params, inputs=with_changed("digests", "validation", {"labels.npy": "relabelled"})),
        named(params, inputs={**INPUTS, "weights": "bb"}),
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


def test_no_test_image_decides_a_training(params, project):
    records.write_json(paths.CLASSES, ["daisy", "rose"])
    features_index.write(FEATURES)
    name, before = fingerprint.of_project(params), {p: p.read_bytes() for p in paths.FEATURES.rglob("*.json")}
    features_index.write({**FEATURES, **{key: {**FEATURES[key], "test": "other"} for key in features_index.OF_SPLITS}})
    assert fingerprint.of_project(params) == name
    assert [path for path in before if path.read_bytes() != before[path]] == [paths.split_index("test")]


def test_of_a_project_it_is_made_of_its_files_and_of_this_machine(params, project, monkeypatch):
    features_index.write(FEATURES)
    records.write_json(paths.CLASSES, ["daisy", "rose"])
    around = environment(params.compute)
    assert fingerprint.of_project(params) == named(params, fingerprint.training_code(), environment=around)
    monkeypatch.setattr(fingerprint, "training_code", lambda: "other")
    assert fingerprint.of_project(params) == named(params, "other", environment=around)


def test_what_images_on_the_fly_follow_from_is_in_it(params, project):
    """Copies are drawn by an image's content as it was before it was brought to size; names decide nothing."""
    features_index.write(FEATURES)
    records.write_json(paths.CLASSES, ["daisy", "rose"])
    flown = params.images.model_copy(
        update={"augmentation": params.images.augmentation.model_copy(update={"on_the_fly": True, "flip": True})}
    )
    every = params.model_copy(update={"images": flown})
    found = []
    for name, content in (("a.png", "0a"), ("b.png", "0a"), ("a.png", "0b")):
        for split in paths.SPLITS:
            records.write_csv(paths.ids(split), ["name", "sha256"], [(name, content)])
        found.append((fingerprint.of_project(every), fingerprint.of_project(params)))
    (first, stored), (renamed, _), (other, same) = found
    assert first == renamed != other
    assert stored == same
