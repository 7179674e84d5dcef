"""A folder as one digest: whether two hold the same files."""

from pathlib import Path

from pipeline.files import records


def digest(folder: Path) -> str:
    """SHA-256 over the relative names and contents of all files below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return records.digest({path.relative_to(folder).as_posix(): records.file_digest(path) for path in files})
