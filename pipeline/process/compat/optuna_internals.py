"""Optuna: a storage that adds a trial under its number, or not at all, and all its values at once."""

import json
from copy import copy
from typing import Any


class NumberTakenError(Exception):
    """The study does not have as many trials as the number of the one to be added says."""


def numbered_storage(url: str) -> Any:
    """The storage at `url`, an SQLAlchemy URL; adding a trial raises NumberTakenError unless it gets its own number.

    Optuna counts the trials within the transaction that adds one, the study's row or file locked, and gives whatever is
    added the next number: who counts first and adds then may add a trial twice. Here the number is compared before that
    transaction ends. It also looks each attribute and intermediate value of a new trial up, where none can be, with
    three statements for a number: here they are added together. Seen in optuna 5.0.0; no report upstream is known.
    """
    from optuna.storages import RDBStorage

    class NumberedStorage(RDBStorage):  # type: ignore[misc]
        def _get_prepared_new_trial(self, study_id: int, template_trial: Any, session: Any) -> Any:
            trial = super()._get_prepared_new_trial(study_id, _outline(template_trial), session)
            if trial.number != template_trial.number:
                raise NumberTakenError(f"trial {template_trial.number} would be number {trial.number}")
            session.add_all(_values(template_trial, trial.trial_id))
            return trial

    return NumberedStorage(url.replace("{", "{{").replace("}", "}}"))  # it is filled in as a template


def _outline(trial: Any) -> Any:
    """A copy without what `_values` adds."""
    outline = copy(trial)
    outline.user_attrs, outline.intermediate_values = {}, {}
    return outline


def _values(trial: Any, trial_id: int) -> list[Any]:
    """A row for each attribute and each intermediate value."""
    from optuna.storages._rdb.models import TrialIntermediateValueModel, TrialUserAttributeModel

    attributes = [
        TrialUserAttributeModel(trial_id=trial_id, key=key, value_json=json.dumps(value))
        for key, value in trial.user_attrs.items()
    ]
    curve = []
    for step, value in trial.intermediate_values.items():
        stored, kind = TrialIntermediateValueModel.intermediate_value_to_stored_repr(value)
        curve.append(
            TrialIntermediateValueModel(
                trial_id=trial_id, step=step, intermediate_value=stored, intermediate_value_type=kind
            )
        )
    return [*attributes, *curve]
