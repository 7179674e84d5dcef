"""Whether an image is like those a network was trained on at all, and how sure its answers may be.

A classifier names one of its classes whatever it is shown. Two questions tell: are the features those of any class
(Mahalanobis distance, Lee et al. 2018), and does any class speak for it (largest probability, Hendrycks & Gimpel 2017)?
What held-out images give decides both: the share of them that look no more familiar is a p-value (Vovk et al. 2005).
"""

import io
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

FALSE_ALARMS = 0.05  # of images as those trained on: the share that is called unknown


@dataclass(frozen=True)
class Familiarity:
    """Of K classes, D features that the head is given, which is what `layer` is called with, and M held-out images.

    `whitening` (D, R) takes features to where all classes scatter alike, around `means` (K, R). Of the held-out images,
    each sorted: `distances` to the nearest mean, squared, `doubts` (1 - largest probability), and `surprises`, both in
    one. `temperature` makes probabilities as sure as they were right there (Guo et al. 2017).
    """

    layer: str
    temperature: float
    whitening: np.ndarray
    means: np.ndarray
    distances: np.ndarray
    doubts: np.ndarray
    surprises: np.ndarray

    def typicality(self, features: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """Share of held-out images that look no more familiar, float (N,), of features (N, D), probabilities (N, K).

        An image like those is below any level α with probability α at most.
        """
        distances = squared_distances(features, self.whitening, self.means)
        far = as_odd(distances, self.distances)
        unsure = as_odd(1 - probabilities.max(axis=1), self.doubts)
        return as_odd(surprise(far, unsure), self.surprises)

    @property
    def finest(self) -> float:
        """The smallest share of false alarms that so many held-out images can tell: below it nothing is unknown."""
        return 1 / (1 + len(self.surprises))

    def confidences(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities (N, K), calibrated; their order stays."""
        return tempered(probabilities, self.temperature)


def as_odd(values: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """(N,) p-values: the share of sorted values (M,) that are as large as each of (N,), itself counted among them."""
    larger = len(held_out) - np.searchsorted(held_out, values, side="left")
    share: np.ndarray = (1 + larger) / (1 + len(held_out))
    return share


def surprise(far: np.ndarray, unsure: np.ndarray) -> np.ndarray:
    """Two p-values (N,) in one number (Fisher 1925), the larger the odder; compared with others, it needs no χ²."""
    both: np.ndarray = -np.log(far) - np.log(unsure)
    return both


def squared_distances(features: np.ndarray, whitening: np.ndarray, means: np.ndarray) -> np.ndarray:
    """(N,): of features (N, D) to the nearest of the means (K, R)."""
    places = features.astype(np.float64) @ whitening
    away = np.stack([((places - mean) ** 2).sum(axis=1) for mean in means])
    nearest: np.ndarray = away.min(axis=0)
    return nearest


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (N, K), as if the logits had been divided by `temperature`."""
    divided = logs(probabilities) / temperature
    shares = np.exp(divided - divided.max(axis=1, keepdims=True))
    normalized: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return normalized


def logs(probabilities: np.ndarray) -> np.ndarray:
    """Logits (N, K) that say the same as probabilities (N, K)."""
    found: np.ndarray = np.log(np.clip(probabilities.astype(np.float64), np.finfo(np.float32).tiny, None))
    return found


def packed(familiarity: Familiarity) -> bytes:
    """As the bytes of an .npz file, the same for the same content."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **{name: np.asarray(value) for name, value in asdict(familiarity).items()})
    return file.getvalue()


def unpacked(content: bytes) -> Familiarity:
    """What `packed` has packed; nothing in it is run. Raises ValueError, KeyError or BadZipFile if it is
    anything else.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        fields: dict[str, Any] = {name: arrays[name] for name in Familiarity.__dataclass_fields__}
    return Familiarity(**{**fields, "layer": str(fields["layer"]), "temperature": float(fields["temperature"])})
