"""From what ran to what is said of the claim."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.files import paths
from pipeline.filing import differences, divergence, kinship, locks
from pipeline.filing.claims import Claim
from pipeline.filing.divergence import StageComparison
from pipeline.filing.record import Record
from pipeline.process import naming
from pipeline.results import class_differences, statistics
from pipeline.results.class_differences import ClassDifference
from pipeline.results.seeds import Measured
from pipeline.results.statistics import Interval
from pipeline.review import evidence
from pipeline.review.claimed import Claimed
from pipeline.review.evidence import Evidence
from pipeline.review.further import FigureVerdict, judged
from pipeline.review.rerun import Rerun
from pipeline.review.subjects import Subject
from pipeline.review.verdict import Outcome, Question, Verdict, judge

_KEYS_NAMED = 5


@dataclass(frozen=True)
class Conclusion:
    """`exact`: every output of every seed that ran is the record's. `verdict`: None where no figures were compared.

    `on_its_word`: that the images are the claim's was compared with nothing, claim.yaml says it.
    """

    outcome: Outcome
    exact: bool
    measured: Measured
    question: Question | None = None
    verdict: Verdict | None = None
    on_its_word: bool = False


@dataclass(frozen=True)
class Pair:
    """The first network against the recorded one, image by image: difference, its 95 % interval, McNemar's p-value.

    `classes`: the same of each class, corrected for their number.
    """

    difference: float
    interval: Interval
    p_value: float
    classes: tuple[ClassDifference, ...]


def of(claim: Claimed, record: Record | None, first: Rerun, found: Sequence[Evidence]) -> Conclusion:
    """The claim decides: where it is the record itself, equal bits are all it says; else the figures are compared."""
    ours = evidence.measured(found, claim.split, first.images[claim.split])
    exact = divergence.exact(stages(record, first)) and all(
        seed.same_bits for seed in found if seed.recorded is not None
    )
    if claim.of_record and exact and _same_figures(claim, record, found):
        return Conclusion(Outcome.REPRODUCED, exact, ours)
    same = _of_the_claim(claim, record, first, claim.split)
    question = claim.question(same)
    if question is None:
        return Conclusion(Outcome.INCONCLUSIVE, exact, ours)
    verdict, on_its_word = judge(ours, question), same and not _are_told(claim, first, claim.split)
    return Conclusion(verdict.outcome, exact, ours, question, verdict, on_its_word)


def further(
    claim: Claim | None, about: Claimed, record: Record | None, first: Rerun, found: Sequence[Evidence]
) -> list[FigureVerdict]:
    """The verdicts on the further figures of a claim, if it has any; `about`: as `claimed.of_figures` has it."""
    if claim is None or not claim.figures:
        return []
    same = {split: _of_the_claim(about, record, first, split) for split in ("validation", "test")}
    return judged(claim, [seed.measured for seed in found], same)


def images(claim: Claimed, first: Rerun) -> list[str]:
    """Which of the images that ran are the official ones, by what they show; nothing where a claim does not say.

    Without that their number can still tell that they are not.
    """
    ran = first.images[claim.split]
    if claim.same_images and claim.reported and not (_are_told(claim, first, claim.split) or claim.may_be_of(ran)):
        return [
            f"{claim.split} images: claim.yaml says that they are the same, and that {claim.reported.images:,} were"
            f" measured; {ran:,} ran, so they are taken for others"
        ]
    return [
        f"{split} images: {'the official ones' if first.shown[split].digest == digest else 'not the official ones'},"
        " by what they show and how they are divided into classes"
        for split, digest in claim.official.items()
        if split in first.shown
    ]


def _same_figures(claim: Claimed, record: Record | None, found: Sequence[Evidence]) -> bool:
    """Whether the seeds have the figures on record; where those are not at hand, whether a hash stands for them."""
    if claim.reported is None:
        return record is not None and paths.METRICS.as_posix() in locks.outputs(record.lock or {"stages": {}})
    return all(seed.recorded in (None, getattr(seed.seed, f"{claim.split}_accuracy")) for seed in found)


def _of_the_claim(claim: Claimed, record: Record | None, first: Rerun, split: str) -> bool:
    """Whether a split's images that ran are those the claim is about."""
    if claim.of_record and record:
        return locks.same_images(record.lock, first.lock, split)
    if _are_told(claim, first, split):
        return first.shown[split].digest == claim.official[split]
    return claim.same_images and split == claim.split and claim.may_be_of(first.images[split])


def _are_told(claim: Claimed, first: Rerun, split: str) -> bool:
    """Whether hashes tell if the images of a split are the claim's: the record's, or those of what they show."""
    return claim.of_record or (split in claim.official and split in first.shown)


def stages(record: Record | None, first: Rerun) -> list[StageComparison]:
    """The first seed's stages beside those on record."""
    if record is None or record.lock is None:
        return divergence.compare({"stages": {}}, first.lock, {}, {})
    return divergence.compare(record.lock, first.lock, record.environment, first.environment)


def other_parameters(claim: Claimed, subject: Subject) -> str | None:
    """Why a record that is the claim itself says nothing of what the experiment runs now, if it was edited since."""
    record = subject.record
    if not claim.of_record or record is None:
        return None
    changed = differences.of_recipe(subject.params, record.params)
    if not changed:
        return None
    return (
        f"the record, which is the claim, was made with other values of {naming.some(changed, _KEYS_NAMED)}: it says"
        " nothing of these (--recorded runs those)"
    )


def of_another(claim: Claimed, subject: Subject, first: Rerun) -> str | None:
    """As `other_parameters`, and where the record is of images from elsewhere than those that ran."""
    record = subject.record
    if not claim.of_record or record is None:
        return None
    elsewhere = record.lock is not None and not kinship.same_source(subject.params, record.params)
    if elsewhere and not locks.same_images(record.lock, first.lock, claim.split):
        return "the record, which is the claim, is of other images: it says nothing of these (--recorded runs those)"
    return other_parameters(claim, subject)


def reserved(found: Conclusion, cached: bool, reservation: str | None, doubt: str | None) -> Outcome:
    """What may be said of it. Nothing is said of a claim by what was not computed, or if there is a `reservation`.

    `doubt`: why a contradiction would be nobody's fault.
    """
    if cached:
        return Outcome.INTACT if found.exact and not reservation else Outcome.INCONCLUSIVE
    contradicted = found.outcome is Outcome.NOT_REPRODUCED
    return Outcome.INCONCLUSIVE if reservation or (doubt and contradicted) else found.outcome


def pair(record: Record | None, first: Rerun) -> Pair | None:
    """None unless there are predictions of the same test images on record."""
    if record is None or record.predictions is None or not locks.same_images(record.lock, first.lock, "test"):
        return None
    ours, theirs = first.predictions, record.predictions
    if ours.names != theirs.names:
        return None
    right, other = ours.correct, theirs.correct
    difference = float(right.mean() - other.mean())
    return Pair(
        difference,
        statistics.paired_interval(right, other),
        statistics.mcnemar(right, other),
        tuple(class_differences.compare(ours, theirs)),
    )
