"""What a record says about a claim by itself, without running anything: which images, which verdict, why none."""

from dataclasses import dataclass

from pipeline.filing import differences, kinship
from pipeline.filing.claims import Claim
from pipeline.filing.kinship import Kinship
from pipeline.filing.record import Record
from pipeline.params.schema import Params
from pipeline.process import naming
from pipeline.results.seeds import Measured
from pipeline.review import power
from pipeline.review.verdict import Outcome, Question, judge

NOTHING = "–"
_KEYS_NAMED = 3


@dataclass(frozen=True)
class Standing:
    """`images`: official, same collection, other, or own; `why`: why the claim is not decided, if it is not."""

    images: str
    verdict: str
    why: str = ""


def of(claim: Claim, params: Params, found: Record | None) -> Standing:
    """Of the record of an experiment with `params`."""
    if found is None or found.metrics is None:
        return Standing(NOTHING, NOTHING)
    if changed := differences.of_recipe(params, found.params):
        return Standing(NOTHING, NOTHING, f"the record is of other values of {naming.some(changed, _KEYS_NAMED)}")
    if claim.origin == "own":
        return Standing("own", "own record")
    kin, ours = kinship.of_record(claim, params, found), found.measured(claim.split)
    if claim.value is None or claim.n is None:
        return Standing(kin, "no figure published")
    if ours is None:
        return Standing(kin, NOTHING)
    reported = Measured((claim.value,), claim.n, claim.seeds)
    question = Question(reported, claim.margin, kin is Kinship.OFFICIAL, claim.most_seeds)
    outcome = judge(ours, question).outcome
    return Standing(kin, outcome, power.obstacle(ours, question) if outcome is Outcome.INCONCLUSIVE else "")
