"""Values that the others would leave without effect: refused where something is to be computed with them.

Files on record are read as they are.
"""

from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError

KEYS = ("train.optimizer", "train.weight_decay")  # that the rule is about
_DECAYING = ("adamw",)


def refuse(params: Params, where: str) -> None:
    """Raise CombinationError, beginning with `where`, for a weight decay that `train.optimizer` does not have."""
    train = params.train
    if train.weight_decay and train.optimizer not in _DECAYING:
        raise CombinationError(
            f"{where}: train.weight_decay: found {train.weight_decay:g} with train.optimizer: {train.optimizer}, which"
            f" has none and would ignore it; allowed: 0, or train.optimizer: {' | '.join(_DECAYING)}"
        )
