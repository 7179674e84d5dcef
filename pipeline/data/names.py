"""Which names files and classes may have: those that every format on the way carries and that people can tell apart.

Class names go through lists with a line each, tables and JSON, and in the end stand in pictures. What would be cut off
or broken there, or looks like another name, is refused where the images are found, rather than counted wrongly later.
"""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from pipeline.data.listing import listed
from pipeline.process.errors import DataError

# They reorder what is printed after them: a name would show as another.
_DIRECTIONS = {"\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"}
_CONTROL = {"Cc", "Zl", "Zp"}  # Unicode's categories of control characters, line and paragraph separators
_APOSTROPHES = "\u2018\u2019\u02bc\u2032`´"
# Blank in most fonts, or signs to the letter before; Unicode counts them among letters, marks and symbols.
_UNSEEN = {"\u034f", "\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", *map(chr, range(0xFE00, 0xFE10))}
_EMOJI = "\ufe0f"  # shows the sign before it in colours
_LONGEST = 255  # characters: more than any file system allows a folder
_SHOWN = 20


def decoded(name: str) -> str:
    """A file's or folder's name, or path, as Python has it, from UTF-8, whatever encoding the locale is for.

    Bytes that are not UTF-8 stay what Python makes of them, surrogates.
    """
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def composed(name: str) -> str:
    """The same in Unicode's composed form (NFC), whatever the file system's habit."""
    return nfc(decoded(name))


def nfc(text: str) -> str:
    """What a table has written, in the same form."""
    return unicodedata.normalize("NFC", text)


def problem(name: str) -> str | None:
    """Why no file may be called so: it could not be written into a table, or would break its lines."""
    if name.encode(errors="replace").decode() != name:
        return "its name is not UTF-8; rename it"
    found = next((c for c in name if unicodedata.category(c) in _CONTROL or c in _DIRECTIONS), None)
    return found and f"its name has a line break or another control character (U+{ord(found):04X}); rename it"


def plain(name: str) -> str:
    """Any name so that it can be printed: what is no character, or would move the cursor, is written as its number."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def columns(header: Sequence[str]) -> str:
    """The names of a table's columns, those that are empty or have blanks around them in quotes."""
    return ", ".join(plain(name) if name and name == name.strip() else repr(name) for name in header) or "none"


def shown(path: os.PathLike[str] | str) -> str:
    """A path as it can be printed."""
    return plain(decoded(os.fspath(path)))


def require_distinct(classes: Sequence[str], where: str) -> None:
    """Raise DataError, showing all, if names cannot be carried unchanged or look the same; `where` begins the message.

    Upper and lower case are told apart: letters are classes, too.
    """
    lines = [f"{_shown(name)}: {reason}" for name in classes if (reason := _unusable(name))]
    lines += [f"{' and '.join(map(_shown, same))} look the same" for same in _groups(classes, _look)]
    if lines:
        raise DataError("\n".join([f"{where}: names that cannot be used for classes:", *listed(lines, _SHOWN)]))


def blank(name: str) -> bool:
    """Whether a reader sees nothing of it."""
    return not _look(name)


def alike(given: Iterable[str]) -> list[list[str]]:
    """Groups of different names that a reader takes for one."""
    return _groups(dict.fromkeys(given), _look)


def case_variants(classes: Iterable[str]) -> list[list[str]]:
    """Groups of names that differ in upper and lower case only."""
    return _groups(classes, str.casefold)


def _unusable(name: str) -> str | None:
    if not name:
        return "is empty"
    if reason := problem(name):
        return reason
    if _blank(name[0]) or _blank(name.rstrip(_EMOJI)[-1:] or " "):
        return "begins or ends with a blank, which lists and tables lose; rename it"
    return f"has more than {_LONGEST} characters; shorten it" if len(name) > _LONGEST else None


def _blank(character: str) -> bool:
    return character.isspace() or _unseen(character)


def _unseen(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) == "Cf"


def _look(name: str) -> str:
    """Equal for names that a reader takes for one: another kind of blank, dash or apostrophe, unseen characters."""
    visible = (c for c in unicodedata.normalize("NFC", name) if not _unseen(c))
    return " ".join("".join(_usual(c) for c in visible).split())


def _usual(character: str) -> str:
    if unicodedata.category(character) == "Pd" or character == "\u2212":
        return "-"
    return "'" if character in _APOSTROPHES else character


def _groups(names: Iterable[str], key: Callable[[str], str]) -> list[list[str]]:
    same: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        same[key(name)].append(name)
    return [group for group in same.values() if len(group) > 1]


def _shown(name: str) -> str:
    """As Python writes it, in ASCII where it has other letters: two names that look the same differ there."""
    return repr(name) if name.isascii() else f"{name!r} ({name!a})"
