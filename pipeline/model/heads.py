"""The classifier on top of the backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from pipeline.identity import seeds
from pipeline.model import single_logit
from pipeline.model.cuts import Cut
from pipeline.process.errors import CombinationError

if TYPE_CHECKING:
    from pipeline.params.network_sections import Head

_POOLING = {
    ("average", 4): keras.layers.GlobalAveragePooling2D,
    ("max", 4): keras.layers.GlobalMaxPooling2D,
    ("average", 3): keras.layers.GlobalAveragePooling1D,
    ("max", 3): keras.layers.GlobalMaxPooling1D,
}


def pool(tensor: Any, pooling: str) -> Any:
    """A feature map (N, H, W, C) or tokens (N, T, D) → (N, D); a tensor that is (N, D) already is returned as it is.

    `average` and `max` are over all tokens, those that stand for no place among them; `cls` is the first one.
    """
    if len(tensor.shape) == 2:
        return tensor
    if pooling == "cls":
        tensor = keras.layers.Cropping1D((0, tensor.shape[1] - 1), name="pooling_class_token")(tensor)
    if pooling in ("cls", "flatten"):
        return keras.layers.Flatten(name="pooling")(tensor)
    return _POOLING[pooling, len(tensor.shape)](name="pooling")(tensor)


def require_poolable(output: Cut, pooling: str) -> None:
    """Raise CombinationError for the class token of a backbone that has none at its `output`."""
    if pooling == "cls" and not output.class_token:
        has = {2: "a vector", 3: "tokens that all stand for a place", 4: "a feature map"}[len(output.tensor.shape)]
        raise CombinationError(
            f"params.yaml: head.pooling: found 'cls', but the backbone's output, that of its layer {output.layer}, is"
            f" {has}, without a class token; allowed: average | max | flatten"
        )


def activations(cut: Cut, pooling: str) -> Any:
    """What is stored at `cut`, and trained on: its tensor (N, …), pooled (N, D) if it is the backbone's output."""
    if not cut.at_output:
        return cut.tensor
    require_poolable(cut, pooling)
    return pool(cut.tensor, pooling)


def classify(tensor: Any, head: Head, classes: int, l2: float, seed: int) -> Any:
    """(N, D) → logits, float32 (N, K), or (N, 1) for sigmoid. Every layer's initial values are a function of `seed`.

    Raises CombinationError for a sigmoid output with other than two classes.
    """
    single_logit.check(head.output, classes)
    rates = dropout_rates(head)
    if not head.units:
        tensor = _drop(tensor, rates[0], "dropout", seed)
    for index, (units, rate) in enumerate(zip(head.units, rates, strict=bool(head.units)), start=1):
        tensor = _dense(units, f"dense{index}", l2, seed, activation="relu")(tensor)
        if head.batch_norm:
            tensor = keras.layers.BatchNormalization(name=f"batch_norm{index}")(tensor)
        tensor = _drop(tensor, rate, f"dropout{index}", seed)
    outputs = 1 if head.output == single_logit.SIGMOID else classes
    return _dense(outputs, "logits", l2, seed, dtype="float32")(tensor)


def dropout_rates(head: Head) -> list[float]:
    """One rate per dense layer; with no dense layer one rate, applied to the pooled features."""
    if isinstance(head.dropout, list):
        return head.dropout or [0.0]
    return [head.dropout] * max(1, len(head.units))


def dropouts(head: Head) -> dict[str, float]:
    """The names of a head's dropout layers, with their rates."""
    names = [f"dropout{index}" for index in range(1, len(head.units) + 1)] or ["dropout"]
    return {name: rate for name, rate in zip(names, dropout_rates(head), strict=True) if rate}


def probabilities(logits: Any, output: str) -> Any:
    """Logits → probabilities, float32 (N, K); a sigmoid's single logit gives the columns 1-p and p."""
    if output == "softmax":
        return keras.layers.Softmax(name="probabilities", dtype="float32")(logits)
    positive = keras.layers.Activation("sigmoid", name="positive", dtype="float32")(logits)
    negative = keras.layers.Rescaling(-1.0, 1.0, name="negative", dtype="float32")(positive)
    return keras.layers.Concatenate(name="probabilities", dtype="float32")([negative, positive])


def _dense(units: int, name: str, l2: float, seed: int, **options: Any) -> keras.layers.Dense:
    return keras.layers.Dense(
        units,
        name=name,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seeds.whole(seed, f"kernel of {name}")),
        kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
        **options,
    )


def _drop(tensor: Any, rate: float, name: str, seed: int) -> Any:
    if not rate:
        return tensor
    return keras.layers.Dropout(rate, seed=seeds.whole(seed, f"masks of {name}"), name=name)(tensor)
