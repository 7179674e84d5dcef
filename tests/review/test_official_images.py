"""A claim about official images is judged on what the images show, whichever way they came."""

from pathlib import Path

import pytest

from pipeline.filing import image_sets, writing
from pipeline.review import report, sentences, signed, verify
from pipeline.review.elsewhere import Elsewhere
from pipeline.review.verdict import Outcome
from pipeline.review.verify import Asked, Review
from tests.filing.conftest import replicated, write_lock

from .conftest import claim, commit

SAME = {"origin": "published", "value": 1 / 6, "n": 6, "margin": 0.3, "images": "same", "split": "test"}


@pytest.fixture
def folder(repository: Path) -> Path:
    """Three seeds on record, of a folder; the experiment itself names images that are embedded."""
    path = repository / "params.yaml"
    text = path.read_text(encoding="utf-8").replace("source: digits ", "source: image_folder ")
    path.write_text(text.replace("path: data/originals ", "path: data "), encoding="utf-8")
    write_lock()
    replicated(1, 1)
    writing.file_results("digits")
    return repository


def review(digest: str | None, again, **asked: object) -> Review:
    claim(**SAME, **({"contents": {"test": digest}} if digest else {}))
    commit("claim")
    again(None, None, None)
    return verify.review("digits", Asked(recorded=True, **asked), lambda _: None)


def same(found: Review) -> bool:
    return found.conclusion.question.same_images


def test_the_official_images_are_known_again_in_a_folder(folder, again):
    official = image_sets.of_project()["test"].digest
    found = review(official, again)
    assert found.claimed.same_images
    assert same(found)
    assert "test images: the official ones, by what they show" in report.as_text(found)


def test_other_images_in_that_folder_are_not_taken_for_them(folder, again):
    found = review("0" * 64, again)
    assert not found.claimed.same_images
    assert not same(found)
    assert "test images: not the official ones" in report.as_text(found)


def test_a_claim_that_does_not_say_which_goes_by_the_source(folder, again):
    found = review(None, again)
    assert not same(found)
    assert "official" not in report.as_text(found)


@pytest.mark.parametrize("told", [True, False])
def test_the_same_images_by_the_word_of_a_claim_are_called_that(repository, again, told):
    replicated(1, 1)
    writing.file_results("digits")
    claim(**SAME, **({"contents": {"test": image_sets.of_project()["test"].digest}} if told else {}))
    commit("claim")
    again(None, None, None)
    found = verify.review("digits", Asked(), lambda _: None)
    assert same(found)
    assert report.as_json(found)["claim"]["on_its_word"] is not told
    assert ("measured on the same images, as claim.yaml says" in report.as_text(found)) is not told
    unchecked = "that the images are those of the claim: claim.yaml says so, and gives no digest of them"
    assert (unchecked in list(signed.not_checked(found))) is not told


def test_a_record_of_other_images_is_no_claim_about_those_that_ran(folder, again):
    """The record is of a substitute; what the experiment itself names was run."""
    claim(value=None, n=None, origin="own", margin=0.02)
    commit("claim")
    again(0.9, 0.9, 0.9)
    found = verify.review("digits", Asked(), lambda _: None)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "of other images: it says nothing of these (--recorded runs those)" in sentences.headline(found)
    assert verify.review("digits", Asked(recorded=True), lambda _: None).outcome is Outcome.NOT_REPRODUCED


def test_a_reviewer_s_own_folder_may_hold_them(folder, again):
    official = image_sets.of_project()["test"].digest
    assert same(review(official, again, elsewhere=Elsewhere(data=folder / "data")))
    assert not same(review("0" * 64, again, elsewhere=Elsewhere(data=folder / "data")))


@pytest.mark.parametrize("told", [True, False])
def test_figures_of_another_split_are_not_of_the_official_images(repository, again, told):
    replicated(1, 1)
    writing.file_results("digits")
    claim(figures=[{"metric": "accuracy", "split": "validation", "value": 0.5, "n": 6, "margin": 0.3}])
    claim(**SAME, **({"contents": {"test": image_sets.of_project()["test"].digest}} if told else {}))
    commit("claim")
    again(None, None, None)
    found = verify.review("digits", Asked(), lambda _: None)
    assert same(found)
    (one,) = found.further
    low, high = one.verdict.inner
    assert high - low > 0.3  # the luck of 6 other images is in it
