"""What the counting of whole images does to figures: they come in steps, which hide any smaller spread."""


def variance(step: float) -> float:
    """Of rounding to multiples of `step`, evenly spread over one; accuracies of n images have steps of 1 / n.

    Values that agree by chance do not prove a smaller one.
    """
    return step**2 / 12
