"""Images are a claim's by what they show where it says so, whichever way they came."""

import shutil
from pathlib import Path

import pytest

from pipeline.filing import claims, image_sets, kinship
from pipeline.filing.image_sets import ImageSet
from pipeline.filing.kinship import Kinship
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError
from tests.conftest import ROOT

OURS = {"test": ImageSet(6, "a" * 64), "validation": ImageSet(6, "b" * 64)}
OTHERS = {"test": ImageSet(6, "c" * 64)}


@pytest.fixture
def claim():
    return claims.read(ROOT / "experiments/mnist-mlp/claim.yaml").model_copy(update={"contents": {"test": "a" * 64}})


@pytest.fixture
def named():
    return config.load(ROOT / "experiments/mnist-mlp/params.yaml")


def changed(params, **values):
    return params.model_copy(update={"data": params.data.model_copy(update=values)})


def test_what_they_show_decides_where_the_claim_says_it(claim, named):
    folder = changed(named, source="image_folder", name="png", path="png")
    for ran in (named, folder):
        assert kinship.of(claim, named, ran, OURS) is Kinship.OFFICIAL
        assert kinship.of(claim, named, ran, OTHERS) is Kinship.OTHER
    assert kinship.of(claim, named, folder, {}) is Kinship.OTHER  # of an older record: nobody knows


def test_a_draw_that_nobody_can_repeat_is_of_the_same_collection(claim, named):
    drawn = claim.model_copy(update={"images": "other", "split": "validation"})
    folder = changed(named, source="image_folder", name="png", path="png")
    assert kinship.of(drawn, named, folder, OURS) is Kinship.COLLECTION
    assert kinship.of(drawn, named, named, {}) is Kinship.COLLECTION
    assert kinship.of(drawn, named, folder, OTHERS) is Kinship.OTHER


def test_without_digests_the_source_decides(claim, named):
    silent = claim.model_copy(update={"contents": {}})
    assert kinship.of(silent, named, changed(named, path="/elsewhere"), OURS) is Kinship.OFFICIAL
    assert kinship.of(silent, named, changed(named, source="image_folder"), OURS) is Kinship.OTHER
    assert kinship.of(silent, named, changed(named, limit=5), OURS) is Kinship.OTHER


def test_another_number_of_images_is_never_the_very_ones(claim, named):
    silent = claim.model_copy(update={"contents": {}})
    assert kinship.of(silent, named, named, {}, measured=claim.n) is Kinship.OFFICIAL
    assert kinship.of(silent, named, named, {}, measured=claim.n - 1) is Kinship.COLLECTION


def test_the_prepared_images_are_shown_with_those_who_claim_them(finished):
    found = image_sets.of_project()
    file = finished / "experiments/digits/claim.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"contents:\n  test: {found['test'].digest}\n", encoding="utf-8")
    shown = kinship.prepared()
    assert f"test: {found['test'].digest}  6 images  (the official ones of digits)" in shown
    assert f"validation: {found['validation'].digest}  6 images" in shown


def test_a_claim_that_cannot_be_read_is_warned_of_and_hides_no_other(finished, capsys):
    shutil.copytree("experiments/digits", "experiments/broken")
    Path("experiments/broken/claim.yaml").write_text("value: 7", encoding="utf-8")
    assert len(kinship.prepared()) == 2
    assert "broken/claim.yaml: value: found 7" in capsys.readouterr().err


def test_nothing_prepared_is_said(project):
    with pytest.raises(DataError, match="run `dvc repro`"):
        kinship.prepared()


@pytest.mark.parametrize(
    ("contents", "message"), [("{train: short}", "contents: .*digest"), ("{tset: " + "a" * 64 + "}", "'tset'; allowed")]
)
def test_a_wrong_digest_is_named(tmp_path, contents, message):
    text = (ROOT / "experiments/digits/claim.yaml").read_text(encoding="utf-8")
    (tmp_path / "claim.yaml").write_text(f"{text}contents: {contents}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        claims.read(tmp_path / "claim.yaml")
