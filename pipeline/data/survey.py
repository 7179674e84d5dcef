"""A folder of photographs at a glance: what parameters must know of it before any can be written."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from PIL import Image

from pipeline.data import images, layout, tree
from pipeline.process.errors import DataError

_LOOKED_AT = 200  # images, evenly spread over the classes: to say how large they are is no reason to read all
_GREY = ("1", "L", "I", "I;16", "F")  # Pillow's modes without colour


@dataclass(frozen=True)
class Survey:
    """`roots`: split → its folder, as `layout.of`. `classes`: name → images. `side`: median of the images' shorter
    sides, pixels. `grey`: none of those looked at has colour."""

    roots: Mapping[str, Path]
    classes: Mapping[str, int]
    side: int
    grey: bool

    @property
    def images(self) -> int:
        return sum(int(count) for count in self.classes.values())


def of(source: Path) -> Survey:
    """Look at the folder `source`; headers of some images are read. Raises DataError: it is none of images by class."""
    roots = layout.of(source)
    by_class: dict[str, list[Path]] = {}
    for root in roots.values():
        for folder in tree.folders(root):
            by_class.setdefault(folder.name, []).extend(_images(folder))
    classes = {name: len(files) for name, files in sorted(by_class.items()) if files}
    if len(classes) < 2:
        raise DataError(
            f"data.path: {source} has images in {len(classes)} folders; allowed: one folder of images per class, two"
            " or more" + layout.one_too_high({split: tree.folders(root) for split, root in roots.items()})
        )
    most = max(1, _LOOKED_AT // len(classes))
    seen = [_seen(path) for files in by_class.values() for path in sorted(files)[:: max(1, len(files) // most)][:most]]
    known = [found for found in seen if found]
    if not known:
        raise DataError(f"data.path: none of the images in {source} that were looked at can be read")
    return Survey(roots, classes, round(median(side for side, _ in known)), all(grey for _, grey in known))


def _images(folder: Path) -> list[Path]:
    below = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return [path for path in below if path.suffix.lower() in images.ENDINGS and not tree.is_clutter(path.name)]


def _seen(path: Path) -> tuple[int, bool] | None:
    """An image's shorter side and whether it is grey; None if it is none: `preprocess` names all of these."""
    try:
        with Image.open(path) as image:
            return min(image.size), image.mode in _GREY
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
