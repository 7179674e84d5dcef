"""Nested parameters as one list of dotted keys."""

from collections.abc import Mapping
from typing import Any


def flat(section: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """(dotted key, value) of nested sections, in their order."""
    rows: list[tuple[str, Any]] = []
    for key, value in section.items():
        rows += flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return rows
