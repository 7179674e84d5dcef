"""A colour for each run. MLflow draws them by lot, and two curves that are to be compared may get the same."""

import colorsys
from itertools import count

from pipeline.plots.palette import CURVES
from pipeline.tracking import tags
from pipeline.tracking.store import Store, every_run

TAG = "mlflow.runColor"
_GOLDEN = 0.6180339887498949  # of the circle of hues: each new one falls into the widest gap
_LIGHTNESS, _SATURATION = (0.32, 0.45, 0.58), (0.85, 0.6)  # dark enough for a white page


def of_number(number: int) -> dict[str, str]:
    """The tag of the run with that number, 0 …, among its like: another one for each of the first 500 numbers."""
    return {TAG: (CURVES[number] if number < len(CURVES) else _mixed(number)).lower()}


def of_next(store: Store, parent: str | None = None) -> dict[str, str]:
    """The tag of a run that is about to be created beside others, below the run `parent` or at the top: a colour that
    none of these has."""
    beside = "IS NULL" if parent is None else f"= '{parent}'"
    taken = {run.data.tags.get(TAG) for run in every_run(store, f"tags.`{tags.PARENT}` {beside}")}
    return next(tag for number in count() if (tag := of_number(number))[TAG] not in taken)


def _mixed(number: int) -> str:
    lightness, saturation = _LIGHTNESS[number % 3], _SATURATION[number // 3 % 2]
    parts = colorsys.hls_to_rgb(number * _GOLDEN % 1, lightness, saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
