"""Runs a reported experiment again, in a copy: a verdict on what was claimed, and where its bits first differ."""

from dataclasses import dataclass

import numpy as np

from pipeline.files import records
from pipeline.filing import locks
from pipeline.filing.divergence import StageComparison
from pipeline.process.errors import ConfigError
from pipeline.review import (
    cached,
    claimed,
    conclusion,
    evidence,
    power,
    repeatability,
    replicates,
    rerun,
    subjects,
    workspace,
)
from pipeline.review.claimed import Claimed
from pipeline.review.conclusion import Conclusion, Pair
from pipeline.review.evidence import Evidence
from pipeline.review.rerun import Rerun
from pipeline.review.subjects import Subject
from pipeline.review.verdict import Outcome
from pipeline.review.workspace import Say, Workspace

DEFAULT_SEEDS = 3  # the fewest that show a spread worth the name
_FILES_NAMED = 3


@dataclass(frozen=True)
class Asked:
    """How to review. `seeds` at most; None: up to three, and those that are vouched for on record need not run.

    `margin`, a fraction, instead of the declared one. `cached`: compute nothing that DVC's cache has. `recorded`: run
    the record's parameters.
    """

    seeds: int | None = None
    margin: float | None = None
    cached: bool = False
    recorded: bool = False


@dataclass(frozen=True)
class Review:
    """`possible`: what could be found out at all. `computed`: the stages that ran for the first seed.

    `pair`: the first network against the recorded one. `reservations`: why no verdict, or no contradiction, is given.
    """

    subject: Subject
    asked: Asked
    claimed: Claimed
    possible: tuple[str, ...]
    outcome: Outcome
    conclusion: Conclusion
    stages: list[StageComparison]
    computed: tuple[str, ...]
    evidence: list[Evidence]
    reservations: tuple[str, ...]
    pair: Pair | None
    notes: tuple[str, ...]


def review(what: str, asked: Asked, say: Say) -> Review:
    """Run `what` (see `subjects.resolve`) again, seed by seed, the recorded one first, until the claim is decided.

    `say` is told first what the reader must know, what is claimed, and what can be found out at all.
    """
    _check(asked)
    subject = subjects.resolve(what, asked.recorded)
    claim = claimed.of(subject, asked.margin)
    count = _count(asked, claim)
    possible = tuple(announced(subject, claim))
    for line in [*subject.warnings, claimed.describe(claim), *possible]:
        say(line)
    with workspace.of_revision(subject.revision, fresh=not asked.cached) as copy:
        if doubt := _other_code(subject, copy):
            say(doubt)
        reruns = _run(copy, subject, claim, asked, count, say)
        damaged = cached.changed(copy.folder, reruns[0].lock) if asked.cached else []
        notes = _notes(subject, copy)
    reservation = subject.reservation or (f"DVC's cache has other bytes for {', '.join(damaged)}" if damaged else None)
    found = evidence.of_runs(reruns, subject.record, claim.split)
    concluded = conclusion.of(claim, subject.record, reruns[0], found)
    return Review(
        subject,
        asked,
        claim,
        possible,
        conclusion.reserved(concluded, asked.cached, reservation, doubt),
        concluded,
        conclusion.stages(subject.record, reruns[0]),
        reruns[0].computed,
        found,
        tuple(filter(None, (reservation, doubt))),
        conclusion.pair(subject.record, reruns[0]),
        notes,
    )


def announced(subject: Subject, claim: Claimed) -> list[str]:
    """What can be found out at all, for the reviewer before anything runs."""
    question = claim.question(claim.same_images)
    if question is None:
        return ["there are no figures on record here, only hashes: nothing but equal bits can be confirmed"]
    record = subject.record.measured(claim.split) if subject.record else None
    several = record is not None and len(record.accuracies) > 1
    spread = max(float(np.std(record.accuracies, ddof=1)), _rounding(record.images)) if record and several else None
    lines = power.describe(question, record.images if record else question.reported.images, spread)
    bits = ["a first seed that is the record's, bit for bit, decides; otherwise:"] if claim.of_record else []
    return [*bits, *lines]


def _rounding(images: int) -> float:
    """The spread that counting whole images gives: seeds that agree by chance do not prove a smaller one."""
    return float(1 / images / 12**0.5)


def _check(asked: Asked) -> None:
    if asked.margin is not None and not 0 < asked.margin < 1:
        raise ConfigError(f"--margin: found {100 * asked.margin:g}; allowed: points of accuracy, above 0 and below 100")
    if asked.cached and asked.seeds not in (None, 1):
        raise ConfigError("--cached looks at the recorded seed only: leave out --seeds, or leave out --cached")


def _count(asked: Asked, claim: Claimed) -> int:
    """How many seeds to run at most. Raises ConfigError if that is no look of the plan."""
    question = claim.question(claim.same_images)
    looks = question.plan.looks if question else ()
    if asked.seeds is None:
        return 1 if asked.cached or not looks else DEFAULT_SEEDS
    if asked.seeds != 1 and asked.seeds not in looks:
        allowed = ", ".join(map(str, sorted({1, *looks})))
        raise ConfigError(
            f"--seeds: found {asked.seeds}; allowed: {allowed}, the looks of this claim's plan (most_seeds in its"
            " claim.yaml): who looks at other times is wrong more often"
        )
    return asked.seeds


def _run(copy: Workspace, subject: Subject, claim: Claimed, asked: Asked, count: int, say: Say) -> list[Rerun]:
    """Seed after seed, until the claim is decided; if no number was asked for, seeds on record spare running them."""
    reruns: list[Rerun] = []
    for number in replicates.numbers(subject.params.train.seed, count):
        reruns.append(rerun.run(copy, subject.params, number, say))
        found = evidence.of_runs(reruns, subject.record, claim.split)
        speaking = found if asked.seeds is None else found[: len(reruns)]
        decided = conclusion.of(claim, subject.record, reruns[0], speaking).outcome is not Outcome.INCONCLUSIVE
        if decided or len(speaking) >= count:
            break
    return reruns


def _other_code(subject: Subject, copy: Workspace) -> str | None:
    """Why a commit's own lock is no measure of its code, if it was made with another."""
    if not subject.code_of_record or subject.record is None or subject.record.lock is None:
        return None
    read = {path: digest for path, digest in locks.sources(subject.record.lock).items() if path.endswith(".py")}
    files = {path: copy.folder / path for path in read}
    other = sorted(path for path, file in files.items() if not file.is_file() or records.md5(file) != read[path])
    if not other:
        return None
    named = ", ".join(other[:_FILES_NAMED]) + (" and others" if other[_FILES_NAMED:] else "")
    return f"its dvc.lock was made with other code than the commit has: {named}"


def _notes(subject: Subject, copy: Workspace) -> tuple[str, ...]:
    record = subject.record
    notes = [f"{name} is {new} here, {old} in the code reviewed" for name, (old, new) in copy.other_versions.items()]
    notes += [str(conflict) for conflict in repeatability.conflicts(cached.folder())]
    if record and record.trainings:
        notes.append(f"trainings measured on these test images before it was filed: {record.trainings}")
    if record and record.params.data != subject.params.data:
        notes.append("the record was made with other values of the section data; --recorded runs those")
    if record and record.typed and not record.seeds:
        typed = ", ".join(str(seed.seed) for seed in record.typed.seeds if seed.seed != record.params.train.seed)
        notes.append(f"seeds {typed} are typed into the record, no lock vouches for them: they say nothing here")
    return tuple(notes)
