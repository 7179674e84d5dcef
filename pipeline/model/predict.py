"""What the trained network says about stored activations, and what it sees in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras
import numpy as np

from pipeline.model import features as stored
from pipeline.model import fit as fitting
from pipeline.model import graph, losses
from pipeline.model.assembly import Assembled

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def probabilities(split: str, trained: Assembled, params: Params) -> np.ndarray:
    """Class probabilities of a split, float64 (N, K), rows sum to 1. Raises DataError if activations are damaged."""
    logits = fitting.logits(trained.trained, _inputs(split, trained, params))
    values: np.ndarray = np.exp(losses.log_probabilities(logits))
    return values


def features(split: str, trained: Assembled, params: Params) -> np.ndarray:
    """What the last layer decides on, float64 (N, D). Raises DataError if activations are damaged."""
    nodes = graph.nodes(trained.trained.output)
    (below,) = nodes[-1].inputs
    seeing = keras.Model(trained.trained.input, nodes[below].output)
    return fitting.logits(seeing, _inputs(split, trained, params)).astype(np.float64)


def _inputs(split: str, trained: Assembled, params: Params) -> np.ndarray:
    stored.verify(split, stored.read_index([split]))
    return stored.activations(split, trained, trained.cut, params.head.pooling)
