"""What lies in a folder of photographs: everything visible, in one order, without what systems leave there.

What DVC does not watch is refused, because it could change and nothing would be run again: what links lead to (nowhere,
some of them, or back to where they are), and what .dvcignore names.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from pipeline.data import names
from pipeline.data.listing import listed
from pipeline.process import naming
from pipeline.process.errors import DataError

# Of Windows, macOS, archives made by it, and network drives, in lower case; hidden files begin with a dot.
_CLUTTER = {
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "icon\r",
    "__macosx",
    "@eadir",
    "$recycle.bin",
    "system volume information",
    "lost+found",
}
_NAMED_BY = "data.path"
IGNORED = Path(".dvcignore")  # may lie in any folder of the project, but not within what DVC watches as a whole
_SHOWN = 20


def is_clutter(name: str) -> bool:
    """Whether a file or folder of this name is none that a person has put there."""
    return name.startswith(".") or name.lower() in _CLUTTER


def folders(folder: Path) -> list[Path]:
    """The folders in `folder`, by name; links that lead to no file are among them. Raises DataError if it cannot be
    read."""
    return sorted(Path(e.path) for e in _entries(folder) if os.path.isdir(e) or _leads_nowhere(e))


def loose_files(folder: Path) -> list[Path]:
    """The files directly in `folder`, by name."""
    return sorted(Path(entry.path) for entry in _entries(folder) if os.path.isfile(entry))


def visible(folder: Path, named_by: str) -> Iterator[Path]:
    """All that lies below `folder` but folders, in no order; links are not followed.

    Raises DataError, beginning with what named the folder, if one cannot be read.
    """
    for entry in _entries(folder, named_by):
        if entry.is_dir(follow_symlinks=False):
            yield from visible(Path(entry.path), named_by)
        else:
            yield Path(entry.path)


def files(source: Path, roots: Iterable[Path]) -> list[list[Path]]:
    """Of each of `roots`, folders of `source`, all that lies below it but folders, by path.

    Raises DataError if a folder cannot be read, or naming all that DVC does not watch: links, `roots` that are links,
    ignored files.
    """
    found = [[root] if root.is_symlink() else sorted(visible(root, _NAMED_BY)) for root in roots]
    if links := [path for paths in found for path in paths if path.is_symlink()]:
        raise DataError(
            _refusal(
                f"{len(links)} links in {names.shown(source)}, and DVC does not watch what they lead to",
                [f"{names.shown(path.relative_to(source))} → {names.shown(path.readlink())}" for path in links],
                "Put the files themselves there; `cp -rL` copies what links lead to. (data.path itself may be a link.)",
            )
        )
    refuse_ignored(source, (path for paths in found for path in paths))
    return found


def spelling(folder: Path) -> Callable[[str], str]:
    """A function: path relative to `folder` → the same as the file system has it, if only the form of its Unicode is
    another. A table that was written elsewhere than the files has "ö" as one character, they as two."""
    listings: dict[Path, dict[str, str]] = {}

    def listing(place: Path) -> dict[str, str]:
        if place not in listings:
            listings[place] = {names.composed(name): name for name in os.listdir(place)} if place.is_dir() else {}
        return listings[place]

    def spelled(path: str) -> str:
        if os.path.lexists(folder / path):
            return path
        place = folder
        for part in PurePosixPath(path).parts:
            place /= listing(place).get(names.nfc(part), part)
        return place.relative_to(folder).as_posix()

    return spelled


def require_watched(source: Path, path: Path, named_by: str) -> None:
    """Raise DataError, beginning with what named it, if DVC does not watch `path`, a file of `source`."""
    if linked(source, path):
        raise DataError(
            f"{named_by}: {names.shown(path)} is a link or behind one, and DVC does not watch what it leads to; put the"
            " file there"
        )
    refuse_ignored(source, [path])


def linked(source: Path, path: Path) -> bool:
    """Whether `path`, or a folder between it and `source`, is a link; `source` itself may be one."""
    steps = [path, *path.parents]
    return any(step.is_symlink() for step in steps[: steps.index(source)])


def refuse_ignored(source: Path, paths: Iterable[Path]) -> None:
    """Raise DataError, naming those of `paths`, files of `source`, that DVC does not watch because it is told so."""
    if ignored := _ignored(source, paths):
        raise DataError(
            _refusal(
                f"{len(ignored)} files in {names.shown(source)} are named by {IGNORED}, so DVC does not watch them",
                map(names.shown, ignored),
                f"Rename them or put them elsewhere, or change {IGNORED}.",
            )
        )


def _ignored(source: Path, paths: Iterable[Path]) -> list[Path]:
    """Those of `paths` below `source` that a .dvcignore names, of the project or of a folder on the way to `source`.

    Of several, the nearest that says anything of a file decides. Beyond the project DVC reads none.
    """
    place = Path(os.path.relpath(source))
    around = () if ".." in place.parts else (place, *place.parents)
    rules = [rule for folder in around for rule in _rules(folder)]
    if not rules:
        return []
    return [path for path in paths if _is_named(Path(os.path.relpath(path)), rules)]


def _rules(folder: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    if (folder / IGNORED).is_file():
        yield folder, GitIgnoreSpec.from_lines((folder / IGNORED).read_text(encoding="utf-8").splitlines())


def _is_named(path: Path, rules: Sequence[tuple[Path, GitIgnoreSpec]]) -> bool:
    found = (spec.check_file(path.relative_to(folder)).include for folder, spec in rules)
    return next((said for said in found if said is not None), False)


def some(source: Path, paths: Iterable[Path], most: int) -> str:
    """The first `most` of `paths`, files of `source`, in one sentence, and how many more there are."""
    return naming.some([names.shown(path.relative_to(source)) for path in sorted(paths)], most)


def _refusal(what: str, found: Iterable[str], advice: str) -> str:
    return "\n".join([f"data.path: {what}:", *listed(list(found), _SHOWN), advice])


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry)


def _entries(folder: Path, named_by: str = _NAMED_BY) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not is_clutter(entry.name)]
    except OSError as error:
        raise DataError(f"{named_by}: {names.shown(folder)} cannot be read ({error.strerror})") from None
