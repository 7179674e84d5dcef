"""What is trained on and held out in a fold, from what is stored: other rows of the same activations.

Nothing is extracted for it. Test images are in none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.model import augmentation, class_weights, features, wanted
from pipeline.model.assembly import Assembled
from pipeline.model.cuts import Cut
from pipeline.model.fit import Examples
from pipeline.model.folds import Fold
from pipeline.model.selection import Selection, labels_of

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def examples(
    fold: Fold, assembled: Assembled, params: Params, cut: Cut | None = None, root: Path = Path()
) -> tuple[Examples, Examples]:
    """What to train on and what is held out, at `cut` (None: where the network is cut).

    Images of the validation split have no augmented views stored: each of their views is the image itself.
    """
    cut = cut or assembled.cut
    parts = [features.activations(split, assembled, cut, params.head.pooling, root) for split in fingerprint.SPLITS]
    labels = labels_of(root)
    of_training = len(labels) - len(parts[1])
    views = len(parts[0]) // of_training

    def rows(places: np.ndarray, view: int) -> np.ndarray:
        shift = np.where(places < of_training, view * of_training, len(parts[0]) - of_training)
        moved: np.ndarray = places + shift
        return moved

    trained = Selection(parts, np.concatenate([rows(fold.trained, view) for view in range(views)]))
    held_out = Selection(parts, rows(fold.held_out, 0))
    answers = labels[fold.trained]
    weights = class_weights.of(params.train.class_weights, records.read_json(root / paths.CLASSES), answers)
    moves = _transforms(fold, trained, params, cut, root)
    of_images = _weights(root)
    chosen = None if of_images is None else of_images[fold.trained]
    return Examples(trained, answers, moves, weights, chosen), Examples(held_out, labels[fold.held_out])


def _transforms(fold: Fold, inputs: Any, params: Params, cut: Cut, root: Path) -> Any:
    settings = params.images.augmentation
    if not (settings.on_the_fly and cut.at_input):
        return None
    identities = [one for split in fingerprint.SPLITS for one in wanted.image_identities(split, root)]
    chosen = [identities[place] for place in fold.trained]
    return lambda epoch: augmentation.drawn(settings, chosen, epoch, inputs.shape[1:])


def _weights(root: Path) -> np.ndarray | None:
    """As `labels_of`: how much each image counts; None: all the same."""
    found = [weights for split in fingerprint.SPLITS if (weights := features.weights_of(split, root)) is not None]
    return np.concatenate(found) if found else None
