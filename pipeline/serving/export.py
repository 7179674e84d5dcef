"""`herbarium export`: the evaluated network for other runtimes; a file counts when it has said what was evaluated."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import folders, paths, records
from pipeline.params.schema import Params
from pipeline.process import naming, quiet, verbosity
from pipeline.process.errors import DataError
from pipeline.process.tables import aligned
from pipeline.results.predictions import Predictions
from pipeline.serving import exports, portable, runtimes
from pipeline.serving.exports import DESCRIPTION, Exported, Format
from pipeline.serving.probe import ServedModelError, tolerance

IMAGES = (paths.images("train"), paths.images("test"))  # calibrate, and decide
NEEDED = (paths.MODEL, paths.TRAINING, paths.CLASSES, paths.PREDICTIONS, *IMAGES)  # of a finished run
CALIBRATION_IMAGES = 128
_BATCH = 32
_NAMED = 3
_HALF = 0.05  # what half of the digits may move a probability by


@dataclass(frozen=True)
class Parity:
    """An exported file beside the evaluated network, on all test images.

    `largest_difference` is of a probability; `allowed` the most there may be, None for int8, which is judged by its
    `accuracy` (0 to 1) alone.
    """

    file: str
    arithmetic: str
    bytes: int
    largest_difference: float
    allowed: float | None
    accuracy: float


def target(folder: Path) -> Path:
    """`folder`, where an export may be written: a new or empty folder, or an earlier export, which it replaces.

    Raises DataError for a file, and for a folder with anything in it that no export has written.
    """
    if folder.exists() and (foreign := _foreign(folder)):
        raise DataError(
            f"{folder}: found something else there ({naming.some(foreign, _NAMED)}); allowed: a new folder, an"
            " empty one, or an earlier export"
        )
    return folder


def _foreign(folder: Path) -> list[str]:
    """Names of what is in it and belongs to no export."""
    if not folder.is_dir():
        return ["a file"]
    return sorted({path.name for path in folder.iterdir()} - _exported(folder / DESCRIPTION))


def _exported(description: Path) -> set[str]:
    """Names of what an export has written, its description included; none if that is not one."""
    try:
        return {description.name, *(str(parity["file"]) for parity in records.read_json(description)["parity"])}
    except (OSError, ValueError, TypeError, KeyError):  # none, cut off, or another program's
        return set()


def export(kind: Format, model: Any, evaluated: Predictions, params: Params, folder: Path) -> list[Parity]:
    """Write `model` (Keras, uint8 (N, H, W, C) → (N, K)) as `kind` into `folder`; all of it or nothing.

    Raises ServedModelError if a file says something else about a test image than the network that was `evaluated`.
    """
    description = _description(model, evaluated.classes)
    silent = nullcontext() if verbosity.verbose() else quiet.native_output()  # converters and runtimes greet
    with folders.replaced(folder) as new, silent:
        made = exports.write(kind, portable.in_float32(model), description, _calibration(), new)
        compared = [_compared(file, evaluated, params) for file in made]
        records.write_json(new / DESCRIPTION, {**description, "parity": [asdict(parity) for parity in compared]})
    return compared


def _description(model: Any, classes: Sequence[str]) -> dict[str, Any]:
    training = records.read_json(paths.TRAINING)
    return {
        "classes": list(classes),
        "input": {"shape": ["N", *model.input_shape[1:]], "dtype": "uint8", "values": "pixels, 0 to 255, as decoded"},
        "output": {"shape": ["N", len(classes)], "dtype": "float32", "values": "probabilities of the classes"},
        "fingerprint": training["fingerprint"],
    }


def _calibration() -> np.ndarray:
    """uint8 (M, H, W, C): training images from all over the split, which may be sorted by class."""
    images = records.read_npy(paths.images("train"))
    chosen = np.linspace(0, len(images) - 1, min(CALIBRATION_IMAGES, len(images))).astype(int)
    return np.array(images[chosen])


def _compared(file: Exported, evaluated: Predictions, params: Params) -> Parity:
    ask = runtimes.opened(file.path, params.compute.threads)
    said = np.concatenate([ask(batch) for batch in _batches(records.read_npy(paths.images("test")))])
    allowed = {"float32": tolerance(params), "float16": max(_HALF, tolerance(params))}.get(file.arithmetic)
    worst = float(np.max(np.abs(said - evaluated.probabilities)))
    if not worst <= (1.0 if allowed is None else allowed):  # NaN is no probability in any arithmetic
        raise ServedModelError(
            f"{file.path.name} differs from {paths.PREDICTIONS} by {worst:.2g} in a probability; allowed:"
            f" {1.0 if allowed is None else allowed:g}. Nothing was exported: run `dvc repro`, then export again"
        )
    return Parity(
        file=file.path.name,
        arithmetic=file.arithmetic,
        bytes=_size(file.path),
        largest_difference=worst,
        allowed=allowed,
        accuracy=float(np.mean(said.argmax(axis=1) == evaluated.labels)),
    )


def _batches(images: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(images), _BATCH):
        yield np.array(images[start : start + _BATCH])


def _size(path: Path) -> int:
    return sum(int(file.stat().st_size) for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def lines(folder: Path, compared: Sequence[Parity], evaluated: Predictions) -> list[str]:
    """What was written and how it compares, for people."""
    rows = [["", "", "max |Δ|", "test accuracy"]]
    rows += [
        [str(folder / p.file), f"{p.bytes / 1e6:.2f} MB", f"{p.largest_difference:.1e}", f"{100 * p.accuracy:.2f} %"]
        for p in compared
    ]
    accuracy = 100 * float(np.mean(evaluated.correct))
    return [*aligned(rows, right=(1, 2, 3)), f"evaluated: {accuracy:.2f} % of {len(evaluated.labels)} test images"]
