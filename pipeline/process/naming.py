"""Many names in one sentence: the first of them, and how many more there are."""

from collections.abc import Sequence


def some(names: Sequence[str], most: int, between: str = ", ") -> str:
    """The first `most` of `names`, and, if there are others, their number."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return between.join(names[:most]) + more
