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
_NEUTRAL = {"crop": 1.0}  # of the others 0, or false
_OF_COPIES = {"views", "on_the_fly", "magnitude", "seed"}  # whether there are any, and what changes none by itself


def refuse(params: Params, where: str) -> None:
    """Raise CombinationError, beginning with `where`: a weight decay that `train.optimizer` does not have, cutmix of
    vectors, changes of copies that nobody makes, a layer decay or batch normalization without layers. The last two not
    if a sweep searches either: there they mean what they say."""
    _refuse_unused_changes(params, where)
    _refuse_nothing_to_normalize(params, where)
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


def _refuse_unused_changes(params: Params, where: str) -> None:
    settings = params.images.augmentation
    values = settings.model_dump(exclude=_OF_COPIES)
    neutral = {key: _NEUTRAL.get(key, type(value)()) for key, value in values.items()}
    keys = [key for key in values if values[key] != neutral[key]]
    if keys and not settings.views and not settings.on_the_fly:
        found, none = (", ".join(f"{key}: {str(of[key]).lower()}" for key in keys) for of in (values, neutral))
        raise CombinationError(
            f"{where}: images.augmentation: found {found} with views: 0 and on_the_fly: false, where no copy is made"
            f" and they would be ignored; allowed: views of 1 or more, or on_the_fly: true, or {none}"
        )


def _refuse_nothing_to_normalize(params: Params, where: str) -> None:
    head, searched = params.head, {"head.batch_norm", "head.units"} & params.sweep.space.keys()
    if head.batch_norm and not head.units and not searched:
        raise CombinationError(
            f"{where}: head.batch_norm: found true with head.units: [], where no dense layer is to be normalized and it"
            " would be ignored; allowed: false, or head.units with a layer or more"
        )
