"""The project as it is shipped, which tests begin with: in this checkout params.yaml, DVC's settings, runs and
experiments beside ours are its owner's, and no test's outcome may hang on them.

`python -m tests.shipped` writes params.yaml and DVC's settings as they are shipped: after a change of the schema's
words or keys.
"""

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.params import config

from .rendered import render
from .root import ROOT

ASKED = "HERBARIUM_REFUSE_OWNERS_FILES"  # as .ci/run does
NAMES = (
    "cats-dogs-augmented",
    "cats-dogs-features",
    "cats-dogs-finetuned",
    "cats-vs-dogs-cnn",
    "cats-vs-dogs-vgg16",
    "cifar10-cnn",
    "digits",
    "fashion-mnist-cnn",
    "fashion-mnist-small",
    "flowers-best",
    "mnist-cnn",
    "mnist-mlp",
    "tf-flowers-cnn",
    "tf-flowers-vgg16",
)
LOCK = ROOT / "experiments/digits/record" / paths.LOCK  # one that DVC wrote
# The text of the shipped params.yaml: the experiment digits as this version writes it.
PARAMS = render(config.load(ROOT / "experiments/digits/params.yaml").model_dump())
_SETTINGS = (".dvc/.gitignore", ".dvcignore", ".gitignore", "data/originals/README.md", "dvc.yaml")
_DVC = "[core]\n    analytics = false\n    check_update = false\n    autostage = false\n"
_DVC += '[cache]\n    type = "reflink,copy"\n'
# What an owner changes, and what runs write.
_OWN = (".dvc", ".herbarium", "data", "dvc.lock", "mlartifacts", "mlflow.db", "mlruns", "models", "optuna.db")
_OWN = tuple(str(ROOT / name) for name in (*_OWN, "params.yaml", "reports"))
_COMMITTED = {str(ROOT / name) for name in _SETTINGS}


class OwnersFileError(AssertionError):
    """A test opened what is its owner's in this checkout."""


def content() -> dict[str, Any]:
    """What the shipped params.yaml says, anew at each call."""
    return config.parse_yaml(PARAMS, str(paths.PARAMS))


def runnable() -> dict[str, Any]:
    """The same for any working directory: its paths are absolute."""
    said = content()
    said["backbone"]["path"] = str(ROOT / said["backbone"]["path"])
    return said


def write_project(folder: Path, *more: str) -> Path:
    """Put into `folder` what a run needs as it is shipped (code, parameters, settings), and `more` of the project."""
    for name in ("pipeline", *_SETTINGS, *more):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    _write_owners(folder)
    return folder


def _write_owners(folder: Path) -> None:
    records.write_text(folder / ".dvc/config", _DVC)
    records.write_text(folder / paths.PARAMS, PARAMS)


def write_experiments(folder: Path, with_records: bool = True, seeds_of: Collection[str] = NAMES) -> None:
    """Put into `folder` the experiments on file, with their records, and in those what is of other seeds."""
    for name in NAMES:
        left = {"record": with_records, "seeds": name in seeds_of}
        omitted = shutil.ignore_patterns(*(part for part, taken in left.items() if not taken))
        shutil.copytree(ROOT / "experiments" / name, folder / "experiments" / name, ignore=omitted)


def refuse_owners_files(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook for this process: a test that opens what is the owner's fails, whether or not it is there."""
    if event not in ("open", "sqlite3.connect") or not isinstance(arguments[0], str | bytes | os.PathLike):
        return
    named = os.fsdecode(arguments[0])
    if event == "open" and arguments[1] is None and not os.path.isabs(named):
        return  # os.open: it may be within a folder that is open
    path = os.path.abspath(named)
    if path not in _COMMITTED and any(path == own or path.startswith(own + os.sep) for own in _OWN):
        raise OwnersFileError(f"{path} is the owner's of this checkout: a test begins with what tests/shipped.py gives")


if __name__ == "__main__":
    _write_owners(ROOT)
