"""From attempts to a result: a trial is run again while what stops it may pass, alone if it may be its size.

What does not pass ends the sweep, and nothing is recorded of the trial: the next `herbarium sweep` goes on with it.
"""

import time
from collections.abc import Callable

from pipeline.process import notices
from pipeline.process.errors import HerbariumError
from pipeline.sweep.executors import Pending, Workers
from pipeline.sweep.outcomes import LASTING, MEMORY, Configuration, Outcome, is_result

PAUSES_SECONDS = (2.0, 20.0, 60.0)  # before a trial is run again


class UnfinishedTrialError(HerbariumError):
    """A trial came to no result."""


def result(
    name: str, configuration: Configuration, first: Pending, workers: Workers, others_ended: Callable[[], None]
) -> Outcome:
    """What the trial called `name` comes to. `others_ended` returns when no other trial is running.

    Raises UnfinishedTrialError if it comes to nothing.
    """
    outcome = first.outcome()
    for pause in PAUSES_SECONDS:
        if is_result(outcome):
            return outcome
        if outcome["kind"] == LASTING:
            break
        notices.warn(f"{name}: {outcome['reason']}; running it again")
        if outcome["kind"] == MEMORY:
            others_ended()
            outcome = workers.alone(configuration).outcome()
        else:
            time.sleep(pause)
            outcome = workers.submit(configuration).outcome()
    if is_result(outcome):
        return outcome
    raise UnfinishedTrialError(
        f"{name}: {outcome['reason']}. That is not known to be the trial's own doing, so nothing was recorded of it:"
        " mend the cause and run `herbarium sweep` again, which goes on with it, or take what it tries out of"
        " sweep.space."
        f" `herbarium --debug sweep` shows where it comes from{_where(outcome['traceback'])}"
    )


def _where(trace: str) -> str:
    """The last place named in a traceback."""
    places = [line.strip() for line in trace.splitlines() if line.strip().startswith("File ")]
    return f" ({places[-1]})" if places else ""
