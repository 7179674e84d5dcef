"""What a lock says of its run, and whether a file beside it says the same."""

import pytest

from pipeline.filing import locks

LOCK = {
    "stages": {
        "fetch": {
            "params": {"params.yaml": {"data.source": "digits"}, "pipeline/versions.json": {"numpy": "2.4.6"}},
            "deps": [{"path": "pipeline/a.py", "md5": "1"}, {"path": "data/originals", "md5": "2"}],
            "outs": [{"path": "data/raw", "md5": "3"}],
        },
        "train": {
            "params": {"params.yaml": {"train": {"epochs": 20, "seed": 1}}},
            "deps": [{"path": "data/raw", "md5": "3"}],
            "outs": [{"path": "models/model.keras", "md5": "4"}],
        },
    }
}
PARAMS = {"data": {"source": "digits", "name": "digits"}, "train": {"epochs": 20, "seed": 1}}


def test_what_is_read_and_not_written_is_a_source():
    assert locks.sources(LOCK) == {"pipeline/a.py": "1", "data/originals": "2"}
    assert locks.outputs(LOCK) == {"data/raw": "3", "models/model.keras": "4"}


def test_the_parameters_it_was_made_with_are_current():
    assert locks.stale_parameters(LOCK, PARAMS) == {}
    assert locks.stale_parameters(LOCK, {"numpy": "2.4.6"}, "pipeline/versions.json") == {}


@pytest.mark.parametrize(
    ("content", "stale"),
    [
        ({**PARAMS, "train": {"epochs": 20, "seed": 2}}, {"train.seed": (2, 1)}),
        ({"train": PARAMS["train"]}, {"data.source": ("nothing", "digits")}),
        (
            "no mapping",
            {"data.source": ("nothing", "digits"), "train.epochs": ("nothing", 20), "train.seed": ("nothing", 1)},
        ),
    ],
)
def test_other_parameters_are_named(content, stale):
    assert locks.stale_parameters(LOCK, content) == stale
    assert all(name in locks.stale_sentence(stale) for name in stale)


@pytest.mark.parametrize(
    ("read", "said", "stale"),
    [
        ({}, {"mixup": 0.0}, {}),
        ({"mixup": 0.0}, {}, {}),
        ({}, {"mixup": 0.3}, {"train.mixup": (0.3, "nothing")}),
        ({"mixup": 0.0}, {"mixup": 0.3}, {"train.mixup": (0.3, 0.0)}),
        ({"mixup": 0.3}, {"mixup": 0.0}, {"train.mixup": (0.0, 0.3)}),
        ({"class_weights": "none"}, {"class_weights": {"a.b": 2.0}}, {"train.class_weights.a.b": (2.0, "nothing")}),
        (
            {"class_weights": {"rose": 2.0}},
            {"class_weights": {"rose": 2.0, "daisy": 3.0}},
            {"train.class_weights.daisy": (3.0, "nothing")},
        ),
    ],
)
def test_keys_of_later_versions_are_compared_by_what_they_mean(read, said, stale):
    lock = {"stages": {"train": {"params": {"params.yaml": {"train": {"epochs": 20, **read}}}}}}
    assert locks.stale_parameters(lock, {"train": {"epochs": 20, **said}, "sweep": {"folds": 3}}) == stale


def test_a_stage_that_read_another_value_than_a_later_one_is_named():
    stages = {
        name: {"params": {"params.yaml": {"train": {"epochs": n}}}} for name, n in (("train", 5), ("evaluate", 20))
    }
    assert locks.stale_parameters({"stages": stages}, PARAMS) == {
        "train.epochs": (20, 5),
        "train.seed": (1, "nothing"),
    }
