"""Honest winners: the best of many trials is partly the luckiest, so the best are trained again with fresh seeds."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import seeds
from pipeline.params.config import with_seed
from pipeline.params.schema import Params
from pipeline.results.trials import COMPLETE, Trial, best, top
from pipeline.sweep import attempts, recorded, study
from pipeline.sweep.executors import Workers
from pipeline.sweep.outcomes import Configuration
from pipeline.sweep.plans import Plan


@dataclass(frozen=True)
class Audited:
    """A trial's validation accuracy in the sweep, and with fresh seeds (those trainings that failed left out)."""

    number: int
    accuracy: float
    seeds: tuple[int, ...]
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        return math.fsum(self.accuracies) / len(self.accuracies)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation; None of fewer than two."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else None

    @property
    def optimism(self) -> float:
        """How much the sweep flattered this trial: its accuracy minus the mean with fresh seeds."""
        return self.accuracy - self.mean


def run(
    plan: Plan, trials: Sequence[Trial], workers: Workers, on_training: Callable[[int, int], None] = lambda *_: None
) -> list[Audited]:
    """Train the best `sweep.audit_top` trials again with `sweep.audit_seeds` fresh seeds each; best trial first.

    What an interrupted audit had finished is in the study and not trained again. `on_training` is told how many of
    how many trainings are done.
    """
    chosen = top(trials, plan.params.sweep.audit_top)
    fresh = fresh_seeds(plan.params)
    wanted = {study.fingerprint(p): p for t in chosen for s in fresh if (p := with_seed(plan.params_of(t), s))}
    known = trained(plan)
    missing = {name: _configuration(name, params) for name, params in wanted.items() if name not in known}
    pending = {name: workers.submit(configuration) for name, configuration in missing.items()}

    def others_ended() -> None:
        for other in pending.values():
            other.ended()

    for number, (name, configuration) in enumerate(missing.items(), start=1):
        first = pending.pop(name)
        outcome = attempts.result(f"fresh seeds: training {number}", configuration, first, workers, others_ended)
        known[name] = outcome["accuracy"] if outcome["state"] == COMPLETE else None
        recorded.note(plan.study, _key(name), known[name])
        on_training(number, len(missing))
    audited = [_audited(plan, trial, fresh, known) for trial in chosen]
    return [entry for entry in audited if entry.accuracies]


def fresh_seeds(params: Params) -> list[int]:
    """`sweep.audit_seeds` training seeds that follow from sweep.seed; the trials' own is not among them."""
    count = params.sweep.audit_seeds
    numbers = seeds.generator(params.sweep.seed, "audit").integers(seeds.WHOLE, size=2 * count).tolist()
    return [number for number in dict.fromkeys(numbers) if number != params.train.seed][:count]


def trained(plan: Plan) -> dict[str, float | None]:
    """Fingerprint → validation accuracy of the audit's trainings so far; None for one that failed."""
    prefix = _key("")
    notes = recorded.notes(plan.study)
    return {key.removeprefix(prefix): value for key, value in notes.items() if key.startswith(prefix)}


def of_trial(plan: Plan, trial: Trial) -> Audited | None:
    """The audit of one trial as far as it is recorded; None if there is none."""
    audited = _audited(plan, trial, fresh_seeds(plan.params), trained(plan))
    return audited if audited.accuracies else None


def recommended(trials: Sequence[Trial], audits: Sequence[Audited]) -> Trial | None:
    """The trial to take: the one that does best with fresh seeds, else the best of the sweep; None if none completed.

    Of equally good ones the better in the sweep.
    """
    steadiest = max(audits, key=lambda audited: audited.mean, default=None)
    return best(trials) if steadiest is None else next(t for t in trials if t.number == steadiest.number)


def so_far(plan: Plan, trials: Sequence[Trial]) -> list[Audited]:
    """The audits of the trials that are the best now, as far as they are recorded; best trial first."""
    audits = [of_trial(plan, trial) for trial in top(trials, plan.params.sweep.audit_top)]
    return [audited for audited in audits if audited]


def write(audits: Sequence[Audited]) -> None:
    """reports/sweep/audit.json: accuracies as fractions 0–1, best trial first."""
    content = [
        {
            "trial": a.number,
            "validation_accuracy": a.accuracy,
            "seeds": a.seeds,
            "accuracies": a.accuracies,
            "mean": a.mean,
            "sd": a.sd,
            "optimism": a.optimism,
        }
        for a in audits
    ]
    records.write_json(paths.AUDIT, content)


def values(audited: Audited) -> dict[str, float]:
    """The audit as metrics, named as those of a replication."""
    found = {"validation_accuracy_mean": audited.mean, "validation_accuracy_sd": audited.sd}
    known = {name: value for name, value in found.items() if value is not None}
    return {**known, "selection_optimism": audited.optimism}


def describe(audited: Audited) -> str:
    spread = f" ± {audited.sd:.4f}" if audited.sd is not None else ""
    return (
        f"trial {audited.number} with {len(audited.accuracies)} fresh seeds: {audited.mean:.4f}{spread} (mean ± sd);"
        f" the sweep said {audited.accuracy:.4f}, selection optimism {audited.optimism:+.4f}"
        " (luck with the seed only: on the images it was selected on)"
    )


def _key(fingerprint: str) -> str:
    return f"audit:{fingerprint}"


def _configuration(fingerprint: str, params: Params) -> Configuration:
    return {"params": params.model_dump(), "fingerprint": fingerprint, "thresholds": {}, "model": None}


def _audited(plan: Plan, trial: Trial, fresh: Sequence[int], known: dict[str, float | None]) -> Audited:
    params = plan.params_of(trial)
    found = {seed: known.get(study.fingerprint(with_seed(params, seed))) for seed in fresh}
    done = {seed: value for seed, value in found.items() if value is not None}
    return Audited(trial.number, trial.accuracy or 0.0, tuple(done), tuple(done.values()))
