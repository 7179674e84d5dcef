"""Values that the others would leave without effect: refused where something is to be computed with them.

Files on record are read as they are.
"""

from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError

KEYS = (
    "train.optimizer",
    "train.weight_decay",
    "train.cutmix",
    "train.unfrozen_layers",
)  # that the rules for trials are about, too
_DECAYING = ("adamw",)


def refuse(params: Params, where: str) -> None:
    """Raise CombinationError, beginning with `where`: a weight decay that `train.optimizer` does not have, cutmix of
    vectors, a layer decay without layers. The last one not if a sweep searches either: there it means what it says."""
    train = params.train
    searched = {"train.layer_decay", "train.unfrozen_layers"} & params.sweep.space.keys()
    if train.layer_decay < 1 and not train.unfrozen_layers and not searched:
        raise CombinationError(
            f"{where}: train.layer_decay: found {train.layer_decay:g} with train.unfrozen_layers: 0, where"
            " only the head is trained and it would be ignored; allowed: 1, or train.unfrozen_layers of 1 or more"
        )
    if train.cutmix and not train.unfrozen_layers and not params.images.augmentation.on_the_fly:
        raise CombinationError(
            f"{where}: train.cutmix: found {train.cutmix:g} with train.unfrozen_layers: 0, where the head is trained on"
            " pooled features, which have no height and width to cut from; allowed: 0 (and train.mixup, which mixes"
            " such features), or train.unfrozen_layers of 1 or more"
        )
    if train.weight_decay and train.optimizer not in _DECAYING:
        raise CombinationError(
            f"{where}: train.weight_decay: found {train.weight_decay:g} with train.optimizer: {train.optimizer}, which"
            f" has none and would ignore it; allowed: 0, or train.optimizer: {' | '.join(_DECAYING)}"
        )
