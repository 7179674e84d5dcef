"""The nearest legal word, for errors about a wrong one."""

import difflib
from collections.abc import Iterable

from pipeline.process import naming


def did_you_mean(word: str, allowed: Iterable[str], most: int = 12) -> str:
    """ "; did you mean X?" if one of `allowed` is near, else "; allowed: " and at most `most` of them, or that there
    is none."""
    choices = list(allowed)
    lowered = {choice.lower(): choice for choice in choices}
    if not choices:
        return "; there is none"
    near = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {lowered[near[0]]}?"
    return f"; allowed: {naming.some(choices, most)}"
