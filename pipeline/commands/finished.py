"""What a command reads of a run, asked for first: while a stage works, and after Ctrl-C, some of it is not there."""

from pathlib import Path

from pipeline.process import folder_lock
from pipeline.process.errors import DataError

_SHOWN = 5


def require(*needed: Path) -> None:
    """Raise DataError if files of a finished run are not here, naming them and who is making them, or what makes them.

    Asking who is at work takes DVC's libraries, and only a file that is not there is worth that.
    """
    absent = [str(path) for path in needed if not path.exists()]
    if not absent:
        return
    from pipeline.process import naming

    shown = naming.some(absent, _SHOWN)
    if other := folder_lock.at_work():
        raise DataError(
            f"{shown}: not found; {other} is at work in this folder: run this again when all stages have ended"
        )
    raise DataError(
        f"{shown}: not found; no run has finished here yet, or the last was stopped: run `dvc repro` (or `dvc pull`)"
    )
