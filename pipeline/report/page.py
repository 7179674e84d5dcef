"""reports/report.html: what was asked, what came out, how sure it is, and how to get it again, in one file.

The page is a function of the experiment's files alone: no time, no machine's name, so equal experiments are equal
pages. Pictures are inside it, nothing is fetched and nothing runs when it is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.files import pages, paths, records
from pipeline.params.keys import flat
from pipeline.results import balanced, floor, history, metrics
from pipeline.results.predictions import Predictions

if TYPE_CHECKING:
    from pipeline.params.schema import Params

_TEMPLATE = Path(__file__).with_name("page.html")
MISTAKES_SHOWN = 12
CONFUSIONS_SHOWN = 8


def render(params: Params, test: Predictions, listed: Mapping[str, Any] | None = None) -> str:
    """The page of the files in the working directory, and what they say of the `test` images.

    `listed`: the part of `params` that is shown in full, or all. Reads what the stages have written: metrics, history,
    training.json, dataset.json and the pictures.
    """
    measured = records.read_json(paths.METRICS)
    values = {
        "params": flat(params.model_dump()),
        "listed": flat(params.model_dump() if listed is None else listed),
        "metrics": measured,
        "below_floor": floor.warning(measured),
        "training": records.read_json(paths.TRAINING),
        "dataset": records.read_json(paths.DATASET),
        "epochs": history.read(paths.HISTORY),
        "scores": test.scores,
        "right": int(test.correct.sum()),
        "warning": balanced.warning(metrics.confusion_matrix(test.labels, test.probabilities), test.classes),
        "mistakes": mistakes(test),
        "confusions": confusions(test),
        "paths": paths,
        "trained_md5": records.md5(paths.TRAINING),
    }
    return pages.rendered(_TEMPLATE, values, {"percent": percent, "picture": data_uri})


def mistakes(test: Predictions) -> list[Mapping[str, Any]]:
    """The wrong predictions made most surely, surest first: name, label, predicted, probability of either (0–1)."""
    confidence = test.probabilities.max(axis=1)
    wrong = metrics.surest_mistakes(test.labels, test.probabilities)[:MISTAKES_SHOWN].tolist()
    return [
        {
            "name": test.names[i],
            "label": test.classes[test.labels[i]],
            "predicted": test.classes[test.predicted[i]],
            "of_predicted": float(confidence[i]),
            "of_label": float(test.probabilities[i, test.labels[i]]),
        }
        for i in wrong
    ]


def confusions(test: Predictions) -> list[tuple[str, str, int]]:
    """(real class, predicted class, images) of the most frequent confusions, ties in class order."""
    worst = metrics.worst_confusions(metrics.confusion_matrix(test.labels, test.probabilities), CONFUSIONS_SHOWN)
    return [(test.classes[real], test.classes[predicted], images) for real, predicted, images in worst]


def percent(fraction: float | None, decimals: int = 1) -> str:
    """0.874 → "87.4 %", never broken over two lines; None, an undefined score, → "–"."""
    return "–" if fraction is None else f"{100 * fraction:.{decimals}f}\N{NO-BREAK SPACE}%"


def data_uri(picture: Path) -> str:
    """A PNG file as text that a browser shows."""
    return pages.picture(picture.read_bytes())
