"""What was trained in bfloat16, for machines without it: its weights are float32 already, and so it computes here."""

from typing import Any

_HALVES = ("bfloat16", "mixed_bfloat16")


def in_float32(model: Any) -> Any:
    """A Keras model with the weights of `model` that computes in float32; `model` itself if it does already."""
    config = model.get_config()
    widened = _widened(config)
    if widened == config:
        return model
    twin = type(model).from_config(widened)
    twin.set_weights(model.get_weights())
    return twin


def _widened(config: Any) -> Any:
    """A layer's or a model's config with float32 wherever a type or a dtype policy is bfloat16."""
    if isinstance(config, list | tuple):
        return type(config)(_widened(item) for item in config)
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy" and config["config"]["name"] in _HALVES:
        return {**config, "config": {**config["config"], "name": "float32"}}
    return {key: "float32" if key == "dtype" and value in _HALVES else _widened(value) for key, value in config.items()}
