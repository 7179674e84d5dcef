"""A network below its floor is told of, one within luck of it is not."""

from pipeline.results import floor


def test_only_what_luck_does_not_explain_is_warned_of() -> None:
    measured = {"validation_accuracy": 0.8, "validation_images": 100}
    assert floor.warning(measured) is None
    assert floor.warning({**measured, floor.ACCURACY: 0.7}) is None
    assert floor.warning({**measured, floor.ACCURACY: 0.85}) is None
    said = floor.warning({**measured, floor.ACCURACY: 0.9})
    assert said
    assert said.startswith("validation accuracy 80.0 % is below the 90.0 % of a linear classifier")
