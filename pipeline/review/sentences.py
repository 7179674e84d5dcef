"""The sentences of a review. docs/claims.md explains each of them."""

from pipeline.filing import divergence
from pipeline.filing.divergence import StageComparison
from pipeline.results import class_differences
from pipeline.results.seeds import counted
from pipeline.review import claimed, evidence, further, power
from pipeline.review.conclusion import Conclusion
from pipeline.review.evidence import Evidence, Source
from pipeline.review.verdict import Outcome, Question, Verdict, looked_at
from pipeline.review.verify import Review

_POINTS = 100
_DECIDED = (Outcome.REPRODUCED, Outcome.NOT_REPRODUCED)


def headline(review: Review) -> str:
    """The outcome and, in a sentence, why; about the claim. Then how its further figures went."""
    parts = (_why(review), share(review), further.summary(review.further))
    return f"{review.outcome}: {'; '.join(filter(None, parts))}"


def share(review: Review) -> str:
    """How many of the seeds that decided, also on a further figure, ran here; empty if all did, or none decided."""
    if review.outcome not in _DECIDED:
        return ""
    if review.conclusion.verdict is None:
        return evidence.share(review.evidence)
    decided = [one.verdict for one in review.further if one.verdict and one.outcome in _DECIDED]
    looks = [verdict.look or 0 for verdict in (review.conclusion.verdict, *decided)]
    return evidence.share(review.evidence[: max(looks)])


def bits(review: Review) -> str:
    """Whether it is the record's, bit for bit, and whether that was computed or looked up."""
    record = review.subject.record
    if record is None or record.lock is None:
        return f"bits: nothing on record to compare with; {_work(review)}"
    if review.conclusion.exact:
        return f"bits: every output is the record's, bit for bit: {_work(review)}"
    stage = divergence.first(review.stages)
    if stage is None:
        return f"bits: not all outputs are on record, or a seed's differ; {_work(review)}"
    return f"bits: not the record's from the stage {stage.name} on (likely cause: {stage.causes[0]}); {_work(review)}"


def stage(found: StageComparison) -> str:
    line = found.state + (f": {', '.join(found.differing)}" if found.differing else "")
    return f"{line}; likely cause: {'; '.join(found.causes)}" if found.causes else line


def seed(found: Evidence, split: str) -> str:
    value = getattr(found.seed, f"{split}_accuracy")
    before = f", on record {_POINTS * found.recorded:.2f} %" if found.recorded is not None else ""
    known = ", the same bits" if found.same_bits else ", the same network" if found.same_network else ""
    equal = known if found.source is not Source.VOUCHED else ""
    return f"seed {found.seed.seed}: {split} accuracy {_POINTS * value:.2f} %{before}{equal} ({found.source})"


def figures(review: Review) -> list[str]:
    """The comparison of the claimed figure with what was reproduced; empty if bits decided, or there is no figure."""
    verdict, question = review.conclusion.verdict, review.conclusion.question
    if verdict is None or question is None:
        return []
    lines = [
        f"reported   {claimed.shown(question.reported)}",
        f"reproduced {claimed.shown(looked_at(review.conclusion.measured, verdict))}",
        f"difference {_signed(verdict.difference)} points; {_images(review.conclusion, question.same_images)}",
    ]
    return [*lines, *_look(verdict, question)]


def pair(review: Review) -> list[str]:
    """The two networks on the same images, as a whole and by class; nothing if they are one, or the images others."""
    found = review.pair
    if found is None or review.conclusion.exact:
        return []
    low, high = found.interval
    return [
        f"the first network against the recorded one, on the same test images: {_signed(found.difference)} points (95 %"
        f" interval {_signed(low)} to {_signed(high)}; exact McNemar p = {found.p_value:.3g})",
        *class_differences.describe(found.classes),
    ]


def _why(review: Review) -> str:
    if review.asked.cached:
        return _why_cached(review)
    hindered = review.subject.reservation or review.conclusion.outcome is not Outcome.INCONCLUSIVE
    if review.reservations and review.outcome is Outcome.INCONCLUSIVE and hindered:
        return f"no verdict: {review.reservations[0]}"
    margin = f"± {_POINTS * review.claimed.margin:g} points" + _given(review)
    what = review.claimed.what
    if review.outcome is Outcome.REPRODUCED and review.conclusion.verdict is None:
        return f"{what} came out again, bit for bit"
    if review.outcome is Outcome.REPRODUCED:
        return f"the accuracy is within {margin} of {what}"
    if review.outcome is Outcome.NOT_REPRODUCED:
        own = "; the record itself does not have that accuracy" if review.conclusion.exact else ""
        return f"the accuracy is further than {margin} from {what}{own}"
    if review.conclusion.question is None:
        return "the record has other bits, or not all of them, and no figures to compare with"
    return f"{what}: {power.advice(review.conclusion.measured, review.conclusion.question)}"


def _why_cached(review: Review) -> str:
    if review.outcome is Outcome.INTACT:
        return (
            f"what DVC's cache has is the record, bit for bit; {review.claimed.what} was not tried (leave out --cached)"
        )
    if review.reservations:
        return f"not tried, and {review.reservations[0]}"
    return "what came out is not the record; leave out --cached for a verdict"


def _given(review: Review) -> str:
    return f" ({review.claimed.declared})" if review.asked.margin is not None else ""


def _work(review: Review) -> str:
    """What of it was computed."""
    names = [found.name for found in review.stages if found.ran]
    cached = [name for name in names if name not in review.computed]
    if not cached and all(found.source is not Source.CACHED for found in review.evidence):
        return "computed here"
    if len(cached) == len(names):
        return "from the cache: nothing was computed"
    return f"computed here: {', '.join(review.computed)}; from the cache: {', '.join(cached)}"


def _look(verdict: Verdict, question: Question) -> list[str]:
    looks, margin = question.plan.looks, f"± {_POINTS * question.margin:g}"
    planned = f"looks are planned at {', '.join(map(str, looks))} seeds"
    if verdict.look is None or verdict.inner is None or verdict.outer is None:
        return [f"no look yet: {planned}, one seed against one figure shows no spread"]
    number = looks.index(verdict.look) + 1
    (a, b), (c, d) = verdict.inner, verdict.outer
    return [
        f"look {number} of {len(looks)}, at {counted(verdict.look)} ({planned})",
        f"REPRODUCED asks for {_signed(a)} to {_signed(b)} points inside {margin}, NOT REPRODUCED for {_signed(c)} to"
        f" {_signed(d)} outside",
    ]


def _images(found: Conclusion, same: bool) -> str:
    if not same:
        return "measured on other images, whose luck is counted in"
    return "measured on the same images" + (", as claim.yaml says" if found.on_its_word else "")


def _signed(value: float) -> str:
    return f"{_POINTS * value:+.2f}"
