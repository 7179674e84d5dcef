"""How a trial ended, in Optuna's words."""

from optuna.trial import TrialState

from pipeline.results.trials import COMPLETE, FAILED, PRUNED

OF_TRIAL = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}
