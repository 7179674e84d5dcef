"""params.yaml as it is written when nobody has edited it: in the schema's order and words."""

from collections.abc import Mapping
from typing import Any

from pipeline.params import rendering
from pipeline.params.schema import Params

HEADER = """\
# The experiment: every key, with its unit and legal values. `dvc repro` runs what it says; a wrong key or value stops
# before any work. All keys are required: there are no hidden defaults.
"""


def render(content: Mapping[str, Any]) -> str:
    """`content`: that of a params.yaml of any version."""
    fields = Params.model_fields
    parts = [rendering.lines(name, fields[name], content[name]) for name in fields if name in content]
    return "\n".join([HEADER, *("\n".join([*part, ""]) for part in parts)])
