"""What the last run found, in a few lines a newcomer can act on."""

from collections.abc import Mapping
from typing import Any

from pipeline.files import paths, records
from pipeline.results import floor, history


def of_results() -> str:
    """Accuracy with its 95 % interval, where the page is, and how to open the UI: of a run that has ended."""
    metrics, training = records.read_json(paths.METRICS), records.read_json(paths.TRAINING)
    parameters = training["parameters"]
    low, high = (100 * metrics[f"test_accuracy_{end}"] for end in ("low", "high"))
    lines = [
        f"of {paths.REPORTS}/, which the last `dvc repro` wrote:",
        f"  test accuracy        {100 * metrics['test_accuracy']:.1f} %  (95 % interval {low:.1f} to {high:.1f} %,"
        f" {metrics['test_images']} images)",
        *_of_classes(metrics),
        f"  validation accuracy  {100 * metrics['validation_accuracy']:.1f} %  ({metrics['validation_images']} images)",
        *_floor(metrics),
        f"  trained              {parameters['trainable']:,} of {parameters['total']:,} parameters,"
        f" epoch {history.kept_epoch(training)} of {training['epochs']} kept",
        f"  all on one page      {paths.REPORT}  (its pictures: {paths.REPORTS}/*.png)",
        "  every run            make ui",
    ]
    return "\n".join(lines)


def _floor(metrics: Mapping[str, Any]) -> list[str]:
    """What a linear classifier reaches; nothing of results that were measured before it was."""
    reached = metrics.get(floor.ACCURACY)
    said = "  linear probe         {:.1f} %  (of the same images, from the features that are stored)"
    return [] if reached is None else [said.format(100 * reached)]


def _of_classes(metrics: Mapping[str, Any]) -> list[str]:
    """What counts every class the same; nothing of results that were measured before it was."""
    if "test_balanced_accuracy" not in metrics:
        return []
    value, low, high = (100 * metrics[f"test_balanced_accuracy{end}"] for end in ("", "_low", "_high"))
    return [
        f"  balanced accuracy    {value:.1f} %  ({low:.1f} to {high:.1f} %; the worst class's recall"
        f" {100 * metrics['test_worst_recall']:.1f} %)"
    ]
