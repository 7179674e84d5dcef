"""Runs the five stages in this process on a machine in trouble, then again on a sound one; prints how each ended.

Started inside a mount namespace of its own (unshare -m), so that what is mounted here is nowhere else.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

STAGES = ("fetch", "preprocess", "extract-features", "train", "evaluate")
FREE_BYTES = 12_000  # enough for small files, too little for any stage's outputs


def full(project: Path) -> tuple[Path, Callable[[], None]]:
    """A disk with next to no space; a copy of the project on it, and what makes it sound again."""
    disk = project.parent / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", disk], check=True)
    copy = Path(shutil.copytree(project, disk / "project", symlinks=True))
    used = shutil.disk_usage(disk).used
    resize(disk, used + FREE_BYTES)
    return copy, lambda: resize(disk, used + (2 << 30))


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def read_only(project: Path) -> tuple[Path, Callable[[], None]]:
    subprocess.run(["mount", "--bind", project, project], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", project], check=True)
    return project, lambda: subprocess.run(["mount", "-o", "remount,bind,rw", project], check=True) and None


def run(stage: str) -> dict[str, object]:
    """How `herbarium <stage>` ends, and the digest of every output after it."""
    from pipeline import cli
    from pipeline.files import paths
    from tests import trees

    code, said = 0, io.StringIO()
    sys.argv = ["herbarium", stage]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
    folders = (Path("data"), paths.MODEL.parent, paths.REPORTS)
    return {"stage": stage, "code": code, "said": said.getvalue(), "outputs": [trees.digest(f) for f in folders]}


def main() -> None:
    kind, project = sys.argv[1], Path(sys.argv[2])
    place, mend = {"full": full, "read-only": read_only}[kind](project)
    os.chdir(place)
    from pipeline.identity import determinism
    from pipeline.params import config

    determinism.prepare(config.load().compute)
    troubled = [run(stage) for stage in STAGES]
    mend()
    print(json.dumps({"troubled": troubled, "sound": [run(stage) for stage in STAGES]}))


if __name__ == "__main__":
    main()
