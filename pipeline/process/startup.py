"""What is settled before a command begins: which text the process reads and writes, and whose code it is.

Names of files and classes get into results, so the locale must not decide how they are read: it is UTF-8, always. And
`dvc repro` runs the code of the folder it is called in: so does every command, whichever checkout of the project the
environment was installed for.
"""

import codecs
import locale
import os
import sys
import unicodedata
from io import TextIOWrapper
from pathlib import Path

from pipeline.process import project
from pipeline.process.errors import HerbariumError

_PACKAGE = Path(__file__).resolve().parents[1]
_PLAIN = "herbarium.plain"
_SPELLED = {"–": "-", "—": "-", "×": "x", "±": "+/-", "…": "...", "·": ".", "≥": ">=", "≤": "<=", "→": "->", "≈": "~"}


class OthersCodeError(HerbariumError):
    """The project's code belongs to another user, or cannot be found by Python."""


def settle() -> None:
    """Go on as a process in UTF-8 that runs the code of the project the user stands in, if this one is not.

    Raises OthersCodeError if that code is another user's: standing in a folder must not be enough to run it.
    """
    wanted = {**_in_utf8(), **_with_the_projects_code()}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted})


def print_anything() -> None:
    """Spell what a terminal, a log or a pipe cannot show in letters that it can, instead of ending in an error.

    Names of files on standard input are taken as they are, as arguments are.
    """
    codecs.register_error(_PLAIN, _spelled)
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_PLAIN)


def _in_utf8() -> dict[str, str]:
    encodings = {locale.getpreferredencoding(False), sys.getfilesystemencoding()}
    if {codecs.lookup(encoding).name for encoding in encodings} == {"utf-8"}:
        return {}
    shown = os.environ.get("PYTHONIOENCODING") or f"{sys.stdout.encoding}:backslashreplace"
    return {"PYTHONUTF8": "1", "PYTHONIOENCODING": shown}


def _with_the_projects_code() -> dict[str, str]:
    try:
        package = project.root() / _PACKAGE.name
    except HerbariumError:
        return {}
    if package == _PACKAGE or not (package / "__init__.py").is_file():
        return {}
    if os.pathsep in str(package.parent):
        raise OthersCodeError(
            f"{package.parent}: a path with {os.pathsep!r} cannot be told to Python by a command that was installed for"
            f" {_PACKAGE.parent}: rename the folder, or run `python -m {_PACKAGE.name}` in it"
        )
    if hasattr(os, "getuid") and package.stat().st_uid != os.getuid():
        raise OthersCodeError(
            f"{package}: this project's code belongs to another user, and this command was installed for"
            f" {_PACKAGE.parent}; if you trust it, run `python -m {_PACKAGE.name}` in {package.parent}"
        )
    return {"PYTHONPATH": _first(str(package.parent), os.environ.get("PYTHONPATH", ""))}


def _first(folder: str, folders: str) -> str:
    others = [other for other in folders.split(os.pathsep) if other not in ("", folder)]
    return os.pathsep.join([folder, *others])


def _spelled(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_in_ascii(letter) for letter in error.object[error.start : error.end]), error.end


def _in_ascii(letter: str) -> str:
    without_accents = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return _SPELLED.get(letter) or without_accents or letter.encode("ascii", "backslashreplace").decode()
