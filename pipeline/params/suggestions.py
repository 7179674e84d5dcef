"""The nearest legal word, for errors about a wrong one."""

import difflib
from collections.abc import Iterable

from pipeline.process import naming


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The one of `allowed` that is nearly so written, in capitals or not; None if none is."""
    lowered = {choice.lower(): choice for choice in allowed}
    near = difflib.get_close_matches(word.lower(), lowered, n=1)
    return lowered[near[0]] if near else None


def did_you_mean(word: str, allowed: Iterable[str], most: int = 12) -> str:
    """ "; did you mean X?" if one of `allowed` is near, else "; allowed: " and at most `most` of them, or that there
    is none."""
    choices = list(allowed)
    if not choices:
        return "; there is none"
    near = nearest(word, choices)
    if near is not None:
        return f"; did you mean {near}?"
    return f"; allowed: {naming.some(choices, most)}"
