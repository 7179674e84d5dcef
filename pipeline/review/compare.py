"""Two results side by side: parameters that differ, accuracies, and whether the difference is one.

Of the recipes where both have several seeds on record; else of the two networks, and so it is said.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.files import paths, records
from pipeline.filing import locks
from pipeline.filing.differences import differing
from pipeline.filing.record import Record
from pipeline.params.keys import flat
from pipeline.plots import style
from pipeline.process import naming
from pipeline.process.errors import DataError
from pipeline.process.tables import aligned
from pipeline.results import class_differences, statistics
from pipeline.results.class_differences import ClassDifference
from pipeline.results.statistics import Interval
from pipeline.review import disagreements, recipes, subjects
from pipeline.review.recipes import Means

PICTURE = paths.REPORTS / "compare.png"
_METRICS = ("test_accuracy", "test_loss", "test_calibration_error", "validation_accuracy", "validation_loss")
_ABSENT = "–"
_NAMES_SHOWN = 10
_CLASSES_SHOWN = 3


@dataclass(frozen=True)
class Comparison:
    """`difference`: first minus second test accuracy, with its 95 % interval. None where images are not the same:
    `p_value` (exact McNemar), `only_first`, `only_second` (names of images only one got right), `classes`. All that is
    of two networks; `means` is of their recipes, None if other seeds cannot be compared.
    `reason`: why the two cannot be ranked; without an interval if not even a difference means anything."""

    difference: float
    interval: Interval | None = None
    p_value: float | None = None
    only_first: tuple[str, ...] | None = None
    only_second: tuple[str, ...] | None = None
    classes: tuple[ClassDifference, ...] = ()
    reason: str | None = None
    means: Means | None = None

    @property
    def detectable(self) -> bool:
        """Of the means, if there are any; else of the two networks."""
        if self.interval is None or self.reason:
            return False
        if self.means:
            return self.means.detectable
        low, high = self.interval
        outside = low > 0 or high < 0
        return outside if self.p_value is None else outside and self.p_value < 0.05


def compare(first: Record, second: Record) -> Comparison:
    """Paired if both are of the same test images; ranked only then, by seeds if there are. Raises DataError without
    metrics."""
    if first.metrics is None or second.metrics is None:
        raise DataError("one of the two has no metrics on record; run `dvc repro` there and record it")
    difference = first.metrics["test_accuracy"] - second.metrics["test_accuracy"]
    classes = [record.predictions.classes if record.predictions else record.classes for record in (first, second)]
    if None not in classes and classes[0] != classes[1]:
        return Comparison(difference, reason=f"other classes: {' against '.join(_named(c or []) for c in classes)}")
    reason = other_images(first, second)
    means = None if reason else recipes.compare(first, second)
    if reason or not (first.predictions and second.predictions):
        counts = [n for m in (first.metrics, second.metrics) for n in _correct(m)]
        return Comparison(difference, statistics.unpaired_interval(*counts), reason=reason, means=means)
    right, other = first.predictions.correct, second.predictions.correct
    names = np.array(first.predictions.names)
    return Comparison(
        difference,
        statistics.paired_interval(right, other),
        statistics.mcnemar(right, other),
        tuple(names[right & ~other].tolist()),
        tuple(names[other & ~right].tolist()),
        tuple(class_differences.compare(first.predictions, second.predictions)),
        means=means,
    )


def other_images(first: Record, second: Record) -> str | None:
    """Why two records are not of the same test images; None if they are, by their contents. Names prove nothing."""
    a, b = first.predictions, second.predictions
    if a and b and (a.names != b.names or (a.labels != b.labels).any()):
        return "other test images, or in another order"
    if locks.same_images(first.lock, second.lock, "test"):
        return None
    if first.test_images is None or second.test_images is None:
        return "whether the test images are the same is not on record"
    return None if first.test_images == second.test_images else "other test images, though some may have the same names"


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


def _named(classes: list[str]) -> str:
    return f"{len(classes)} ({naming.some(classes, _CLASSES_SHOWN)})"


def _correct(metrics: dict[str, Any]) -> tuple[int, int]:
    return round(metrics["test_accuracy"] * metrics["test_images"]), metrics["test_images"]


def _params(first: Record, second: Record, first_name: str, second_name: str) -> list[str]:
    a, b = (flat(r.params.model_dump(exclude={"version", "tracking", "sweep"})) for r in (first, second))
    rows = [(key, *(str(of.get(key, _ABSENT)) for of in (a, b))) for key in differing(a, b)]
    return aligned([("parameter", first_name, second_name), *rows]) if rows else ["the parameters are the same"]


def _values(first: Record, second: Record, first_name: str, second_name: str) -> list[str]:
    a, b = first.metrics or {}, second.metrics or {}
    rows = [(key, f"{a[key]:.4f}", f"{b[key]:.4f}") for key in _METRICS if key in a and key in b]
    return aligned([("metric", first_name, second_name), *rows])


def _statistics(found: Comparison) -> list[str]:
    if found.interval is None:
        return []
    how = "same images, paired" if found.p_value is not None else "different images, or no predictions: unpaired"
    lines = [_difference(found.difference, found.interval, f"these two networks; {how}")]
    if found.p_value is not None:
        lines += [f"exact McNemar p = {found.p_value:.3g}", *class_differences.describe(found.classes)]
    if found.means:
        lines.append(_difference(found.means.difference, found.means.interval, str(found.means)))
    return lines


def _difference(value: float, interval: Interval, of: str) -> str:
    low, high = (100 * end for end in interval)
    line = f"test accuracy, first minus second: {100 * value:+.2f} points, 95 % interval {low:+.2f} to {high:+.2f}"
    return f"{line} ({of})"


def _images(found: Comparison, first_name: str, second_name: str) -> list[str]:
    lines = []
    for name, images in ((first_name, found.only_first), (second_name, found.only_second)):
        if images:
            lines.append(f"right only in {name}: {len(images)} images: {naming.some(images, _NAMES_SHOWN)}")
    return lines


def _draw(found: Comparison, first: Record, second: Record, first_name: str, second_name: str) -> Path | None:
    """The picture, if images only one gets right exist and the test images stored here are those compared."""
    if not (found.only_first or found.only_second) or not paths.images("test").exists():
        return None
    a, b = first.predictions, second.predictions
    stored = records.file_digest(paths.ids("test"))
    if a is None or b is None or stored not in (first.test_images, second.test_images):
        return None
    images = records.read_npy(paths.images("test"))
    style.save(disagreements.draw(images, a, b, (first_name, second_name)), PICTURE)
    return PICTURE


def _conclusion(found: Comparison, first_name: str, second_name: str) -> str:
    if found.reason:
        return f"not comparable: {found.reason}"
    difference = found.means.difference if found.means else found.difference
    points = f"{100 * abs(difference):.2f} points"
    better, worse = (first_name, second_name) if difference > 0 else (second_name, first_name)
    if found.means:
        ranked = f"{better} is more accurate than {worse}, by {points}"
        return f"{ranked if found.detectable else 'no detectable difference in test accuracy'} ({found.means})"
    ranked = f"this network of {better} is more accurate than that of {worse}, by {points}"
    none = "no detectable difference in test accuracy of these two networks"
    return f"{ranked if found.detectable else none}; other seeds were not compared"
