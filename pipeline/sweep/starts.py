"""The points a search begins with: what is known to be good, from a record or an earlier sweep."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.params.schema import Params
from pipeline.params.suggestions import did_you_mean
from pipeline.process.errors import ConfigError
from pipeline.sweep import space
from pipeline.sweep.dimensions import Dimension

_WHERE = "params.yaml: sweep.start"


def points(params: Params, dimensions: Sequence[Dimension]) -> list[dict[str, Any]]:
    """The values of `sweep.start`, point by point.

    Raises ConfigError if a point has not all keys of the space, or values outside of it, or the search is a grid.
    """
    if params.sweep.start and params.sweep.sampler == "grid":
        raise ConfigError(f"{_WHERE}: found points; allowed for sweep.sampler: grid: [], it tries every combination")
    return [
        _point(params, dimensions, given, f"{_WHERE}, point {number}")
        for number, given in enumerate(params.sweep.start, start=1)
    ]


def _point(params: Params, dimensions: Sequence[Dimension], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    keys = [dimension.key for dimension in dimensions]
    unknown, missing = [key for key in given if key not in keys], [key for key in keys if key not in given]
    if unknown:
        raise ConfigError(f"{where}: {unknown[0]}: found a key that sweep.space lacks{did_you_mean(unknown[0], keys)}")
    if missing:
        raise ConfigError(f"{where}: {missing[0]}: not found; allowed: a value of every key of sweep.space")
    for dimension in dimensions:
        if not dimension.holds(given[dimension.key]):
            raise ConfigError(
                f"{where}: {dimension.key}: found {given[dimension.key]!r:.80}; allowed: {dimension.shown}, as"
                " sweep.space has it"
            )
    point = {dimension.key: dimension.as_found(given[dimension.key]) for dimension in dimensions}
    space.configured(params, point, where)
    return point
