"""A key of params.yaml as a line of text: its value, and the schema's own words as its comment."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from pipeline.params.section import section_of

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from ruamel.yaml.nodes import ScalarNode

_COMMENT_COLUMN = 38
_SMALL = 1e-2  # numbers up to this are written 1.0e-3: learning rates are compared by their powers of ten


def lines(name: str, field: FieldInfo, value: Any, indent: str = "") -> list[str]:
    """The lines of a key, as many as its section has. Equal values are equal text."""
    section = section_of(field.annotation)
    inner = indent + "  "
    if section:
        fields = section.model_fields
        below = [line for key in fields if key in value for line in lines(key, fields[key], value[key], inner)]
    elif isinstance(value, Mapping) and any(isinstance(entry, Mapping) for entry in value.values()):
        below = [f"{inner}{key}: {flow(entry)}" for key, entry in value.items()]
    else:
        return [f"{f'{indent}{name}: {flow(value)}':<{_COMMENT_COLUMN}}  # {field.description}"]
    return [f"{indent}{name}:  # {field.description}", *below]


def flow(value: Any) -> str:
    """`value` as YAML within a line."""
    return _dumped(_quoted(value))


def _dumped(value: Any) -> str:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.default_flow_style = True
    yaml.width = 10**9  # never broken
    stream = StringIO()
    collection = isinstance(value, Mapping | list)
    yaml.dump(value if collection else [value], stream)  # a value by itself would be followed by the line "..."
    text = stream.getvalue().strip()
    return text if collection else text[1:-1]


def _quoted(value: Any) -> Any:
    """`value` with all text in double quotes that would not be read as it is without any."""
    if isinstance(value, str):
        return value if _dumped(value) == value else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        return {_quoted(key): _quoted(entry) for key, entry in value.items()}
    return [_quoted(entry) for entry in value] if isinstance(value, list) else value


class _Representer(RoundTripRepresenter):
    def represent_nothing(self, _: None) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:null", "null")

    def represent_number(self, value: float) -> ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:float", _number(value))


_Representer.add_representer(type(None), _Representer.represent_nothing)
_Representer.add_representer(float, _Representer.represent_number)


def _number(value: float) -> str:
    text = repr(value)
    if "e" not in text and not 0 < abs(value) <= _SMALL:
        return text
    exact = Decimal(text)
    mantissa = str(exact.scaleb(-exact.adjusted()).normalize())
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exact.adjusted()}"
