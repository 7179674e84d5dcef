"""What a review can find out at all, said before it computes anything.

By simulated reviews of a perfect reproduction: the same recipe, the same true accuracy, judged as real ones are.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.identity.seeds import generator
from pipeline.results import sequential
from pipeline.results.over_seeds import Difference
from pipeline.results.seeds import Measured, counted
from pipeline.review.verdict import Question, difference

_REVIEWS = 2000
_LIKELY = 0.8
_NEVER = 0.005
_POINTS = 100


def describe(question: Question, images: int, spread: float | None) -> list[str]:
    """Sentences for the reviewer. `spread`: standard deviation of single seeds' accuracies, None if it is not known."""
    looks = question.plan.looks
    if not looks:
        return [f"nothing can decide: at most {question.most_seeds} seeds are declared, too few to see their spread"]
    confirmed = chances(question, images, spread or 0.0)
    margin = f"with a margin of ± {_POINTS * question.margin:g} points"
    if max(confirmed.values()) < _NEVER:
        return [f"{margin} no number of seeds can confirm it{_limit(question, images)}; it can only be contradicted"]
    found = ", ".join(f"{counted(seeds)} {_percent(share)}" for seeds, share in confirmed.items())
    if spread is not None:
        return [
            f"{margin} and seeds that spread as those on record do (± {_POINTS * spread:.2f} points), so many perfect"
            f" reproductions would be confirmed: {found}"
        ]
    lines = [f"{margin} no more perfect reproductions than this can be confirmed: {found}{_limit(question, images)}"]
    allowed = {look: spread_allowed(question, images, look) for look in looks}
    likely = [f"{counted(n)} up to ± {_POINTS * s:.2g} points" for n, s in allowed.items() if s]
    told = f"four of five are confirmed if single seeds spread (standard deviation) no more: {', '.join(likely)}"
    return lines + [told] * bool(likely)


def obstacle(reproduced: Measured, question: Question) -> str:
    """Why these seeds do not decide, in few words; what would, if anything does."""
    further = [look for look in question.plan.looks if look > len(reproduced.accuracies)]
    if max(chances(question, reproduced.images, 0.0).values(), default=0.0) < _NEVER:
        finer, luck = "the margin is finer than single images tell", "the luck of other images outweighs the margin"
        return f"nothing can confirm it: {finer if question.same_images else luck}"
    if len(reproduced.accuracies) == 1:
        return f"{_of_one(question)}; {further[0]} may decide" if further else "too few seeds are declared"
    if would := _deciding(reproduced, question, further):
        seeds, what = would
        return f"{counted(seeds)} would {what} it, spread as these {len(reproduced.accuracies)} are"
    if abs(reproduced.mean - question.reported.mean) > question.margin / 2:
        return (
            "the difference is near the margin" if question.same_images else "other images; difference near the margin"
        )
    return "seeds spread too much" if question.same_images else "the luck of other images is too large for the margin"


def advice(reproduced: Measured, question: Question) -> str:
    """What would decide an undecided verdict; never what cannot."""
    further = [look for look in question.plan.looks if look > len(reproduced.accuracies)]
    if not further:
        return "all seeds that were declared have been looked at: this claim stays undecided"
    if len(reproduced.accuracies) == 1:
        if max(chances(question, reproduced.images, 0.0).values()) < _NEVER:
            return f"no number of seeds can confirm it{_limit(question, reproduced.images)}"
        return f"{_of_one(question)}; {counted(further[0])} may decide (--seeds {further[0]})"
    if would := _deciding(reproduced, question, further):
        seeds, what = would
        return f"{counted(seeds)} would {what} it if mean and spread stay as they are (--seeds {seeds})"
    return "more seeds would not decide, if mean and spread stay: the figures are too uncertain, or lie on the margin"


def _of_one(question: Question) -> str:
    """What one seed lacks: its spread is that of the reported seeds, if those are known one by one."""
    known = len(question.reported.accuracies) > 1
    return "one seed leaves it open" if known else "one seed shows no spread"


def _deciding(reproduced: Measured, question: Question, looks: Sequence[int]) -> tuple[int, str] | None:
    """The first of the `looks` at which as many seeds, spread as those there are, would decide, and what they would."""
    theirs = np.array(question.reported.accuracies)
    for seeds in looks:  # each by itself: those before it are made on the first seeds, and have decided nothing
        found = difference(_as_before(reproduced, seeds), theirs, reproduced.images, question)
        decided = int(sequential.decision(found, question.margin, question.plan, seeds))
        if decided != sequential.UNDECIDED:
            return seeds, "confirm" if decided == sequential.WITHIN else "contradict"
    return None


def chances(question: Question, images: int, spread: float) -> dict[int, float]:
    """Seeds of each look → share of perfect reproductions that are confirmed by then.

    `images`: how many ours are measured on. `spread`: standard deviation of one seed's accuracy, a fraction.
    """
    reported, random = question.reported, generator(0, "simulated reviews")
    ours = _accuracies(random, question, images, spread, question.most_seeds)
    count = len(reported.accuracies)
    theirs = _accuracies(random, question, reported.images, spread / (1 if count > 1 else reported.seeds**0.5), count)

    def estimate(seeds: int) -> Difference:
        return difference(ours[:, :seeds], theirs, images, question)

    plan = question.plan
    decided, at = sequential.first_decision(estimate, question.margin, plan, plan.most)
    return {look: float(((decided == sequential.WITHIN) & (at <= look)).mean()) for look in plan.looks}


def spread_allowed(question: Question, images: int, seeds: int) -> float:
    """The largest spread of single seeds, a fraction, at which that many confirm four of five perfect reproductions.

    0 if none is small enough.
    """
    low, high = 0.0, 0.5
    if chances(question, images, low)[seeds] < _LIKELY:
        return 0.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        likely = chances(question, images, middle)[seeds] >= _LIKELY
        low, high = (middle, high) if likely else (low, middle)
    return low


def _accuracies(random: np.random.Generator, question: Question, images: int, spread: float, seeds: int) -> np.ndarray:
    """float (reviews, seeds): of one true accuracy, measured on the same images by all seeds of a review."""
    true = question.reported.mean
    level = np.full((_REVIEWS, 1), true)
    if not question.same_images:
        level = random.binomial(images, true, (_REVIEWS, 1)) / images
    return level + random.normal(0, spread, (_REVIEWS, seeds))


def _as_before(reproduced: Measured, seeds: int) -> np.ndarray:
    """float (seeds,): that many, with the mean and the spread of those there are, in no order that means anything."""
    points = np.linspace(-1, 1, seeds)
    spread: np.ndarray = np.std(reproduced.accuracies, ddof=1) * points / points.std(ddof=1)
    return reproduced.mean + spread


def _limit(question: Question, images: int) -> str:
    if question.same_images:
        return ""
    return f" ({images:,} and {question.reported.images:,} images, not the same ones, have their own luck)"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
