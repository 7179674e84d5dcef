"""HTML pages from templates that lie beside the code: what is put into them is escaped, what is missing is an error."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def rendered(
    template: Path, values: Mapping[str, Any], filters: Mapping[str, Callable[[Any], str]] | None = None
) -> str:
    """The page of the file `template`, which may include its neighbours. `filters`: name → how a value becomes text."""
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,  # names of classes, files, experiments and people are the users'
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters or {}
    return environment.get_template(template.name).render(values)


def picture(png: bytes) -> str:
    """A PNG file's content as text that a browser shows."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
