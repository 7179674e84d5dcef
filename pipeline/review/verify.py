"""Runs a reported experiment again, in a copy, and says whether its accuracy holds and where its bits first differ."""

from dataclasses import dataclass

import numpy as np

from pipeline.files import paths, records
from pipeline.filing import contents, locks, reading
from pipeline.filing.locks import Lock, StageComparison
from pipeline.filing.record import Record
from pipeline.filing.seeds import experiment_digest
from pipeline.params.config import with_seed
from pipeline.process.errors import ConfigError
from pipeline.results import statistics
from pipeline.results.predictions import Predictions
from pipeline.results.seeds import Measured, Replicates
from pipeline.review import repeatability, replicates, subjects, workspace
from pipeline.review.subjects import Subject
from pipeline.review.verdict import Needed, Outcome, Verdict, judge, judge_pairs, needed, overall
from pipeline.review.workspace import Say, Workspace

DEFAULT_MARGIN = 0.02  # of what has no claim.yaml: two points of accuracy


@dataclass(frozen=True)
class Figure:
    """A reported accuracy and the verdict on it. `p_value` is McNemar's, where images could be compared one by one."""

    what: str
    reported: Measured
    reproduced: Measured
    verdict: Verdict
    needed: Needed
    p_value: float | None = None


@dataclass(frozen=True)
class Review:
    """`computed`: the stages of the first seed that ran; the others' results came from the DVC cache."""

    subject: Subject
    outcome: Outcome
    split: str
    margin: float
    stages: list[StageComparison]
    computed: tuple[str, ...]
    reproduced: Replicates
    figures: list[Figure]
    notes: list[str]


@dataclass(frozen=True)
class _Rerun:
    seeds: Replicates
    computed: tuple[str, ...]
    lock: Lock
    environment: dict[str, str]
    predictions: Predictions


def review(what: str, seeds: int, margin: float | None, fresh: bool, say: Say, recorded: bool = False) -> Review:
    """Re-run `what` (see `subjects.resolve`) with `seeds` seeds, the recorded one first.

    `margin`: instead of the claim's, a fraction. `fresh`: nothing comes from the project's DVC cache.
    """
    if seeds < 1 or (margin is not None and not 0 < margin < 1):
        raise ConfigError(f"found {seeds} seeds and margin {margin}; allowed: 1 or more, and a margin between 0 and 1")
    subject = subjects.resolve(what, recorded)
    with workspace.of_revision(subject.revision, fresh) as copy:
        rerun = _rerun(copy, subject, seeds, say)
        notes = [*subject.notes, *_notes(subject, copy, rerun)]
    stages = _stages(subject, rerun)
    exact = locks.exact(stages)
    split = subject.claim.split if subject.claim else "test"
    margin = margin or (subject.claim.margin if subject.claim else DEFAULT_MARGIN)
    figures = _figures(subject, rerun, split, margin, exact)
    outcome = overall(exact, [figure.verdict for figure in figures])
    return Review(subject, outcome, split, margin, stages, rerun.computed, rerun.seeds, figures, notes)


def _rerun(copy: Workspace, subject: Subject, count: int, say: Say) -> _Rerun:
    first, *others = replicates.numbers(subject.params.train.seed, count)
    say(f"seed {first}")
    computed = workspace.repro(copy, with_seed(subject.params, first), say)
    found = [replicates.outcome(copy.folder, first)]
    metrics = records.read_json(copy.folder / paths.METRICS)
    lock = reading.read_lock(copy.folder / paths.LOCK)
    table = contents.read_predictions(copy.folder / paths.PREDICTIONS)
    environment = records.read_json(copy.folder / paths.TRAINING)["environment"]
    assert lock is not None
    assert table is not None
    for seed in others:
        say(f"seed {seed}")
        workspace.repro(copy, with_seed(subject.params, seed), say)
        found.append(replicates.outcome(copy.folder, seed))
    digest = experiment_digest(subject.params)
    seeds = Replicates(digest, metrics["validation_images"], metrics["test_images"], tuple(found))
    return _Rerun(seeds, computed, lock, environment, table)


def _stages(subject: Subject, rerun: _Rerun) -> list[StageComparison]:
    recorded = subject.record.lock if subject.record else None
    environment = subject.record.environment if subject.record else {}
    return locks.compare(recorded or {"stages": {}}, rerun.lock, environment, rerun.environment)


def _notes(subject: Subject, copy: Workspace, rerun: _Rerun) -> list[str]:
    notes = [f"{name} is {new} here, {old} in the code reviewed" for name, (old, new) in copy.other_versions.items()]
    cached = [name for name in rerun.lock["stages"] if name not in rerun.computed]
    if cached:
        notes.append(f"from the DVC cache, not computed again: {', '.join(cached)} (--fresh computes everything)")
    notes += [str(conflict) for conflict in repeatability.conflicts(workspace.cache_folder())]
    if subject.record and subject.record.trainings:
        notes.append(f"trainings measured on these test images before it was filed: {subject.record.trainings}")
    if subject.record and subject.record.params.data != subject.params.data:
        notes.append("the record was made with other values of the section data; --recorded runs those")
    return notes


def _figures(subject: Subject, rerun: _Rerun, split: str, margin: float, exact: bool) -> list[Figure]:
    claim, found = subject.claim, subject.record
    figures = []
    ours = rerun.seeds.measured(split)
    if not exact and found and found.metrics:
        figures.append(_against_record(found, rerun, split, margin))
    if claim and claim.value is not None and claim.n and (claim.origin == "published" or found is None):
        if exact and found and found.seeds and len(found.seeds.seeds) > len(ours.accuracies):
            ours = found.seeds.measured(split)  # one of them was just reproduced bit for bit: all may speak
        reported = Measured((claim.value,), claim.n, claim.seeds)
        same = claim.images == "same"
        verdict = judge(ours, reported, margin, same)
        more = needed(verdict, ours, reported, same)
        figures.append(Figure(f"the {claim.origin} figure", reported, ours, verdict, more))
    return figures


def _against_record(found: Record, rerun: _Rerun, split: str, margin: float) -> Figure:
    assert found.metrics is not None
    single = Measured((found.metrics[f"{split}_accuracy"],), found.metrics[f"{split}_images"], 1)
    recorded = found.seeds.measured(split) if found.seeds else single
    ours = rerun.seeds.measured(split)
    pairs = _pairs(rerun.predictions, found.predictions)
    p_value = statistics.mcnemar(*pairs) if pairs and split == "test" else None
    same = pairs is not None
    if pairs and split == "test" and len(ours.accuracies) == len(recorded.accuracies) == 1:
        verdict = judge_pairs(*pairs, margin)
    else:
        verdict = judge(ours, recorded, margin, same)
    more = needed(verdict, ours, recorded, same)
    return Figure("this record", recorded, ours, verdict, more, p_value)


def _pairs(ours: Predictions, recorded: Predictions | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Whether each test image was right, bool (N,), in both; None unless they are the same images."""
    return (ours.correct, recorded.correct) if recorded and same_images(ours, recorded) else None


def same_images(first: Predictions, second: Predictions) -> bool:
    """True if both are of the same test images, by name and label, in the same order."""
    same = first.names == second.names and first.classes == second.classes
    return same and bool((first.labels == second.labels).all())
