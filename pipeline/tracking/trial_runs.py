"""From a run in MLflow's list back to the trial it shows: what a person copies from the UI is a run's ID."""

from mlflow.exceptions import MlflowException

from pipeline.params.schema import Tracking
from pipeline.process.errors import HerbariumError
from pipeline.tracking import address, tags
from pipeline.tracking.store import connect, conversation
from pipeline.tracking.sweeps import NUMBER, SWEEP


class NotATrialError(HerbariumError):
    """There is no such run, or it is none of a sweep's trials."""


def trial_of(run_id: str, tracking: Tracking) -> tuple[str, int]:
    """The study's name and the trial's number. Raises NotATrialError; TrackingUnavailable if MLflow does not answer."""
    uri = address.tracking_uri(tracking)
    with conversation(uri):
        client = connect(tracking).client
        try:
            run = client.get_run(run_id)
            parent = client.get_run(run.data.tags.get(tags.PARENT, run_id))
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise NotATrialError(f"run {run_id}: not found in MLflow at {address.redacted(uri)}") from None
    if NUMBER not in run.data.tags:
        kind = "a sweep" if SWEEP in run.data.tags else "not one of a sweep"
        raise NotATrialError(f"run {run_id} is {kind}; allowed: a trial's run, one of those below a sweep's")
    return parent.data.tags[SWEEP], int(run.data.tags[NUMBER])
