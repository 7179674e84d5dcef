"""What a lock says of its run, and whether a file beside it says the same."""

import pytest

from pipeline.files import paths
from pipeline.filing import locks
from pipeline.identity import declared
from pipeline.params.keys import flat
from pipeline.process.errors import DataError
from tests import shipped

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
PARAMS = {"data": {"source": "digits"}, "train": {"epochs": 20, "seed": 1}}


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
    assert locks.stale_parameters({"stages": stages}, {"train": PARAMS["train"]}) == {
        "train.epochs": (20, 5),
        "train.seed": (1, "nothing"),
    }


def test_a_parameter_that_no_stage_has_read_is_named():
    """A lock that says of no parameter what it was made with is not one of these parameters."""
    content = {**PARAMS, "tracking": {"experiment": "digits"}}
    hollow = {"stages": {name: {"cmd": "x"} for name in LOCK["stages"]}}
    assert locks.stale_parameters(hollow, content) == {
        "data.source": ("digits", "nothing"),
        "train.epochs": (20, "nothing"),
        "train.seed": (1, "nothing"),
    }


def test_a_key_of_a_later_version_that_no_stage_has_read_is_compared_by_what_it_means():
    asked = {**PARAMS, "data": {"source": "digits", "near_duplicates": "ignore"}}
    assert locks.stale_parameters(LOCK, asked) == {}
    asked["data"]["near_duplicates"] = "error"
    assert locks.stale_parameters(LOCK, asked) == {"data.near_duplicates": ("error", "nothing")}


def test_of_these_sections_stages_read_every_key(project):
    stages = ("fetch", "preprocess", "extract-features", "train", "evaluate")
    keys = [key for stage in stages for key in declared.of_stage(stage, shipped.content()).keys[str(paths.PARAMS)]]
    begin = tuple(f"{key}." for key in keys)
    content = {section: shipped.content()[section] for section in locks.READ}
    assert [name for name in flat(content) if not f"{name}.".startswith(begin)] == []
    assert {key.partition(".")[0] for key in keys} == {*locks.READ}


def test_an_output_of_two_stages_is_refused_by_name():
    outs = [{"path": "reports/metrics.json", "md5": "0" * 32}]
    lock = {"stages": {"evaluate": {"outs": outs}, "other": {"outs": outs}}}
    with pytest.raises(DataError, match=r"^here: reports/metrics\.json is an output twice"):
        locks.checked(lock, "here")
