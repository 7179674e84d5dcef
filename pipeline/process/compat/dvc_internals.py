"""DVC: its two files that a kill can leave half-written, whether it would read its lock, and its locks on paths."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.process.compat.replacing import replaced, require
from pipeline.process.errors import BusyError

PUSH_ADVICE = "Use `dvc push` to send your updates to remote storage."
GIT_ADVICE = ("\nTo track the changes with git", "\nTo enable auto staging")
RWLOCK = Path(".dvc/tmp/rwlock")
"""Which processes use which paths, as JSON. Seen in dvc 3.67.1; treeverse/dvc#7615."""


def reads_lock(text: str) -> bool:
    """Whether DVC takes `text` as a dvc.lock; it writes the file in place and refuses one that is cut off.

    Seen in dvc 3.67.1; no report upstream is known.
    """
    from dvc.dvcfile import Lockfile
    from ruamel.yaml import YAML

    try:
        Lockfile.validate(YAML(typ="safe", pure=True).load(text))
    except Exception:  # noqa: BLE001 - YAML's, DVC's and Python's errors alike: nobody can read it
        return False
    return True


def running() -> str | None:
    """The `dvc` that runs stages in this folder, as a phrase; None if there is none.

    While its stage runs a `dvc` stands in `RWLOCK` as a writer, before and after that it holds the repository's lock;
    there is no moment between the two. Seen in dvc 3.67.1; no report upstream is known.
    """
    if not RWLOCK.parent.exists():
        return None
    from dvc.lock import LockError, make_lock

    lock = make_lock(str(RWLOCK.with_name("lock")), tmp_dir=str(RWLOCK.parent), hardlink_lock=_hardlinks())
    try:
        lock.lock()
    except LockError:  # after three seconds
        return "dvc"
    try:
        return _writer()
    finally:
        lock.unlock()


def goes_without_git() -> bool:
    """Whether this project's DVC is set to do without git. Seen in dvc 3.67.1; no report upstream is known."""
    return bool(_core().get("no_scm", False))


@contextmanager
def kept(paths: Sequence[Path], command: str) -> Iterator[None]:
    """Within it every `dvc` that would write or remove one of `paths` is refused, by DVC, and names `command`.

    A stage's outputs are removed before the stage starts, so a lock that the stage looks at comes too late for who
    reads them. Raises BusyError if a `dvc` writes one now. Seen in dvc 3.67.1; no report upstream is known.
    """
    from dvc.fs import localfs
    from dvc.lock import LockError
    from dvc.rwlock import rwlock

    RWLOCK.parent.mkdir(parents=True, exist_ok=True)
    read, folder = [str(path.resolve()) for path in paths], str(RWLOCK.parent.resolve())
    lock = rwlock(folder, localfs, command, read=read, write=[], hardlink=_hardlinks())
    try:
        lock.__enter__()
    except LockError as error:
        raise BusyError(command, running() or "dvc") from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def main_without_advice(arguments: Sequence[str]) -> int:
    """What the program `dvc` does, but for what it says after each stage about `git add` and automatic staging, and at
    the end about `dvc push`, where there may be no remote.

    DVC has no setting for either. Seen in dvc 3.67.1; no report upstream is known.
    """
    import logging

    from dvc import ui
    from dvc.cli import main
    from dvc.repo import scm_context

    write = require(ui.ui, "write")

    def without_advice(*words: Any, **options: Any) -> None:
        if words != (PUSH_ADVICE,):
            write(*words, **options)

    logging.getLogger(scm_context.__name__).addFilter(lambda record: not record.getMessage().startswith(GIT_ADVICE))
    with replaced(ui.ui, "write", without_advice):
        return int(main(list(arguments)))


def _hardlinks() -> bool:
    """What `dvc config core.hardlink_lock` says: which kind of lock this project's `dvc` takes."""
    return bool(_core().get("hardlink_lock", False))


def _core() -> dict[str, Any]:
    from dvc.config import Config

    core: dict[str, Any] = Config(dvc_dir=".dvc", validate=False).get("core", {})
    return core


def _writer() -> str | None:
    import psutil  # type: ignore[import-untyped]

    try:
        writers = json.loads(RWLOCK.read_text(encoding="utf-8")).get("write", {}).values()
    except (OSError, ValueError, AttributeError):  # none, or torn: `half_written` sees to it
        return None
    alive = [entry for entry in writers if psutil.pid_exists(int(entry["pid"]))]
    return f"dvc (process {alive[0]['pid']})" if alive else None
