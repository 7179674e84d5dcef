"""Images that belong together, ten photographs of one plant: which group each is in, by data.splitting.group."""

import re
from collections.abc import Callable, Iterable, Mapping

from pipeline.data import names
from pipeline.process import naming
from pipeline.process.errors import DataError
from pipeline.results.together import leaders

COLUMN = "column"
_FOLDER = re.compile(r"folder(?::([1-9]\d*))?")
_SHOWN = 10


def of(rule: str | None, images: Iterable[tuple[str, str]]) -> list[str]:
    """The group of each of `images`, (name, the table's group); "" for an image by itself.

    Raises DataError, naming images, if the rule finds none in some names, or no table has groups; naming groups, if two
    look the same.
    """
    found = _found(rule, list(images))
    if same := names.alike(found):
        shown = naming.some([" and ".join(map(ascii, group)) for group in same], _SHOWN)
        raise DataError(
            f"data.splitting.group: {rule} finds groups that look the same: {shown}; write those that are one alike, or"
            " their images may be in two splits"
        )
    return found


def _found(rule: str | None, given: list[tuple[str, str]]) -> list[str]:
    if rule is None:
        return [""] * len(given)
    if rule == COLUMN:
        return _of_table([group for _, group in given])
    find = _by_folder(rule) or _by_pattern(rule)
    groups = [find(name) for name, _ in given]
    without = [name for (name, _), group in zip(given, groups, strict=True) if not group]
    if without:
        raise DataError(
            f"data.splitting.group: {rule} finds no group in {len(without)} of {len(given)} names:"
            f" {naming.some(without, _SHOWN)}; allowed: a rule for all of them"
        )
    return [str(group) for group in groups]


def joined(units: Mapping[str, str], together: Iterable[tuple[str, str]]) -> list[str]:
    """The unit of each of `units`, name → unit, when those of two names that are `together` are one, and so on.

    It is called like the first of them in the alphabet. Names that are not among `units` are left out.
    """
    pairs = ((units[a], units[b]) for a, b in together if a in units and b in units)
    leader = leaders(units.values(), pairs)
    called: dict[str, str] = {}
    for unit in sorted(leader):
        called.setdefault(leader[unit], unit)
    return [called[leader[unit]] for unit in units.values()]


def _of_table(groups: list[str]) -> list[str]:
    if not any(groups):
        raise DataError(
            "data.splitting.group: found column, and the source has no groups; allowed: a table (data.source: table)"
            " with a column group, or a rule for names"
        )
    return groups


def _by_folder(rule: str) -> Callable[[str], str | None] | None:
    match = _FOLDER.fullmatch(rule)
    if not match:
        return None
    level = int(match[1]) if match[1] else None

    def find(name: str) -> str | None:
        folders = name.split("/")[:-1]
        return "/".join(folders[:level]) if len(folders) >= (level or 1) else None

    return find


def _by_pattern(rule: str) -> Callable[[str], str | None]:
    pattern = re.compile(rule)

    def find(name: str) -> str | None:
        match = pattern.search(name)
        return match and next((group for group in match.groups() if group), None)

    return find
