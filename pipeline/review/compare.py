"""Two measured networks side by side: parameters that differ, accuracies, and whether the difference is one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.filing.record import Record
from pipeline.params.keys import flat
from pipeline.plots import style
from pipeline.process.errors import DataError
from pipeline.results import statistics
from pipeline.results.statistics import Interval
from pipeline.review import disagreements, subjects
from pipeline.review.verify import same_images

PICTURE = paths.REPORTS / "compare.png"
_METRICS = ("test_accuracy", "test_loss", "test_calibration_error", "validation_accuracy", "validation_loss")
_NAMES_SHOWN = 10


@dataclass(frozen=True)
class Comparison:
    """`difference`: first minus second test accuracy, with its 95 % interval. None where images are not the same:
    `p_value` (exact McNemar), `only_first`, `only_second` (names of images only one got right)."""

    difference: float
    interval: Interval
    p_value: float | None = None
    only_first: tuple[str, ...] | None = None
    only_second: tuple[str, ...] | None = None

    @property
    def detectable(self) -> bool:
        low, high = self.interval
        outside = low > 0 or high < 0
        return outside if self.p_value is None else outside and self.p_value < 0.05


def compare(first: Record, second: Record) -> Comparison:
    """Paired if both have predictions of the same test images, else unpaired. Raises DataError without metrics."""
    if first.metrics is None or second.metrics is None:
        raise DataError("one of the two has no metrics on record; run `dvc repro` there and record it")
    difference = first.metrics["test_accuracy"] - second.metrics["test_accuracy"]
    if not (first.predictions and second.predictions and same_images(first.predictions, second.predictions)):
        counts = [n for m in (first.metrics, second.metrics) for n in _correct(m)]
        return Comparison(difference, statistics.unpaired_interval(*counts))
    right, other = first.predictions.correct, second.predictions.correct
    names = np.array(first.predictions.names)
    return Comparison(
        difference,
        statistics.paired_interval(right, other),
        statistics.mcnemar(right, other),
        tuple(names[right & ~other].tolist()),
        tuple(names[other & ~right].tolist()),
    )


def report(first_name: str, second_name: str) -> str:
    """Compare two of: an experiment, an MLflow run, a git revision, `.`; as text. Draws reports/compare.png if the
    images are in the project."""
    first, second = subjects.record_of(first_name), subjects.record_of(second_name)
    found = compare(first, second)
    lines = [*_params(first, second, first_name, second_name), "", *_values(first, second, first_name, second_name)]
    lines += ["", *_statistics(found), *_images(found, first_name, second_name)]
    if picture := _draw(found, first, second, first_name, second_name):
        lines.append(f"picture: {picture}")
    return "\n".join([*lines, "", _conclusion(found, first_name, second_name)])


def _correct(metrics: dict[str, Any]) -> tuple[int, int]:
    return round(metrics["test_accuracy"] * metrics["test_images"]), metrics["test_images"]


def _params(first: Record, second: Record, first_name: str, second_name: str) -> list[str]:
    a, b = (flat(r.params.model_dump(exclude={"version", "tracking", "sweep"})) for r in (first, second))
    rows = [(key, str(a[key]), str(b[key])) for key in a if a[key] != b[key]]
    return columns([("parameter", first_name, second_name), *rows]) if rows else ["the parameters are the same"]


def _values(first: Record, second: Record, first_name: str, second_name: str) -> list[str]:
    a, b = first.metrics or {}, second.metrics or {}
    rows = [(key, f"{a[key]:.4f}", f"{b[key]:.4f}") for key in _METRICS if key in a and key in b]
    return columns([("metric", first_name, second_name), *rows])


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows of text under each other, columns two spaces apart."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _statistics(found: Comparison) -> list[str]:
    low, high = (100 * end for end in found.interval)
    how = "same images, paired" if found.p_value is not None else "different images, or no predictions: unpaired"
    line = f"test accuracy, first minus second: {100 * found.difference:+.2f} points, 95 % interval {low:+.2f} to"
    return [f"{line} {high:+.2f} ({how})"] + (
        [f"exact McNemar p = {found.p_value:.3g}"] if found.p_value is not None else []
    )


def _images(found: Comparison, first_name: str, second_name: str) -> list[str]:
    lines = []
    for name, images in ((first_name, found.only_first), (second_name, found.only_second)):
        if images:
            more = f" and {len(images) - _NAMES_SHOWN} more" if len(images) > _NAMES_SHOWN else ""
            lines.append(f"right only in {name}: {len(images)} images: {', '.join(images[:_NAMES_SHOWN])}{more}")
    return lines


def _draw(found: Comparison, first: Record, second: Record, first_name: str, second_name: str) -> Path | None:
    """The picture, if images only one gets right exist and the test images stored here are those compared."""
    if not (found.only_first or found.only_second) or not paths.images("test").exists():
        return None
    a, b = first.predictions, second.predictions
    names = [row["name"] for row in records.read_csv(paths.ids("test"))]
    if a is None or b is None or names != a.names:
        return None
    images = records.read_npy(paths.images("test"))
    style.save(disagreements.draw(images, a, b, (first_name, second_name)), PICTURE)
    return PICTURE


def _conclusion(found: Comparison, first_name: str, second_name: str) -> str:
    if not found.detectable:
        return "no detectable difference in test accuracy"
    better, worse = (first_name, second_name) if found.difference > 0 else (second_name, first_name)
    return f"{better} is more accurate than {worse}, by {100 * abs(found.difference):.2f} points"
