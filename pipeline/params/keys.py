"""Nested parameters by dotted keys: `train.learning_rate` is `learning_rate` in the section `train`."""

from collections.abc import Mapping
from types import EllipsisType
from typing import Any


def flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted key → value of nested sections, in their order."""
    rows: dict[str, Any] = {}
    for key, value in section.items():
        nested = isinstance(value, Mapping) and value
        rows |= flat(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": value}
    return rows


def at(content: Any, key: str) -> Any | EllipsisType:
    """The value at a dotted key; ... if there is none."""
    for name in key.split("."):
        if not isinstance(content, Mapping) or name not in content:
            return ...
        content = content[name]
    return content


def replaced(content: Mapping[str, Any], key: str, value: Any) -> dict[str, Any]:
    """A copy of `content` with `value` at a dotted key whose section is there; ... takes the key away."""
    name, _, rest = key.partition(".")
    if rest:
        return {**content, name: replaced(content[name], rest, value)}
    if value is ...:
        return {other: entry for other, entry in content.items() if other != name}
    return {**content, name: value}
