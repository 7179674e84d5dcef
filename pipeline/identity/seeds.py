"""Random numbers: every stream follows from a seed and its purpose, and no two purposes or seeds share one.

Neighbours must not meet, of seeds, layers, epochs or trials: seed 1's second layer is not seed 2's first.
"""

import hashlib

import numpy as np

WHOLE = 2**31  # whole numbers drawn for libraries are below this


def generator(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """The stream of `purpose` for `seed` ≥ 0; `numbers` tell streams of one purpose apart: an epoch, an image.

    NumPy's SeedSequence mixes the seed with the purpose's hash (O'Neill 2015).
    """
    name = "/".join([purpose, *map(str, numbers)])
    key = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], "<u4")  # as many bits as the stream has
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(map(int, key))))


def whole(seed: int, purpose: str, *numbers: int) -> int:
    """The first number of that stream, 0 to WHOLE - 1: for libraries that take a seed and make their own streams."""
    return int(generator(seed, purpose, *numbers).integers(WHOLE))
