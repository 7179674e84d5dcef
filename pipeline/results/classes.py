"""Class names in the order of the labels, and the check that model and images mean the same ones by it."""

from typing import Any

from pipeline.files import paths, records
from pipeline.process import naming
from pipeline.process.errors import DataError

_NAMED = 5


def of_model() -> list[str]:
    """The K names models/model.keras was trained with. Raises DataError if it has none, or the images have others."""
    if not paths.TRAINING.exists():
        raise DataError(f"{paths.TRAINING}: not found; nothing has been trained here yet: run `dvc repro`")
    names: list[str] | None = records.read_json(paths.TRAINING).get("classes")
    if names is None:
        raise DataError(f"{paths.TRAINING}: names no classes; run `dvc repro` to train again")
    if paths.CLASSES.exists() and (stored := records.read_json(paths.CLASSES)) != names:
        raise DataError(
            f"{paths.CLASSES}: found {_shown(stored)}, and {paths.MODEL} was trained for {_shown(names)}, in that"
            " order: images and model do not belong together; run `dvc repro`"
        )
    return names


def _shown(names: list[Any]) -> str:
    return f"{len(names)} classes ({naming.some([str(name) for name in names], _NAMED)})"
