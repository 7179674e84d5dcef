"""Which stage parted first, and why, from two lock files."""

import copy

import pytest

from pipeline.filing import divergence, locks

ENVIRONMENT = {"instruction_set": "x86_64 avx2", "threads": "2", "python": "3.11.9", "keras": "3.15"}
STAGES = {
    "fetch": {
        "cmd": "python -m pipeline fetch",
        "params": {
            "params.yaml": {"data.source": "digits"},
            "pipeline/versions.json": {"numpy": "2.4.6"},
        },
        "deps": [{"path": "data/originals", "md5": "a.dir"}, {"path": "pipeline/data/digits.py", "md5": "b"}],
        "outs": [{"path": "data/raw", "md5": "c.dir"}],
    },
    "train": {
        "cmd": "python -m pipeline train",
        "params": {"params.yaml": {"train": {"epochs": 20, "seed": 1}}},
        "deps": [{"path": "data/raw", "md5": "c.dir"}, {"path": "base.weights.h5", "md5": "d"}],
        "outs": [{"path": "models/model.keras", "md5": "e"}, {"path": "models/training.json", "md5": "f"}],
    },
}


@pytest.fixture
def lock() -> dict:
    return {"schema": "2.0", "stages": copy.deepcopy(STAGES)}


def compared(
    found: dict, recorded: dict | None = None, environment: dict | None = None
) -> list[divergence.StageComparison]:
    return divergence.compare(recorded or {"stages": STAGES}, found, ENVIRONMENT, environment or ENVIRONMENT)


def test_equal_outputs_are_exact_whatever_the_code(lock):
    lock["stages"]["fetch"]["deps"][1]["md5"] = "a comment was edited"
    assert divergence.exact(compared(lock))
    assert divergence.first(compared(lock)) is None


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda s: s["params"]["params.yaml"].update({"data.source": "tfds"}), "parameters: data.source is 'tfds'"),
        (lambda s: s["params"]["pipeline/versions.json"].update(numpy="2.5"), "package: numpy is 2.5, was 2.4.6"),
        (lambda s: s["deps"][0].update(md5="z"), "data: data/originals"),
        (lambda s: s["deps"][1].update(md5="z"), "code: pipeline/data/digits.py"),
        (lambda s: None, "unknown"),
    ],
)
def test_the_first_stage_that_differs_is_named_with_its_cause(lock, change, cause):
    change(lock["stages"]["fetch"])
    lock["stages"]["fetch"]["outs"][0]["md5"] = "other"
    lock["stages"]["train"]["outs"][0]["md5"] = "other"
    fetch, train = compared(lock)
    assert divergence.first([fetch, train]) is fetch
    assert fetch.causes[0].startswith(cause)
    assert fetch.differing == ("data/raw",)
    assert train.state == divergence.DIFFERS
    assert train.causes == ()  # a consequence


def test_nested_parameters_and_weights(lock):
    lock["stages"]["train"]["params"]["params.yaml"]["train"]["epochs"] = 19
    lock["stages"]["train"]["deps"][1]["md5"] = "other"
    lock["stages"]["train"]["outs"][0]["md5"] = "other"
    causes = compared(lock)[1].causes
    assert causes == ("parameters: train.epochs is 19, was 20", "weights: base.weights.h5")


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("instruction_set", "x86_64 avx512f", "processor: x86_64 avx512f, was x86_64 avx2"),
        ("python", "3.13.1", "Python: 3.13.1, was 3.11.9"),
        ("keras", "3.16", "package: keras is 3.16, was 3.15"),
        ("ONEDNN_MAX_CPU_ISA", "AVX2", "variable ONEDNN_MAX_CPU_ISA: AVX2, was not set"),
    ],
)
def test_another_machine_is_named_before_edited_code(lock, name, value, cause):
    """Code is edited all the time without an effect; another processor or Python always has one."""
    for stage in lock["stages"].values():
        stage["outs"][0]["md5"] = "other"
    lock["stages"]["fetch"]["deps"][1]["md5"] = "edited"
    found = compared(lock, environment=ENVIRONMENT | {name: value})
    assert found[0].causes == (cause, "code: pipeline/data/digits.py")


def test_other_parameters_and_data_are_named_before_another_machine(lock):
    fetch = lock["stages"]["fetch"]
    fetch["outs"][0]["md5"] = "other"
    fetch["deps"][0]["md5"] = "z"
    fetch["params"]["params.yaml"]["data.source"] = "tfds"
    causes = compared(lock, environment=ENVIRONMENT | {"python": "3.13.1"})[0].causes
    assert [cause.split(":")[0] for cause in causes] == ["parameters", "data", "Python"]


def test_a_package_that_lock_and_environment_name_is_named_once(lock):
    lock["stages"]["fetch"]["params"]["pipeline/versions.json"]["numpy"] = "2.5"
    lock["stages"]["fetch"]["outs"][0]["md5"] = "other"
    environments = ENVIRONMENT | {"numpy": "2.4.6"}, ENVIRONMENT | {"numpy": "2.5"}
    (cause,) = divergence.compare({"stages": STAGES}, lock, *environments)[0].causes
    assert cause == "package: numpy is 2.5, was 2.4.6"


def test_what_an_older_record_does_not_name_is_no_difference(lock):
    lock["stages"]["fetch"]["outs"][0]["md5"] = "other"
    recorded = {"instruction_set": "x86_64 avx2"}
    (cause,) = divergence.compare({"stages": STAGES}, lock, recorded, ENVIRONMENT)[0].causes
    assert cause.startswith("unknown")


def test_a_stage_that_was_not_recorded_is_not_exact(lock):
    recorded = {"stages": {"fetch": STAGES["fetch"]}}
    stages = compared(lock, recorded)
    assert [stage.state for stage in stages] == [divergence.SAME, divergence.NOT_RECORDED]
    assert not divergence.exact(stages)
    assert not divergence.exact([])


def test_of_a_stage_on_record_in_part_only_that_part_counts(lock):
    part = {"outs": [{"path": "models/model.keras", "md5": "e"}], locks.PARTIAL: True}
    recorded = {"stages": {**STAGES, "train": part}}
    assert divergence.exact(compared(lock, recorded))
    lock["stages"]["train"]["outs"][0]["md5"] = "other"
    assert compared(lock, recorded)[1].differing == ("models/model.keras",)


@pytest.mark.parametrize("outs", [[], [{"path": "models/model.keras"}, {"path": "models/training.json", "md5": "f"}]])
def test_what_has_no_hash_on_record_is_not_recorded(lock, outs):
    recorded = {"stages": {**STAGES, "train": {"cmd": "x", "outs": outs}}}
    stages = compared(lock, recorded)
    assert [stage.state for stage in stages] == [divergence.SAME, divergence.NOT_RECORDED]
    assert not divergence.exact(stages)


def test_a_stage_that_the_record_alone_has_differs(lock):
    added = {"outs": [{"path": "more/metrics.json", "md5": "a"}]}
    stages = compared(lock, {"stages": {**STAGES, "more": added}})
    assert [(stage.name, stage.state, stage.ran) for stage in stages][2:] == [("more", divergence.DIFFERS, False)]
    assert stages[2].differing == ("more/metrics.json",)
    assert stages[2].causes == ("code: the pipeline that ran has no such stage",)
