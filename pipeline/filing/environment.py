"""What a run was made with: processor, Python and packages; a record keeps it, so that a difference has a name."""

import platform
from collections.abc import Mapping
from pathlib import Path

from pipeline.files import records


def of_run(versions: Path, training: Mapping[str, str]) -> dict[str, str]:
    """Of a run of this Python with the packages in the file `versions`; `training`: its training.json's environment."""
    packages: dict[str, str] = records.read_json(versions)
    return {**packages, **training, "python": platform.python_version()}
