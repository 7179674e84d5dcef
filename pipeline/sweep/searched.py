"""What params.yaml wants searched, checked without importing what searches: `herbarium check` is to answer at once."""

from collections.abc import Sequence

from pipeline.model import class_weights, single_logit
from pipeline.params.schema import Params
from pipeline.sweep import space, starts
from pipeline.sweep.dimensions import Dimension


def dimensions_of(params: Params) -> list[Dimension]:
    """What is searched. Raises ConfigError for a wrong sweep.space or sweep.start."""
    dimensions = space.of(params)
    starts.points(params, dimensions)
    return dimensions


def check_classes(params: Params, classes: Sequence[str]) -> None:
    """Raise CombinationError if a class that has a weight, or may come to one, is none of `classes`, or head.output is,
    or may come to be, for two classes and there are others."""
    searched = {dimension.key: dimension.choices for dimension in space.of(params)}
    for output in searched.get("head.output", (params.head.output,)):
        single_logit.check(str(output), len(classes))
    for chosen in searched.get("train.class_weights", (params.train.class_weights,)):
        class_weights.check(chosen, classes)
