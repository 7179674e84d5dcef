"""Writes params.yaml from values: every key in the schema's order, with the schema's own words as its comment."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from pipeline.params import upgrades
from pipeline.params.schema import Params
from pipeline.params.section import section_of

HEADER = """\
# The experiment: every key, with its unit and legal values. `dvc repro` runs what it says; a wrong key or value stops
# before any work. All keys are required: there are no hidden defaults.
"""
_COMMENT_COLUMN = 38
_SMALL = 1e-2  # numbers up to this are written 1.0e-3: learning rates are compared by their powers of ten
# What YAML would read as something else than text.
_SPECIAL = re.compile(
    r"[:\[\]{},#&*!|>'\"%@`]|^$|^[\s?=<-]|\s$|^(true|false|yes|no|on|off|null|~|[-+.\d].*)$", re.IGNORECASE
)


def render(content: Mapping[str, Any]) -> str:
    """params.yaml of its version for `content`, the values of a checked `Params`. Equal values are equal text."""
    return HEADER + "\n" + "\n".join(_lines(upgrades.as_written(content), Params, indent="")) + "\n"


def _lines(values: Mapping[str, Any], model: type[BaseModel], indent: str) -> list[str]:
    lines: list[str] = []
    for name, field in model.model_fields.items():
        if name not in values:
            continue  # of a later version than the file's
        section = section_of(field.annotation)
        if section or _is_table(values[name]):
            blank = [""] if lines and not indent else []
            inner = indent + "  "
            below = _lines(values[name], section, inner) if section else _entries(values[name], inner)
            lines += [*blank, f"{indent}{name}:  # {field.description}", *below]
        else:
            lines.append(f"{f'{indent}{name}: {_value(values[name])}':<{_COMMENT_COLUMN}}  # {field.description}")
    return lines


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(entry, Mapping) for entry in value.values())


def _entries(values: Mapping[str, Any], indent: str) -> list[str]:
    return [f"{indent}{key}: {_value(value)}" for key, value in values.items()]


def _value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str) and (_SPECIAL.search(value) or not value.isprintable()):
        return _quoted(value)
    return str(value)


def _quoted(text: str) -> str:
    """In double quotes; what has no visible form (line ends, control characters) as YAML's escapes."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)


def _number(value: float) -> str:
    text = repr(value)
    if "e" not in text and not 0 < abs(value) <= _SMALL:
        return text
    exact = Decimal(text)
    mantissa = str(exact.scaleb(-exact.adjusted()).normalize())
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exact.adjusted()}"
