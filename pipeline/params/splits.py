"""What data.splits and data.splitting.group may say, as far as it can be known before the data is read."""

import re
from itertools import combinations

from pipeline.params.slicing import parse


def check_splits(splits: dict[str, str]) -> None:
    """Raise ValueError if a split is malformed, surely empty or surely names images twice, or, naming both, if two of
    them surely overlap."""
    parsed = {name: parse(text) for name, text in splits.items()}
    for name, parts in parsed.items():
        if empty := next((part for part in parts if part.empty), None):
            raise ValueError(f"{name} ({empty.text}) means no image: give a slice that ends after it begins")
        if any(x.overlaps(y) for x, y in combinations(parts, 2)):
            raise ValueError(f"{name} ({splits[name]}) names images twice: an image may be in a split once only")
    for (a, first), (b, second) in combinations(parsed.items(), 2):
        if any(x.overlaps(y) for x in first for y in second):
            raise ValueError(f"{a} ({splits[a]}) and {b} ({splits[b]}) overlap: an image may be in one split only")


def check_group(rule: str) -> None:
    """Raise ValueError if `rule` is none of column, folder, folder:N, and no regular expression with a group."""
    if re.fullmatch(r"column|folder(:[1-9]\d*)?", rule):
        return
    try:
        captures = re.compile(rule).groups
    except re.error as error:
        raise ValueError(f"group: {rule!r} is not a regular expression: {error}") from None
    if not captures:
        raise ValueError(
            f"group: {rule!r} has no (…) that says what the group is, and is none of column, folder, folder:2"
        )
