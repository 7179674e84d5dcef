"""Runs a reported experiment again, in a copy: a verdict on what was claimed, and where its bits first differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.filing import locks
from pipeline.filing.divergence import StageComparison
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.review import (
    cached,
    claimed,
    conclusion,
    evidence,
    perturbed,
    remarks,
    replicates,
    rerun,
    subjects,
    workspace,
)
from pipeline.review.claimed import Claimed
from pipeline.review.conclusion import Conclusion, Pair
from pipeline.review.elsewhere import HERE, Elsewhere
from pipeline.review.evidence import Evidence
from pipeline.review.further import FigureVerdict
from pipeline.review.perturbed import Perturbed
from pipeline.review.rerun import Rerun
from pipeline.review.subjects import Subject
from pipeline.review.verdict import Outcome
from pipeline.review.workspace import Say, Workspace

DEFAULT_SEEDS = 3  # the fewest that show a spread worth the name


@dataclass(frozen=True)
class Asked:
    """How to review. `seeds` at most; None: up to three, and those that are vouched for on record need not run.

    `margin`, a fraction, instead of the declared one. `cached`: compute nothing that DVC's cache has. `recorded`: run
    the record's parameters. `elsewhere`: where images and weights lie here. `vary`: what of the machine to change in
    further runs of the first seed; `resplit`: on how many other draws of the split to run it.
    """

    seeds: int | None = None
    margin: float | None = None
    cached: bool = False
    recorded: bool = False
    elsewhere: Elsewhere = HERE
    vary: tuple[str, ...] = ()
    resplit: int = 0


@dataclass(frozen=True)
class Review:
    """`possible`: what could be found out at all. `computed`: the stages that ran for the first seed.

    `pair`: the first network against the recorded one. `reservations`: why no verdict, or no contradiction, is given.
    `elsewhere`: what images and weights contain, compared with what was reported. `further`: figures
    beside the accuracy. `perturbed`: further runs of the first seed. `outputs` of the first seed: path → hash.
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
    elsewhere: tuple[str, ...] = ()
    further: tuple[FigureVerdict, ...] = ()
    perturbed: tuple[Perturbed, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)


def review(what: str, asked: Asked, say: Say) -> Review:
    """Run `what` (see `subjects.resolve`) again, seed by seed, the recorded one first, until the claim is decided.

    `say` is told first what the reader must know, what is claimed, and what can be found out at all.
    """
    _check(asked)
    subject = subjects.resolve(what, asked.recorded)
    claim = claimed.of(subject, asked.margin, own_images=_own_images(subject, asked))
    plan = _Plan(subject, asked, claim, _placed(subject, asked), _count(asked, claim))
    wanted = perturbed.variations(plan.placed, asked.vary, asked.resplit)
    possible = tuple(remarks.announced(subject, claim))
    for line in [*subject.warnings, claimed.describe(claim), *possible]:
        say(line)
    if other := conclusion.other_parameters(claim, subject):
        say(other)
    with workspace.of_revision(subject.revision, fresh=not asked.cached) as copy:
        if doubt := remarks.other_code(subject, copy.folder):
            say(doubt)
        reruns = _run(copy, plan, say)
        first = evidence.of_runs(reruns[:1], subject.record, claim.split)[0]
        varied, failed = perturbed.run(copy, wanted, asked.elsewhere, first, claim.split, say)
        ran = _Ran(
            reruns=reruns,
            varied=tuple(varied),
            doubt=doubt,
            damaged=tuple(cached.changed(copy.folder, reruns[0].lock)) if asked.cached else (),
            notes=(*remarks.notes(subject, copy.other_versions), *failed),
        )
    return _concluded(plan, possible, ran)


@dataclass(frozen=True)
class _Plan:
    """What is to run: at most `count` seeds of `placed`, the parameters with images and weights where they lie here."""

    subject: Subject
    asked: Asked
    claim: Claimed
    placed: Params
    count: int


@dataclass(frozen=True)
class _Ran:
    """What has run: `doubt` is about the code, `damaged` are outputs that DVC's cache has other bytes for."""

    reruns: list[Rerun]
    varied: tuple[Perturbed, ...]
    doubt: str | None
    damaged: tuple[str, ...]
    notes: tuple[str, ...]


def _placed(subject: Subject, asked: Asked) -> Params:
    """The parameters, with images and weights where they lie here, and the record's first seed, if there is a record:
    who begins at another leaves some of its seeds out.
    """
    placed = asked.elsewhere.place(subject.params)
    return config.with_seed(placed, subject.record.params.train.seed) if subject.record else placed


def _concluded(plan: _Plan, possible: tuple[str, ...], ran: _Ran) -> Review:
    subject, asked, claim, first = plan.subject, plan.asked, plan.claim, ran.reruns[0]
    found = evidence.of_runs(ran.reruns, subject.record, claim.split)
    reservation = subject.reservation
    if not reservation and ran.damaged:
        reservation = f"DVC's cache has other bytes for {', '.join(ran.damaged)}"
    if not asked.cached:
        reservation = reservation or evidence.looked_up(found)
    another = None if asked.cached or reservation else conclusion.of_another(claim, subject, first)
    concluded = conclusion.of(claim, subject.record, first, found)
    about = claimed.of_figures(claim, subject.claim, _own_images(subject, asked))
    others = conclusion.further(subject.claim, about, subject.record, first, found)
    images = asked.elsewhere.sentences(subject.params, subject.record, first.lock, first.test_images)
    return Review(
        subject=subject,
        asked=asked,
        claimed=claim,
        possible=possible,
        outcome=conclusion.reserved(concluded, asked.cached, reservation or another, ran.doubt),
        conclusion=concluded,
        stages=conclusion.stages(subject.record, first),
        computed=first.computed,
        evidence=found,
        reservations=tuple(filter(None, (reservation or another, ran.doubt))),
        pair=conclusion.pair(subject.record, first),
        notes=ran.notes,
        elsewhere=(*images, *conclusion.images(claim, first)),
        further=() if asked.cached or reservation or (another and about.of_record) else tuple(others),
        perturbed=ran.varied,
        outputs=locks.outputs(first.lock),
    )


def _check(asked: Asked) -> None:
    if asked.margin is not None and not 0 < asked.margin < 1:
        raise ConfigError(f"--margin: found {100 * asked.margin:g}; allowed: points of accuracy, above 0 and below 100")
    if asked.cached and (asked.vary or asked.resplit):
        raise ConfigError("--vary and --resplit compute: leave out --cached")
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


def _run(copy: Workspace, plan: _Plan, say: Say) -> list[Rerun]:
    """Seed after seed, until the claim is decided; if no number was asked for, seeds on record spare running them.

    Where bits decide, a number that is asked for is of seeds whose bits are compared. They decide no further figure.
    """
    subject, asked, placed = plan.subject, plan.asked, plan.placed
    named = subject.record.params if subject.record else subject.params
    reruns: list[Rerun] = []
    for number in replicates.numbers(placed.train.seed, plan.count):
        ran = rerun.run(copy, placed, number, say, asked.elsewhere)
        reruns.append(replace(ran, lock=asked.elsewhere.as_on_record(ran.lock, placed, named)))
        found = evidence.of_runs(reruns, subject.record, plan.claim.split)
        speaking = found if asked.seeds is None else found[: len(reruns)]
        concluded = conclusion.of(plan.claim, subject.record, reruns[0], speaking)
        figures = bool(subject.claim and subject.claim.figures)
        on = concluded.verdict is None and (figures or len(speaking) < len(found))
        if (concluded.outcome is not Outcome.INCONCLUSIVE and not on) or len(speaking) >= plan.count:
            break
    return reruns


def _own_images(subject: Subject, asked: Asked) -> bool:
    """Whether the reviewer's own folder takes the place of the images: then nothing but contents tells which they are.

    Originals of TensorFlow Datasets are held to its list of checksums, wherever they lie.
    """
    return asked.elsewhere.data is not None and subject.params.data.source != "tfds"
