"""What of a sweep is in its study: finished trials, in order, each added whole under its number, or not at all.

What a sampler or a pruner knows follows from them and is never stored: nothing is read back but plain values.
"""

from collections.abc import Sequence
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from pipeline.process.compat.optuna_internals import NumberTakenError
from pipeline.process.errors import HerbariumError
from pipeline.process.notices import in_short
from pipeline.results.history import Epoch
from pipeline.results.trials import Trial
from pipeline.sweep import states
from pipeline.sweep.dimensions import Dimension
from pipeline.sweep.patience import patiently
from pipeline.sweep.study import SweepError


def add(study: optuna.Study, dimensions: Sequence[Dimension], trial: Trial) -> None:
    """Append a finished trial. Raises SweepError if another process has added one of its number."""
    frozen = _frozen(dimensions, trial)

    def append() -> None:
        try:
            study.add_trial(frozen)
        except NumberTakenError:
            # It may have been added, and only the answer lost: Optuna tries again by itself, before `patiently` does.
            if not _is_recorded(study, frozen):
                raise SweepError(
                    f"another sweep writes to study {study.study_name}: stop one of them and run this again"
                ) from None

    patiently(append)


def trials(study: optuna.Study, dimensions: Sequence[Dimension]) -> list[Trial]:
    """All trials of the study, in order. Raises SweepError if there is one that no sweep has added."""
    try:
        found = [_trial(frozen, dimensions) for frozen in _frozen_trials(study)]
        if [trial.number for trial in found] != list(range(len(found))):
            raise ValueError("numbered otherwise than from 0")
    except HerbariumError:
        raise
    except Exception as error:  # whatever reading what someone else has put there comes to
        raise SweepError(
            f"study {study.study_name} holds trials that `herbarium sweep` has not written ({in_short(error)}): delete"
            " it, or give another --storage"
        ) from error
    return found


def in_memory(study: optuna.Study) -> optuna.Study:
    """A copy that no database can take away."""
    copy = optuna.create_study(study_name=study.study_name, direction="maximize")
    copy.add_trials(_frozen_trials(study))
    return copy


def note(study: optuna.Study, key: str, value: Any) -> None:
    """Keep a plain value with the study, under a name of its own."""
    patiently(lambda: study.set_user_attr(key, value))


def ended(study: optuna.Study) -> int:
    """How many trials have ended."""
    return len(_frozen_trials(study))


def notes(study: optuna.Study) -> dict[str, Any]:
    return patiently(lambda: study.user_attrs)


def _frozen_trials(study: optuna.Study) -> list[FrozenTrial]:
    return patiently(lambda: study.get_trials(deepcopy=False))


def _is_recorded(study: optuna.Study, frozen: FrozenTrial) -> bool:
    """Whether this very execution was recorded: another one of the same trial ended at another moment."""
    present = study.get_trials(deepcopy=False)[frozen.number :][:1]
    return any(
        found.datetime_complete == frozen.datetime_complete
        and all(found.user_attrs.get(key) == frozen.user_attrs[key] for key in ("fingerprint", "seconds"))
        for found in present
    )


def _frozen(dimensions: Sequence[Dimension], trial: Trial) -> FrozenTrial:
    frozen = optuna.trial.create_trial(
        state=states.OF_TRIAL[trial.state],
        value=trial.score,
        params={d.key: d.suggestion(trial.values[d.key]) for d in dimensions},
        distributions={d.key: d.distribution for d in dimensions},
        user_attrs=_attributes(trial),
        intermediate_values=trial.curve,
    )
    frozen.number = trial.number
    if frozen.datetime_complete:
        frozen.datetime_start = frozen.datetime_complete - timedelta(seconds=trial.seconds)
    return frozen


def _attributes(trial: Trial) -> dict[str, Any]:
    return {
        "state": trial.state,
        "fingerprint": trial.fingerprint,
        "epochs": [astuple(epoch) for epoch in trial.epochs],
        "kept_epoch": trial.kept_epoch,
        "same_as": trial.same_as,
        "reason": trial.reason,
        "traceback": trial.traceback,
        "seconds": trial.seconds,
        **({} if trial.measured is None else {"accuracy": trial.accuracy, "measured": trial.measured}),
        **({"steps": trial.steps} if trial.steps else {}),
    }


def _trial(frozen: FrozenTrial, dimensions: Sequence[Dimension]) -> Trial:
    attributes: dict[str, Any] = dict(frozen.user_attrs)
    epochs, steps = attributes.pop("epochs"), attributes.pop("steps", ())
    accuracy = attributes.pop("accuracy", frozen.value)  # which the objective is, if nothing else is said
    return Trial(
        number=frozen.number,
        values={d.key: d.value(frozen.params[d.key]) for d in dimensions},
        accuracy=accuracy if frozen.state == TrialState.COMPLETE else None,
        epochs=tuple(Epoch(int(row[0]), *row[1:]) for row in epochs),
        steps=tuple((int(number), value) for number, value in steps),
        **attributes,
    )
