"""How an input is offered as its users would, in this process, with earlier results in place."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline import cli
from pipeline.files import paths, records
from pipeline.params.keys import replaced
from tests import shipped
from tests.conftest import shrunk

REFUSED, WORKS = "one message, nothing changed", "read as it is meant"
EARLIER = (paths.RAW / "earlier", paths.IMAGES / "earlier", paths.FEATURES / "earlier", paths.MODEL, paths.METRICS)


@dataclass(frozen=True)
class Told:
    """How a command ended: its exit code, what it wrote to standard output and to standard error."""

    code: int
    out: str
    err: str


def changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The project's parameters made small, with other values at dotted keys; ... removes one."""
    content = shrunk(shipped.runnable())
    for key, value in changes.items():
        content = replaced(content, key, value)
    return content


def write_params(changes: Mapping[str, Any]) -> None:
    with paths.PARAMS.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(changed(changes), file)


def write_earlier() -> None:
    """Something where each stage's results are, to be found intact."""
    for path in EARLIER:
        if not path.exists():
            records.write_text(path, "earlier")


def call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Told:
    """`herbarium` with these arguments, in this process."""
    capsys.readouterr()
    code = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["herbarium", *arguments])
        patch.delenv("HERBARIUM_DEBUG", raising=False)
        patch.setattr(sys, "excepthook", sys.excepthook)  # the command line sets its own
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Told(code, *capsys.readouterr())


def snapshot() -> dict[str, str]:
    """Every file below the working directory and its digest, working state left out."""
    found = (path for path in sorted(Path().rglob("*")) if path.parts[0] != paths.STATE.name)
    files = (path for path in found if path.is_symlink() or path.is_file())
    return {str(f): str(f.readlink()) if f.is_symlink() else records.file_digest(f) for f in files}


def assert_refused(told: Told, before: Mapping[str, str], *says: str) -> None:
    """One message that says what is expected, no traceback, and everything on disk as it was."""
    assert told.code in (1, 2), told
    for text in says:
        assert text in told.err, f"{text!r} is not in:\n{told.err}"
    assert "Traceback" not in told.err + told.out
    assert told.err.count("error: ") + told.err.count("Error") == 1, told.err
    assert len(told.err) < 5000
    assert snapshot() == before
