"""Imports without Python's search for garbage, which goes through all that is there, over and over, as it grows.

TensorFlow, Keras and MLflow are half a million objects that stay as long as the process does: searching them for what
could be removed takes a fifth of the time that they take to import.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Within it modules are imported, and no garbage is looked for; what is there at its end is never searched again.

    Also where the block fails, and within another such block, which goes on as it was.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was:
            gc.enable()
