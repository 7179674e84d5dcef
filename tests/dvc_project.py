"""A folder that DVC takes for a project, without the second that `dvc init` takes."""

from pathlib import Path

from pipeline.files import records

_QUIET = "[core]\n    analytics = false\n    check_update = false\n"


def begin(folder: Path, git: bool = False) -> None:
    """In a git repository or, as after `dvc init --no-scm`, without one."""
    records.write_text(folder / ".dvc/config", _QUIET if git else f"{_QUIET}    no_scm = true\n")
    records.write_text(folder / ".dvc/.gitignore", "/config.local\n/tmp\n/cache\n")
    records.write_text(folder / ".dvcignore", "")
