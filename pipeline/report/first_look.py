"""reports/data/page.html: the first look at a source on one page, its pictures inside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.report.page import data_uri


def render(pictures: Sequence[tuple[str, Path]], **values: Any) -> str:
    """The page. `pictures`: caption and file of each; `values`: name, images (count), counts (class → split → images),
    sizes (smallest, median, largest, each height and width), grey, suggested, pairs, duplicates."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,  # class and file names are the user's
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["picture"] = data_uri
    return environment.get_template("first_look.html").render(pictures=pictures, **values)


def imbalance(counts: Mapping[str, Mapping[str, int]]) -> float:
    """Images of the commonest class over those of the rarest."""
    totals = [sum(int(n) for n in row.values()) for row in counts.values()]
    return max(totals) / max(1, min(totals))
