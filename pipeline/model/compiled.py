"""How TensorFlow graphs are made here: the Python that describes one runs once."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def compiled(function: Callable[..., Any]) -> Any:
    """A graph of `function`, one for all batch sizes; without AutoGraph, which first rewrites all that it calls."""
    return tf.function(function, autograph=False, reduce_retracing=True)
