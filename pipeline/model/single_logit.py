"""A head with one logit is for two classes: known before any network is built, and said in the same words."""

from pipeline.process.errors import CombinationError

SIGMOID = "sigmoid"


def check(output: str, classes: int) -> None:
    """Raise CombinationError if `output`, as head.output has it, is not for so many classes."""
    if output == SIGMOID and classes != 2:
        raise CombinationError(
            f"params.yaml: head.output: sigmoid is for two classes, the data has {classes}: set softmax"
        )
