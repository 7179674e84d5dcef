"""Re-runs of a tiny experiment: the faithful one is the record's, bit for bit; every broken one is caught and named."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.files import records
from pipeline.filing import ledger, locks
from pipeline.process.errors import ConfigError
from pipeline.review import report, verify
from pipeline.review.verdict import Outcome
from pipeline.review.workspace import RerunError

from .conftest import commit

pytestmark = pytest.mark.slow
PARAMS = Path("experiments/digits/params.yaml")


def review(what: str = "digits", seeds: int = 1, fresh: bool = False) -> verify.Review:
    return verify.review(what, seeds, None, fresh, lambda _: None)


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def set_parameter(section: str, key: str, value: object) -> None:
    yaml = YAML()
    content = yaml.load(PARAMS)
    content[section][key] = value
    yaml.dump(content, PARAMS)


def other_split() -> None:
    yaml = YAML()
    content = yaml.load(PARAMS)
    content["data"]["splits"].update(validation="train[90%:]", test="train[80%:90%]")
    yaml.dump(content, PARAMS)


def wrong_weights() -> None:
    import h5py

    with h5py.File("pipeline/model/fashion_cnn/backbone.weights.h5", "r+") as file:
        kernels: list[h5py.Dataset] = []
        file.visititems(lambda _, item: kernels.append(item) if isinstance(item, h5py.Dataset) else None)
        kernels[0][...] = 1.01 * kernels[0][...]


BROKEN = {
    "other split": (other_split, "preprocess", "parameters: data.splits"),
    "other scaling": (
        lambda: set_parameter("images", "scale", "symmetric"),
        "extract-features",
        "parameters: images.scale is 'symmetric', was 'unit'",
    ),
    "an epoch less": (lambda: set_parameter("train", "epochs", 1), "train", "parameters: train.epochs is 1, was 2"),
    "wrong weights": (wrong_weights, "extract-features", "weights: pipeline/model/fashion_cnn/backbone.weights.h5"),
    "swapped labels": (
        lambda: replace(Path("pipeline/data/digits.py"), "int(label)", "9 - int(label)"),
        "fetch",
        "code: pipeline/data/digits.py",
    ),
}


def test_a_faithful_rerun_is_exact_computed_anew(reviewed):
    before = sorted(path for path in reviewed.rglob("*") if ".herbarium" not in path.parts and ".dvc" not in path.parts)
    found = review(fresh=True)
    assert found.outcome is Outcome.EXACT
    assert found.computed == ("fetch", "preprocess", "extract-features", "train", "evaluate")
    assert sorted(p for p in reviewed.rglob("*") if ".herbarium" not in p.parts and ".dvc" not in p.parts) == before
    assert not list(reviewed.glob(".herbarium/review-*"))


def test_what_comes_from_the_cache_is_said(reviewed):
    found = review()
    assert found.outcome is Outcome.EXACT
    assert found.computed == ()
    assert any("not computed again: fetch" in note for note in found.notes)
    markdown, data = report.write(found)
    assert "REPRODUCED EXACTLY" in markdown.read_text(encoding="utf-8")
    assert records.read_json(data)["exact"] is True
    first = markdown.read_bytes(), data.read_bytes()
    report.write(review())
    assert (markdown.read_bytes(), data.read_bytes()) == first


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_rerun_is_never_exact_and_its_stage_is_named(reviewed, how):
    change, stage, cause = BROKEN[how]
    change()
    commit(how)
    found = review()
    assert found.outcome is not Outcome.EXACT
    parted = locks.first_divergence(found.stages)
    assert parted is not None
    assert parted.name == stage
    assert any(text.startswith(cause) for text in parted.causes)
    assert f"first different stage: {stage}" in report.headline(found)
    assert found.figures
    assert found.figures[0].verdict.interval[0] <= found.figures[0].verdict.interval[1]


def test_a_commit_is_its_own_record(reviewed):
    found = review("HEAD")
    assert found.outcome is Outcome.EXACT
    assert found.subject.record.metrics is not None  # out of the DVC cache


def test_several_seeds_are_compared_over_seeds(reviewed):
    set_parameter("train", "epochs", 1)
    commit()
    found = review(seeds=2)
    assert [seed.seed for seed in found.reproduced.seeds] == [1, 2]
    assert len({seed.fingerprint for seed in found.reproduced.seeds}) == 2
    looked_at = ledger.file().read_text(encoding="utf-8")
    assert all(seed.fingerprint in looked_at for seed in found.reproduced.seeds)
    assert "over seeds" in found.figures[0].verdict.method


def test_a_stage_that_fails_is_an_error_with_its_last_words_and_leaves_nothing(reviewed):
    set_parameter("data", "source", "image_folder")
    set_parameter("data", "path", "data/originals")
    commit()
    with pytest.raises(RerunError, match="data/originals"):
        review()
    assert not list(reviewed.glob(".herbarium/review-*"))


def test_an_unknown_name_is_refused(reviewed):
    with pytest.raises(ConfigError, match="did you mean digits"):
        review("digitz")
    with pytest.raises(ConfigError, match="1 or more"):
        review(seeds=0)
