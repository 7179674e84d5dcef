"""Many findings in one message: the first of them, a line each, and how many more there are."""

from collections.abc import Sequence


def listed(findings: Sequence[str], most: int) -> list[str]:
    """An indented line for each of the first `most` findings, and, if there are others, one for their number."""
    more = [f"… and {len(findings) - most} more"] if len(findings) > most else []
    return [f"  {line}" for line in [*findings[:most], *more]]
