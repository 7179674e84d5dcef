"""How sure scores may be: by what they are divided for the labels to be likeliest (C. Guo and others, 2017, ICML)."""

import numpy as np


def fitted(logits: np.ndarray, targets: np.ndarray, between: tuple[float, float]) -> float:
    """The natural logarithm of the temperature, within `between`, of the least mean cross-entropy.

    `logits` (N, K); `targets` (N, K), the share of each class in what an image is to be, 0 to 1.
    """
    from scipy.optimize import minimize_scalar

    def unlikely(log_temperature: float) -> float:
        return -float((targets * log_shares(logits, log_temperature)).sum(axis=1).mean())

    return float(minimize_scalar(unlikely, bounds=between, method="bounded").x)


def log_shares(logits: np.ndarray, log_temperature: float) -> np.ndarray:
    """The logarithms of the probabilities (N, K) at a temperature."""
    from scipy.special import log_softmax

    shares: np.ndarray = log_softmax(logits * np.exp(-log_temperature), axis=1)
    return shares
