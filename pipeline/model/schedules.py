"""How the learning rate goes over the epochs: a factor for each, the same in all steps of it, never 0."""

import math

_LAST = 0.01  # of the exponential schedule's first rate, at its last epoch
_RISING = 10  # one epoch in so many


def factor(schedule: str, done: int, epochs: int) -> float:
    """What to multiply `train.learning_rate` with in the epoch after `done` of `epochs`: above 0, at most 1.

    cosine: Loshchilov & Hutter 2017, without restarts; an epoch has the rate at its beginning. warmup_cosine: a linear
    rise before it (Goyal et al. 2017), for a tenth of the epochs, rounded up, if there is more than one.
    """
    if schedule == "exponential":
        return math.pow(_LAST, done / max(1, epochs - 1))
    if schedule == "cosine":
        return 0.5 * (1 + math.cos(math.pi * done / epochs))
    if schedule == "warmup_cosine":
        rising = min(math.ceil(epochs / _RISING), epochs - 1)
        return (done + 1) / (rising + 1) if done < rising else factor("cosine", done - rising, epochs - rising)
    return 1.0
