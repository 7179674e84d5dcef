"""What a worker answers: a result, which is recorded, or trouble, which says nothing about the trial and never is."""

from collections.abc import Mapping
from typing import Any

Configuration = Mapping[str, Any]  # what `worker.run_trial` takes
Outcome = dict[str, Any]  # what it answers
TROUBLE = "trouble"  # the state of an outcome that is no result
PASSING = "passing"  # may be over when the trial is run again
MEMORY = "memory"  # may be the trial's size: only alone it can be told
LASTING = "lasting"  # would be there again


def trouble(kind: str, reason: str, traceback: str = "") -> Outcome:
    return {"state": TROUBLE, "kind": kind, "reason": reason[:500], "traceback": traceback}


def is_result(outcome: Outcome) -> bool:
    return bool(outcome["state"] != TROUBLE)
