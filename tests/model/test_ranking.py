"""The order of backbones, and which of them luck may have put below the first; what being held out means."""

from typing import Any

import numpy as np
from sklearn.model_selection import KFold

from pipeline.model import probing, ranking
from pipeline.model.candidates import Candidate
from pipeline.model.probing import Probed, Sample


def probed(name: str, right: int, speed: float) -> Probed:
    params: Any = None
    return Probed(Candidate(name, {}, params), np.arange(400) < right, speed, 10**6, 10.0, 1.0)


def test_the_most_accurate_is_first_and_of_equals_the_quickest() -> None:
    found = ranking.ranked([probed("slow", 380, 1.0), probed("bad", 200, 99.0), probed("quick", 380, 5.0)])
    assert [one.candidate.name for one in found] == ["quick", "slow", "bad"]


def test_what_luck_explains_is_named_with_the_quickest(capsys) -> None:
    found = ranking.ranked([probed("a", 380, 5.0), probed("b", 377, 50.0), probed("c", 300, 500.0)])
    assert [one.candidate.name for one in ranking.as_good(found)] == ["b"]
    ranking.show(found, np.arange(400) < 100)
    printed = " ".join(capsys.readouterr().out.split())
    assert "within luck of the first (McNemar, p ≥ 0.05): b; quickest: b" in printed
    assert "95.0 % (92.4 to 96.7)" in printed
    assert "no backbone: pixels 25.0 %" in printed


def test_no_image_is_judged_by_a_probe_that_has_seen_it() -> None:
    """Of labels drawn at random nothing can be told of an image that is held out, however many features there are."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 300)
    folds = list(KFold(5).split(labels))
    features = random.normal(size=(300, 600))
    sample = Sample(lambda _: features, labels, folds, 2, 300, 240)
    assert 0.4 < probing.held_out(features, sample).mean() < 0.6
    assert probing.held_out(features + 9 * labels[:, None], sample).all()
