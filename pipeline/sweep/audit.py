"""Honest winners: the best of many trials is partly the luckiest, so the best are trained again with other luck.

Each fresh seed comes with another draw of the validation split, from images that no trial was measured on. Nothing has
to be kept from the search for it, nothing is extracted, and whatever the search has adapted to is in the estimate:
which trial was taken, how the sampler went, which epoch was kept. A reckoning from the trials' predictions alone
(Tibshirani and Tibshirani 2009) sees the first of these only, and no luck with a seed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.identity import seeds
from pipeline.model import division, folds
from pipeline.model.folds import Fold
from pipeline.params.config import with_seed
from pipeline.params.schema import Params
from pipeline.process import notices
from pipeline.process.errors import CombinationError
from pipeline.results.trials import COMPLETE, Trial, best, top
from pipeline.sweep import attempts, recorded, study
from pipeline.sweep.audited import Audited
from pipeline.sweep.executors import Workers
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan

NONE_OVER_FOLDS = (
    "no trial is audited: over folds each was measured on all images of training and validation, and the luckiest is"
    " flattered the less; only the test split, by dvc repro, is of other images"
)


@dataclass(frozen=True)
class _Luck:
    """A fresh seed, and the other draw of the validation split that it comes with, the `number`-th."""

    seed: int
    number: int
    draw: Fold

    def named(self, params: Params) -> str:
        """The training of `params` with this luck: of what its fingerprint follows from, and of these images."""
        return folds.named(study.fingerprint(with_seed(params, self.seed)), self.draw)


def run(
    plan: Plan, trials: Sequence[Trial], workers: Workers, on_training: Callable[[int, int], None] = lambda *_: None
) -> list[Audited]:
    """Train the best `sweep.audit_top` trials again with `sweep.audit_seeds` fresh seeds each; best trial first.

    The n-th seed brings the n-th other draw of the validation split, the same for all trials.

    What an interrupted audit had finished is in the study and not trained again. `on_training` is told how many of
    how many trainings are done.
    """
    chosen = [] if plan.objective.folds else top(trials, plan.params.sweep.audit_top)
    luck = _luck(plan.params, notices.warn) if chosen else []
    wanted = {one.named(params): (params, one) for params in map(plan.params_of, chosen) for one in luck}
    known = trained(plan)
    missing = {name: _configuration(*how) for name, how in wanted.items() if name not in known}
    pending = {name: workers.submit(configuration) for name, configuration in missing.items()}

    def others_ended() -> None:
        for other in pending.values():
            other.ended()

    for number, (name, configuration) in enumerate(missing.items(), start=1):
        first = pending.pop(name)
        called = f"fresh seeds: training {number}"
        known[name] = _measured(called, attempts.result(called, configuration, first, workers, others_ended))
        recorded.note(plan.study, _key(name), known[name])
        on_training(number, len(missing))
    audited = [_audited(plan, trial, luck, known) for trial in chosen]
    return [entry for entry in audited if entry]


def fresh_seeds(params: Params) -> list[int]:
    """`sweep.audit_seeds` training seeds that follow from sweep.seed; the trials' own is not among them."""
    count = params.sweep.audit_seeds
    numbers = seeds.generator(params.sweep.seed, "audit").integers(seeds.WHOLE, size=2 * count).tolist()
    return [number for number in dict.fromkeys(numbers) if number != params.train.seed][:count]


def trained(plan: Plan) -> dict[str, dict[str, Any] | None]:
    """Name → accuracy, held_out and trained_on of the audit's trainings so far; None for one that failed."""
    prefix = _key("")
    notes = recorded.notes(plan.study)
    return {key.removeprefix(prefix): value for key, value in notes.items() if key.startswith(prefix)}


def of_trial(plan: Plan, trial: Trial) -> Audited | None:
    """The audit of one trial as far as it is recorded; None if there is none."""
    return _audited(plan, trial, _luck(plan.params), trained(plan))


def recommended(trials: Sequence[Trial], audits: Sequence[Audited]) -> Trial | None:
    """The trial to take: the best by the audit, else the best of the sweep; None if none completed.

    Compared on the draws that all have, for some are easier. Of equally good ones the better in the sweep.
    """
    shared = set.intersection(*(set(audited.seeds) for audited in audits)) if audits else set()
    if not shared:
        return best(trials)
    steadiest = max(audits, key=lambda audited: audited.mean_of(shared))
    return next(t for t in trials if t.number == steadiest.number)


def so_far(plan: Plan, trials: Sequence[Trial]) -> list[Audited]:
    """The audits of the trials that are the best now, best trial first; none while one of them is unfinished."""
    luck, known = _luck(plan.params), trained(plan)
    chosen = top(trials, plan.params.sweep.audit_top)
    if any(one.named(params) not in known for params in map(plan.params_of, chosen) for one in luck):
        return []
    audits = [_audited(plan, trial, luck, known) for trial in chosen]
    return [audited for audited in audits if audited]


def _luck(params: Params, tell: Callable[[str], None] = lambda _: None) -> list[_Luck]:
    """Of each fresh seed; none if nothing is audited, because it is over folds or because, as is told, it cannot be."""
    if params.sweep.folds:
        return []
    try:
        return [
            _Luck(seed, number, division.redrawn(number, params.sweep.seed))
            for number, seed in enumerate(fresh_seeds(params), start=1)
        ]
    except CombinationError as error:
        tell(f"no trial is audited: {error}")
        return []


def _key(name: str) -> str:
    return f"redrawn:{name}"


def _configuration(params: Params, luck: _Luck) -> Configuration:
    own = with_seed(params, luck.seed)
    fingerprint, draw = study.fingerprint(own), [luck.number, own.sweep.seed]
    how = {
        "params": own.model_dump(),
        "fingerprint": fingerprint,
        "draw": draw,
        "divided": division.digest([luck.draw]),
    }
    return {**how, "thresholds": {}, "model": None, "objective": params.sweep.objective}


def _measured(called: str, outcome: Outcome) -> dict[str, Any] | None:
    if outcome["state"] == COMPLETE:
        score = outcome.get("measured", outcome["accuracy"])
        return {"accuracy": score, **{key: outcome[key] for key in ("held_out", "trained_on")}}
    notices.warn(f"{called} is left out: {outcome.get('reason', outcome['state'])}")
    return None


def _audited(
    plan: Plan, trial: Trial, luck: Sequence[_Luck], known: Mapping[str, dict[str, Any] | None]
) -> Audited | None:
    params = plan.params_of(trial)
    found = {one.seed: known.get(one.named(params)) for one in luck}
    done = {seed: values for seed, values in found.items() if values is not None}
    if not done:
        return None
    accuracies = tuple(values["accuracy"] for values in done.values())
    held_out, trained_on = (min(values[key] for values in done.values()) for key in ("held_out", "trained_on"))
    measure = plan.params.sweep.objective
    return Audited(trial.number, trial.score or 0.0, tuple(done), accuracies, held_out, trained_on, measure)
