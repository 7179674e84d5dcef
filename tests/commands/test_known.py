"""What is said of how rarely the network may wrongly call an image none of its classes."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.commands import known
from pipeline.serving.familiarity import Familiarity, as_odd


@pytest.mark.parametrize(("asked", "said"), [(0.01, True), (0.032, True), (1 / 31, False), (0.05, False), (0.0, False)])
def test_a_level_that_is_too_fine_for_the_images_held_out_is_said(capsys, asked: float, said: bool) -> None:
    """Then no image is unlike those learned from, whatever it shows."""
    fitted = SimpleNamespace(surprises=np.linspace(0, 1, 30))
    fitted.finest = Familiarity.finest.fget(fitted)
    assert fitted.finest == as_odd(np.array([9.0]), fitted.surprises)[0]
    known.note_level(fitted, asked)
    known.note_level(None, asked)
    told = capsys.readouterr().err
    assert ("no image is called none of these" in told) is said
    if said:
        known.note_level(fitted, float(told.split("allowed here: ")[1].split()[0]))
        assert capsys.readouterr().err == ""  # what is advised is enough
    assert ("found 0.01, for which 99 validation images are needed; with 30" in told) == (asked == 0.01)
