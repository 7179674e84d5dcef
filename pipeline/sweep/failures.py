"""What an error of a trial says: something about its configuration, which is a result, or about the machine.

Only what is listed here as a result is ever recorded as one. After whatever else happens the trial is run again, or the
sweep stops, and nothing is recorded: an outcome is kept for ever, never run again, and decides what is tried next.
"""

import traceback

import tensorflow as tf

from pipeline.model.fit import TrainingDivergedError
from pipeline.process import machine
from pipeline.process.errors import CombinationError, DataError
from pipeline.results.trials import FAILED
from pipeline.sweep.outcomes import LASTING, MEMORY, PASSING, Outcome, trouble

_RESULTS = (TrainingDivergedError, CombinationError)
_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)
# Files that are away, changed or cannot be written, connections, devices.
_PASSING = (OSError, EOFError, DataError, tf.errors.OpError, *_MEMORY)


def outcome(error: Exception) -> Outcome:
    """Of a trial that ended in `error`."""
    reason, trace = _reason(error), traceback.format_exc()
    if isinstance(error, _RESULTS):
        return {"state": FAILED, "reason": reason, "traceback": trace}
    return trouble(_kind(error), reason, trace)


def _kind(error: Exception) -> str:
    # A card's memory is held by earlier trials of its processes, too: a lack of it says nothing about this one.
    if isinstance(error, _MEMORY) and "GPU" not in str(error):
        return MEMORY
    return PASSING if isinstance(error, _PASSING) or machine.explained(error) else LASTING


def _reason(error: Exception) -> str:
    return (machine.explained(error) or f"{type(error).__name__}: {' '.join(str(error).split())}")[:500]
