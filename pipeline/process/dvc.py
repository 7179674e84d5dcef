"""How `dvc` is run as a program: this environment's, with this environment's Python for the stages.

`python -m pipeline.process.dvc repro` is `dvc repro` without its advice on git and remotes, for our own commands. It is
this program's wherever it runs: a copy of an earlier commit may have no such module.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_NOT_IN_A_COPY = re.compile(r"[#?]|%[0-9A-Fa-f]{2}|[^\x00-\x7f]")  # in its path; seen with DVC 3.67


def copies(folder: Path) -> list[str]:
    """What is to be said of copies of the project in `folder`, which `dvc exp run --temp` and the queue work in."""
    found = dict.fromkeys(_NOT_IN_A_COPY.findall(str(folder)))
    if not found:
        return []
    return [
        f"`dvc exp run --temp` and the queue cannot work here: {folder} has {' '.join(found)} in it, and DVC's own git"
        " stops at that, or takes it for another folder; `dvc exp run` can, and so can all else"
    ]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dvc", *arguments]


def without_advice(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "pipeline.process.dvc", *arguments]  # -P: not what the folder has instead


def repro(stage: str, quiet: bool, variables: Mapping[str, str] | None = None) -> str | None:
    """`dvc repro STAGE`, with `variables` in its environment: a no-op of a second if there is nothing to do.

    None, or how it failed: "failed; see above", or, if it was to be `quiet`, what it would have printed.
    """
    done = subprocess.run(
        without_advice("repro", stage),
        env=environment(variables),
        capture_output=quiet,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if not done.returncode:
        return None
    said = f":\n{done.stdout}{done.stderr}" if quiet else "; see above"
    return f"`dvc repro {stage}` failed{said}"


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process's own with `variables`; `python`, which stages are run by, is found beside the one that runs."""
    scripts = str(Path(sys.executable).parent)
    return {**os.environ, **(variables or {}), "PATH": os.pathsep.join([scripts, os.environ.get("PATH", "")])}


if __name__ == "__main__":
    from pipeline.process.compat import dvc_internals

    sys.exit(dvc_internals.main_without_advice(sys.argv[1:]))
