"""The further figures of a claim, each with a verdict of its own: they stand beside the headline, and decide nothing.

Each is judged as the accuracy is, by the same looks at the same seeds, against the margin declared for it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipeline.filing.claims import Claim, Further
from pipeline.process.errors import DataError
from pipeline.results import figures
from pipeline.results.figures import LOSS, SHARES, Run, Value
from pipeline.results.seeds import Measured, counted
from pipeline.review.verdict import Outcome, Question, Verdict, judge, looked_at

_PERCENT = 100


@dataclass(frozen=True)
class FigureVerdict:
    """`verdict`: None if the figure cannot be told of these runs, or not be judged; `reason` says why."""

    figure: str
    reported: Measured
    margin: float
    loss: bool
    measured: Measured | None = None
    verdict: Verdict | None = None
    reason: str = ""

    @property
    def outcome(self) -> Outcome:
        return self.verdict.outcome if self.verdict else Outcome.INCONCLUSIVE


def judged(claim: Claim, runs: Sequence[Run], same_images: Mapping[str, bool]) -> list[FigureVerdict]:
    """A verdict on each further figure of `claim`, by the `runs`, one a seed, in their order.

    `same_images`: split → whether the claim's are those of the runs, whose choice then adds no error.
    """
    return [_judged(claim, further, runs, same_images[further.split]) for further in claim.figures]


def describe(found: FigureVerdict) -> str:
    """`test macro f1: reported 87.10 % (1 seed, 1,000 images), reproduced …: REPRODUCED`."""
    margin = f"margin ± {_shown(found.margin, found, unit=True)}"
    reported = f"{found.figure}: reported {_with_basis(found.reported, found)}"
    if found.measured is None or found.verdict is None:
        ours = f", reproduced {_with_basis(found.measured, found)}" if found.measured else ""
        return f"{reported}{ours}; {margin}: {found.outcome}, {found.reason}"
    difference = _signed(found.verdict.difference, found)
    ranges = ""
    if found.verdict.inner and found.verdict.outer:
        low, high = (_signed(end, found) for end in found.verdict.inner)
        ranges = f" ({low} to {high})"
    ours = f"reproduced {_with_basis(found.measured, found)}"
    return f"{reported}, {ours}, difference {difference}{ranges}; {margin}: {found.outcome}"


def summary(found: Sequence[FigureVerdict]) -> str:
    """How they went; empty if there are none."""
    if not found:
        return ""
    counts = Counter(one.outcome for one in found)
    named = [f"{counts[outcome]} {outcome}{_which(found, outcome)}" for outcome in Outcome if counts[outcome]]
    return f"further figures: {', '.join(named)}"


def _which(found: Sequence[FigureVerdict], outcome: Outcome) -> str:
    """The names of those that went otherwise than hoped."""
    names = [one.figure for one in found if one.outcome is outcome]
    return "" if outcome is Outcome.REPRODUCED else f" ({', '.join(names)})"


def _judged(claim: Claim, further: Further, runs: Sequence[Run], same_images: bool) -> FigureVerdict:
    images, seeds = further.n or claim.n or 1, further.seeds or claim.seeds
    reported = Measured((further.value,), images, seeds)
    found = FigureVerdict(str(further.figure), reported, further.margin, further.metric == LOSS)
    try:
        values = [figures.measured(further.figure, run) for run in runs]
    except DataError as error:
        reason = str(error).removeprefix(f"{further.figure}: ")
        return replace(found, reason=reason)
    measured = Measured(tuple(value.value for value in values), values[0].images, len(values))
    same = same_images and images == measured.images
    if _variance(values) is None and not same:
        return replace(found, measured=measured, reason="how far other images move it cannot be told")
    question = Question(reported, further.margin, same, claim.most_seeds)
    verdict = _verdict(further, values, measured, question)
    return replace(found, measured=looked_at(measured, verdict), verdict=verdict)


def _verdict(further: Further, values: Sequence[Value], measured: Measured, question: Question) -> Verdict:
    """An accuracy or a recall is judged as an accuracy on the images that it is about: on all, or on its class's."""
    step = max(value.step for value in values)
    if further.metric in SHARES:
        for_each = measured.images * step  # images of the split for each that counts
        ours, theirs = (
            replace(side, images=max(1, round(side.images / for_each))) for side in (measured, question.reported)
        )
        return judge(ours, replace(question, reported=theirs))
    # Of fewer images than ours the reported one has larger steps.
    resolution = step * max(1, measured.images / question.reported.images)
    return judge(measured, replace(question, variance=_variance(values), resolution=resolution))


def _variance(values: Sequence[Value]) -> float | None:
    """The largest of the seeds'; None if one is not known."""
    known = [value.variance for value in values if value.variance is not None]
    return max(known) if len(known) == len(values) else None


def _with_basis(value: Measured, of: FigureVerdict) -> str:
    return f"{_shown(value.mean, of)} ({counted(value.seeds)}, {value.images:,} images)"


def _shown(value: float, of: FigureVerdict, unit: bool = False) -> str:
    if of.loss:
        return f"{value:g} nats" if unit else f"{value:.4f}"
    return f"{_PERCENT * value:g} points" if unit else f"{_PERCENT * value:.2f} %"


def _signed(value: float, of: FigureVerdict) -> str:
    return f"{value:+.4f}" if of.loss else f"{_PERCENT * value:+.2f} points"
