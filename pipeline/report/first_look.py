"""reports/data/page.html: the first look at a source on one page, its pictures inside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.files import pages
from pipeline.report.page import data_uri

_TEMPLATE = Path(__file__).with_name("first_look.html")


def render(pictures: Sequence[tuple[str, Path]], **values: Any) -> str:
    """The page. `pictures`: caption and file of each; `values`: name, images (count), counts (class → split → images),
    sizes (smallest, median, largest, each height and width), grey, suggested, pairs, duplicates."""
    return pages.rendered(_TEMPLATE, {"pictures": pictures, **values}, {"picture": data_uri})
