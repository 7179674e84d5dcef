"""What `fetch`, or DVC before it, would refuse of a source, told before either begins: no image is read for it.

The checks are those of the stage, where they need names only; what images hold is for the stage to say.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.data import corrections, image_folder, known_classes, layout, names, table_source, tree
from pipeline.process import naming
from pipeline.process.errors import DataError

if TYPE_CHECKING:
    from pipeline.params.data_section import Data

_SHOWN = 5


def of(data: Data) -> list[str]:
    """What is refused of the source that is there, and of data.corrections: a message each, with what to do."""
    source = Path(data.path)
    of_source = {"image_folder": lambda: _of_images(data), "table": lambda: of_dvc(source) + _of_table(data)}
    found = of_source[data.source]() if data.source in of_source else []
    return [*found, *(_told(lambda: _require_corrections(data)) if data.corrections else [])]


def of_folder(source: Path) -> list[str]:
    """Of a folder of photographs: whatever data.on_bad_image says, classes, links and names that cannot be used."""
    return _looked_at(source)[0]


def _looked_at(source: Path) -> tuple[list[str], dict[Path, list[Path]]]:
    """What is refused of a folder of photographs, and the files of each class folder, if nothing is."""
    found: dict[Path, list[Path]] = {}
    refused = [*of_dvc(source), *_told(lambda: image_folder.classes(source))]
    refused += _told(lambda: found.update(_by_folder(source)))
    return refused, found


def of_dvc(source: Path) -> list[str]:
    """Files and folders anywhere in `source` that DVC cannot hash, or stops at."""
    everything = list(_everything(source))
    rules = [path for path in everything if path.name == tree.IGNORED.name]
    unreadable = [path for path in everything if not _is_utf8(path.name)]
    refused = []
    if unreadable:
        refused.append(
            f"data.path: {len(unreadable)} names in {names.shown(source)} are not UTF-8, and DVC cannot hash them:"
            f" {tree.some(source, unreadable, _SHOWN)}; rename them (convmv -f latin1 -t utf8 does), whatever"
            " data.on_bad_image is"
        )
    if rules:
        refused.append(
            f"data.path: found {tree.some(source, rules, _SHOWN)}, and DVC takes none within what it watches, here"
            f" {names.shown(source)}; remove it, or put it beside that folder"
        )
    return refused


def badly_named(source: Path) -> list[str]:
    """Of a folder of photographs: files whose names cannot be kept, which are left out or stop it. Raises DataError."""
    return _badly_named(_names(source, _by_folder(source)))


def _badly_named(found: Sequence[str]) -> list[str]:
    count = Counter(found)
    bad = [name for name in found if count[name] > 1 or (names.problem(name) and _is_utf8(name))]
    if not bad:
        return []
    shown = naming.some(sorted({names.plain(name) for name in bad}), _SHOWN)
    return [
        f"{len(bad)} files have a control character in their name, or the same name but for the form of its Unicode:"
        f" {shown}; rename them; data.on_bad_image: skip goes on without them"
    ]


def _of_images(data: Data) -> list[str]:
    source = Path(data.path)
    refused, found = _looked_at(source)
    if refused:
        return refused
    bad = _badly_named(_names(source, found)) if data.on_bad_image == "error" else []
    return [f"data.path: {sentence}" for sentence in (*bad, *_empty(source, found))]


def _empty(source: Path, found: Mapping[Path, Sequence[Path]]) -> list[str]:
    """Class folders without a file, in any split."""
    filled = {names.composed(folder.name) for folder, files in found.items() if files}
    empty = [name for name in image_folder.classes(source) if name not in filled]
    return [f"no image in the class folders {', '.join(empty)}; put some there, or remove them"] if empty else []


def _of_table(data: Data) -> list[str]:
    def look() -> None:
        listed = table_source.read(Path(data.path), str(data.table))
        table_source.classes(listed.path, listed.rows)

    return _told(look)


def _require_corrections(data: Data) -> None:
    path, classes = Path(data.path) / str(data.corrections), known_classes.of(data)
    tree.require_watched(Path(data.path), path, "data.corrections")
    if classes is None and path.is_file():
        return  # its rows are checked when the classes are known
    found = corrections.read(path, classes or [])
    if data.source == "image_folder":
        source = Path(data.path)
        corrections.refuse_unknown(found, _names(source, _by_folder(source)))


def _by_folder(source: Path) -> dict[Path, list[Path]]:
    """Of each class folder what `fetch` takes for images.

    Raises DataError as it does: links, files that DVC is told to ignore.
    """
    folders = [folder for root in layout.of(source).values() for folder in tree.folders(root)]
    return dict(zip(folders, tree.files(source, folders), strict=True))


def _names(source: Path, found: Mapping[Path, Sequence[Path]]) -> list[str]:
    return [names.composed(path.relative_to(source).as_posix()) for files in found.values() for path in files]


def _everything(source: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(source):
        yield from (Path(place, name) for name in (*folders, *files))


def _is_utf8(name: str) -> bool:
    return name.encode(errors="replace").decode() == name


def _told(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except DataError as error:
        return [str(error)]
    return []
