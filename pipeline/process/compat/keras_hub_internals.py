"""KerasHub: that layers taken out of its encoders are saved as something it reads back."""

import inspect
from typing import Any

_OF_EVERY_LAYER = {"name", "trainable", "dtype"}
_PLAIN = (bool, int, float, str, tuple, list, type, type(None))
_completed: set[type] = set()


def save_as_built(kind: type) -> None:
    """From now on a layer's configuration is what its constructor takes: for the process, of one class of KerasHub.

    Blocks are never saved by themselves there, only their encoders, so nobody noticed: some say what they do not take
    (`key_dim`), some do not say what they take (`use_patch_bias`). Seen in keras-hub 0.32.0; no report upstream is
    known.
    """
    if kind in _completed:
        return
    said, taken = kind.get_config, set(inspect.signature(kind).parameters) - {"kwargs"}  # type: ignore[attr-defined]

    def get_config(layer: Any) -> dict[str, Any]:
        try:
            whole = said(layer)
        except TypeError:  # it holds a class, which Keras cannot write: all of it is written here
            whole = _of_every_layer(layer)
        known = {name: value for name, value in whole.items() if name in taken | _OF_EVERY_LAYER}
        silent = {name: getattr(layer, name) for name in taken - known.keys() if hasattr(layer, name)}
        return {**known, **{name: _written(value) for name, value in silent.items() if isinstance(value, _PLAIN)}}

    kind.get_config = get_config  # type: ignore[attr-defined]
    if "build" not in vars(kind):  # Keras' own would be called when it is read, and leave what is in it unbuilt
        kind.get_build_config = lambda layer: None  # type: ignore[attr-defined]
    _completed.add(kind)


def count_patches(kind: type) -> None:
    """Let SigLIP's embedding say how many tokens it gives; it says one more, of a class token that it does not have.

    For the process. Seen in keras-hub 0.32.0; no report upstream is known.
    """
    if kind.__name__ == "SigLIPVisionEmbedding":
        kind.compute_output_shape = lambda layer, shape: (  # type: ignore[attr-defined]
            shape[0],
            layer.num_positions,
            layer.hidden_dim,
        )


def _of_every_layer(layer: Any) -> dict[str, Any]:
    import keras

    common: dict[str, Any] = keras.layers.Layer.get_config(layer)
    return common


def _written(value: Any) -> Any:
    """A class of Keras' layers as its `deserialize_keras_object` finds it; anything else as it is."""
    if not isinstance(value, type):
        return value
    return {"module": "keras.layers", "class_name": "function", "config": value.__name__, "registered_name": None}
