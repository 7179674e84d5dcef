"""The space a sweep searches: which keys of params.yaml, and between which values."""

import json
import math
from collections.abc import Iterable, Mapping
from itertools import combinations, product
from typing import Annotated, Any

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import TypeAdapter, ValidationError

from pipeline.params import config, idle
from pipeline.params.network_sections import Head
from pipeline.params.schema import Params
from pipeline.params.section import Section
from pipeline.params.suggestions import did_you_mean
from pipeline.params.train_section import Train
from pipeline.process.errors import CombinationError, ConfigError
from pipeline.sweep.dimensions import Dimension, labels

_WHERE = "params.yaml: sweep.space"
_FORM = "{low: …, high: …}, with log: true for equal ratios, or {choices: […]}"
_NEVER = {
    "train.seed": "a seed is luck, not a parameter; sweep.audit_seeds shows how much luck there is",
    "head.pooling": "it decides which activations are stored; run one sweep for each pooling",
}
_SECTIONS: dict[str, type[Section]] = {"train": Train, "head": Head}
_SEARCHABLE = [
    key
    for section, model in _SECTIONS.items()
    for name in model.model_fields
    if (key := f"{section}.{name}") not in _NEVER
]
LARGEST_GRID = 100_000


def of(params: Params) -> list[Dimension]:
    """The dimensions of `params.sweep.space`, in its order.

    Raises ConfigError naming every wrong key, and any value or pair of values that would not be legal in params.yaml.
    """
    wrong = [line for key, entry in params.sweep.space.items() if (line := _wrong(key, entry))]
    if wrong:
        raise ConfigError("\n".join(f"{_WHERE}: {line}" for line in wrong))
    dimensions = [_dimension(params, key, entry) for key, entry in params.sweep.space.items()]
    _check_values(params, dimensions)
    _check_used(params, dimensions)
    if params.sweep.sampler == "grid":
        grid_size(dimensions)
    return dimensions


def configured(params: Params, values: Mapping[str, Any], where: str = _WHERE) -> Params:
    """`params` with the dotted keys of `values` replaced. Raises ConfigError if that is not legal."""
    content = params.model_dump()
    for key, value in values.items():
        section, _, name = key.partition(".")
        content[section][name] = value
    return config.check(content, where)


def unchecked(params: Params, values: Mapping[str, Any]) -> Params:
    """As `configured`, of values that are not legal: to be shown."""
    for key, value in values.items():
        section, _, name = key.partition(".")
        params = params.model_copy(update={section: getattr(params, section).model_copy(update={name: value})})
    return params


def first(dimensions: Iterable[Dimension]) -> dict[str, Any]:
    """The space's first corner: stands for "whatever the searched keys are"."""
    return {dimension.key: dimension.extremes[0] for dimension in dimensions}


def grid_size(dimensions: Iterable[Dimension]) -> int:
    """How many combinations there are. Raises ConfigError if they cannot be counted, or are too many to list."""
    counts = {d.key: len(d.grid) if d.grid else 0 for d in dimensions}
    endless = [key for key, count in counts.items() if not count]
    if endless:
        raise ConfigError(
            f"{_WHERE}: {', '.join(endless)}: found a range of fractions; allowed for sweep.sampler: grid are choices"
            " and ranges of whole numbers"
        )
    size = math.prod(counts.values())
    if size > LARGEST_GRID:
        raise ConfigError(f"{_WHERE}: found {size:,} combinations; allowed for sweep.sampler: grid: {LARGEST_GRID:,}")
    return size


def combination(dimensions: list[Dimension], index: int) -> dict[str, Any]:
    """Combination `index` (0 to size - 1) of the grid."""
    grids = [d.grid or [] for d in dimensions]
    places = np.unravel_index(index, [len(grid) for grid in grids])
    return {d.key: grid[int(place)] for d, grid, place in zip(dimensions, grids, places, strict=True)}


def _wrong(key: str, entry: Mapping[str, Any]) -> str | None:
    """What is wrong with an entry by its form alone."""
    if key in _NEVER:
        return f"{key}: cannot be searched: {_NEVER[key]}"
    if key not in _SEARCHABLE:
        return f"{key}: unknown key{did_you_mean(key, _SEARCHABLE)}"
    unknown = [name for name in entry if name not in ("low", "high", "log", "choices")]
    if unknown:
        return f"{key}.{unknown[0]}: unknown key{did_you_mean(str(unknown[0]), ['low', 'high', 'log', 'choices'])}"
    reason = _wrong_choices(key, entry) if "choices" in entry else _wrong_range(entry)
    return reason and f"{key}: found {dict(entry)!r:.80}: {reason}; allowed: {_FORM}"


def _wrong_choices(key: str, entry: Mapping[str, Any]) -> str | None:
    choices = entry["choices"]
    if len(entry) > 1:
        return "choices go without low, high and log"
    if not isinstance(choices, list):
        return "choices must be a list"
    if not choices:
        return "choices is empty"
    return _twice(key, choices)


def _twice(key: str, choices: list[Any]) -> str | None:
    """Which of `choices` are one value to the field, as 1 and 1.0 are to one of fractions."""
    first: dict[str, str] = {}
    for choice, label in zip(choices, labels(choices), strict=True):
        value = json.dumps(_converted(key, choice), sort_keys=True, default=str)
        if value in first:
            before = first[value]
            return f"{label} is there twice" if before == label else f"{before} and {label} are the same"
        first[value] = label
    return None


def _converted(key: str, value: Any) -> Any:
    """`value` as its field has it; as it is if it is none for it, which is told later."""
    section, _, name = key.partition(".")
    try:
        field = _SECTIONS[section].model_fields[name]
        kind: Any = Annotated[field.annotation, field]
        return TypeAdapter(kind, config=Section.model_config).validate_python(value)
    except ValidationError:
        return value


def _wrong_range(entry: Mapping[str, Any]) -> str | None:
    absent = [name for name in ("low", "high") if name not in entry]
    if absent:
        return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing"
    low, high, log = entry["low"], entry["high"], entry.get("log", False)
    endless = [f"{name} is {bound!r}" for name, bound in (("low", low), ("high", high)) if not _finite(bound)]
    if endless:
        return f"{' and '.join(endless)}: low and high must be numbers"
    if not isinstance(log, bool):
        return "log must be true or false"
    if low >= high:
        return f"low is {low}, high {high}: low must be below high"
    return f"low is {low}: log: true needs low above 0" if log and low <= 0 else None


def _finite(bound: Any) -> bool:
    return isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound)


def _dimension(params: Params, key: str, entry: Mapping[str, Any]) -> Dimension:
    if "choices" in entry:
        choices = tuple(entry["choices"])
        return Dimension(key, CategoricalDistribution(labels(choices)), choices)
    low, high, log = entry["low"], entry["high"], entry.get("log", False)
    whole = isinstance(low, int) and isinstance(high, int) and not _takes_fractions(params, key, low, high)
    kind = IntDistribution if whole else FloatDistribution
    return Dimension(key, kind(low, high, log=log))


def _takes_fractions(params: Params, key: str, low: float, high: float) -> bool:
    try:
        configured(params, {key: low + (high - low) / math.pi})
    except ConfigError:
        return False
    return True


def _check_values(params: Params, dimensions: list[Dimension]) -> None:
    """Try every extreme value, then every pair of them, the other keys at the first corner: rules join at most two."""
    corner = first(dimensions)
    for size in (1, min(2, len(dimensions))):
        messages: dict[str, None] = {}
        for chosen in combinations(dimensions, size):
            for values in product(*(d.extremes for d in chosen)):
                found = dict(zip((d.key for d in chosen), values, strict=True))
                try:
                    configured(params, {**corner, **found})
                except ConfigError as error:
                    messages[str(error)] = None
        if messages:
            raise ConfigError("\n".join(messages))


def _check_used(params: Params, dimensions: list[Dimension]) -> None:
    """Raise CombinationError if every trial would have a value without effect; of some, a trial finds it out."""
    joined = [d for d in dimensions if d.key in idle.KEYS]
    refused: list[CombinationError] = []
    tried = list(product(*(d.extremes for d in joined)))
    for values in tried:
        try:
            idle.refuse(unchecked(params, dict(zip((d.key for d in joined), values, strict=True))), _WHERE)
        except CombinationError as error:
            refused.append(error)
    if len(refused) == len(tried):
        raise refused[0]
