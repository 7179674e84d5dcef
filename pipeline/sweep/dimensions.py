"""One searched key: what Optuna knows of it, and what params.yaml says."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from optuna.distributions import BaseDistribution, IntDistribution


@dataclass(frozen=True)
class Dimension:
    """One searched key. `choices` are its values if they are listed; Optuna knows them by their text."""

    key: str
    distribution: BaseDistribution
    choices: tuple[Any, ...] = ()

    def value(self, suggested: Any) -> Any:
        return self.choices[labels(self.choices).index(suggested)] if self.choices else suggested

    def suggestion(self, value: Any) -> Any:
        return _label(value) if self.choices else value

    @property
    def extremes(self) -> list[Any]:
        """Values that are legal only if all others are."""
        if self.choices:
            return list(self.choices)
        return [self.distribution.low, self.distribution.high]

    def as_found(self, value: Any) -> Any:
        """A `value` that it `holds`, of the type the search comes to."""
        return self.value(_label(value)) if self.choices else self.kind(value)

    @property
    def kind(self) -> type[int] | type[float]:
        """Of a range's values."""
        return int if isinstance(self.distribution, IntDistribution) else float

    def holds(self, value: Any) -> bool:
        """Whether the search could have come to `value`."""
        if self.choices:
            return _label(value) in labels(self.choices)
        number = isinstance(value, int | self.kind) and not isinstance(value, bool)
        return number and self.distribution.low <= value <= self.distribution.high

    @property
    def shown(self) -> str:
        if self.choices:
            return ", ".join(labels(self.choices))
        return f"{self.distribution.low} to {self.distribution.high}"

    @property
    def grid(self) -> list[Any] | None:
        """All values; None if they cannot be counted."""
        if isinstance(self.distribution, IntDistribution):
            return list(range(self.distribution.low, self.distribution.high + 1))
        return list(self.choices) or None


def _label(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def labels(values: Iterable[Any]) -> list[str]:
    return [_label(value) for value in values]
