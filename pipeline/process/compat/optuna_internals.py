"""Optuna: a storage that adds a trial under its number, or not at all."""

from typing import Any


class NumberTakenError(Exception):
    """The study does not have as many trials as the number of the one to be added says."""


def numbered_storage(url: str) -> Any:
    """The storage at `url`, an SQLAlchemy URL; adding a trial raises NumberTakenError unless it gets its own number.

    Optuna counts the trials within the transaction that adds one, the study's row or file locked, and gives whatever is
    added the next number: who counts first and adds then may add a trial twice. Here the number is compared before that
    transaction ends. Seen in optuna 5.0.0; no report upstream is known.
    """
    from optuna.storages import RDBStorage

    class NumberedStorage(RDBStorage):  # type: ignore[misc]
        def _get_prepared_new_trial(self, study_id: int, template_trial: Any, session: Any) -> Any:
            trial = super()._get_prepared_new_trial(study_id, template_trial, session)
            if trial.number != template_trial.number:
                raise NumberTakenError(f"trial {template_trial.number} would be number {trial.number}")
            return trial

    return NumberedStorage(url)
