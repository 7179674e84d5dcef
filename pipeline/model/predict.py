"""Probabilities of the trained network on stored activations."""

import numpy as np

from pipeline.model import assembly, features, losses
from pipeline.model import fit as fitting
from pipeline.schema import Params


def probabilities(split: str, params: Params) -> np.ndarray:
    """Class probabilities of a split, float64 (N, K), rows sum to 1, by models/model.keras.

    Reads the sections images, backbone, head, train and compute. Raises DataError if stored activations are damaged.
    """
    features.verify(split, features.read_index())
    assembled = assembly.load_trained(params)
    inputs = features.activations(split, assembled, assembled.cut, params.head.pooling)
    logits = fitting.logits(assembled.trained, inputs)
    values: np.ndarray = np.exp(losses.log_probabilities(logits))
    return values
