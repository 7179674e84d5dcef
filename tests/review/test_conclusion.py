"""What is said of a record that is its own claim: equal bits, and the figures they stand for."""

from dataclasses import replace

import pytest

from pipeline.filing import reading
from pipeline.filing.record import Record
from pipeline.review import claimed, conclusion, evidence
from pipeline.review.claimed import Claimed
from pipeline.review.conclusion import Conclusion
from pipeline.review.rerun import Rerun
from pipeline.review.subjects import Subject
from pipeline.review.verdict import Outcome


@pytest.fixture
def record(finished) -> Record:
    return reading.of_results()


def concluded(record: Record, ran: Record) -> Conclusion:
    """Of a review in which the first seed came out as `ran`."""
    claim: Claimed = claimed.of(Subject("digits", "0" * 40, record.params, record))
    run = evidence.Seed(1, "f", 1, ran.metrics["validation_accuracy"], ran.metrics["test_accuracy"])
    images = {"validation": 6, "test": 6}
    first = Rerun(run, images, ("train", "evaluate"), ran.lock, {}, ran.predictions, None)
    return conclusion.of(claim, record, first, evidence.of_runs([first], record, claim.split))


def test_equal_bits_are_enough_where_the_record_is_the_claim(record):
    assert concluded(record, record).outcome is Outcome.REPRODUCED


def test_equal_bits_of_other_figures_are_not(record):
    """Whatever a lock says: a figure on record that did not come out again was not reproduced."""
    better = replace(record, metrics={**record.metrics, "test_accuracy": 0.99})
    found = concluded(better, record)
    assert found.exact
    assert found.outcome is not Outcome.REPRODUCED


def test_a_lock_without_hashes_is_not_reproduced(record):
    hollow = replace(record, metrics=None, lock={"stages": {name: {"cmd": "x"} for name in record.lock["stages"]}})
    found = concluded(hollow, record)
    assert (found.exact, found.outcome) == (False, Outcome.INCONCLUSIVE)


def test_by_hashes_alone_the_one_of_the_figures_is_among_them(record):
    named = replace(record, metrics=None)
    assert concluded(named, record).outcome is Outcome.REPRODUCED
    outs = [out for out in record.lock["stages"]["evaluate"]["outs"] if out["path"] != "reports/metrics.json"]
    unnamed = {"stages": {"evaluate": {**record.lock["stages"]["evaluate"], "outs": outs}}}
    found = concluded(replace(named, lock=unnamed), record)
    assert (found.exact, found.outcome) == (True, Outcome.INCONCLUSIVE)
