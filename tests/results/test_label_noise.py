"""Wrong labels among right ones: found, ranked, and counted."""

import numpy as np
import pytest

from pipeline.results import label_noise

from ..benchmarks import flipped_labels


def blobs(seed: int, per_class: int = 60, classes: int = 4, apart: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), per_class)
    return rng.normal(size=(len(labels), 8)) + apart * np.eye(8)[labels], labels


def flipped(labels: np.ndarray, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels with a share of them changed to another class, and which."""
    rng = np.random.default_rng(seed)
    where = rng.choice(len(labels), round(share * len(labels)), replace=False)
    new = labels.copy()
    new[where] = (labels[where] + rng.integers(1, labels.max() + 1, len(where))) % (labels.max() + 1)
    return new, where


def test_flipped_labels_are_the_first_that_are_suspected():
    features, right = blobs(1, apart=5.0)
    labels, where = flipped(right, 0.05)
    said = label_noise.out_of_fold(features, labels, [str(n) for n in range(len(labels))])
    found = label_noise.suspected(labels, said)
    first = [one.index for one in found[: len(where)]]
    assert len(set(first) & set(where.tolist())) >= 0.9 * len(where)
    beside = [one.probability / said[one.index, one.suggested] for one in found]
    assert beside == sorted(beside)
    assert np.mean([one.suggested == right[one.index] for one in found[: len(where)]]) >= 0.9
    assert label_noise.share(labels, said) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize("seed", range(2))
def test_most_of_as_many_suggestions_as_there_are_flips_are_flipped(seed):
    features, right = blobs(seed, per_class=100, apart=4.5)
    assert flipped_labels.precision(features, right, [str(n) for n in range(len(right))], seed) >= 0.8


def test_right_labels_that_features_tell_apart_are_not_suspected():
    features, labels = blobs(2, apart=9.0)
    said = label_noise.out_of_fold(features, labels, [str(n) for n in range(len(labels))])
    assert label_noise.suspected(labels, said) == []
    assert label_noise.share(labels, said) == 0
    np.testing.assert_allclose(said.sum(axis=1), 1)


def test_images_of_one_group_do_not_speak_for_each_other():
    """A wrong label that a copy shares is found only if the copy is held out with it."""
    features, labels = blobs(3, per_class=30, apart=6.0)
    copies = np.concatenate([features, features[:1], features[:1], features[:1]])
    wrong = np.concatenate([labels, [2, 2, 2]])
    wrong[0] = 2
    groups = [str(n) for n in range(len(labels))] + ["0"] * 3
    found = {one.index for one in label_noise.suspected(wrong, label_noise.out_of_fold(copies, wrong, groups))}
    assert found >= {0, 120, 121, 122}
    assert len(found) < 10


def test_confidence_is_measured_against_the_mean_of_the_class():
    labels = np.array([0, 0, 0, 1, 1])
    said = np.array([[0.9, 0.1], [0.9, 0.1], [0.55, 0.45], [0.6, 0.4], [0.8, 0.2]])
    found = label_noise.suspected(labels, said)  # of class 1 the mean is 0.3, of class 0 0.783
    assert [(one.index, one.suggested, one.probability) for one in found] == [
        (4, 0, 0.2),
        (3, 0, 0.4),
        (2, 1, 0.55),
    ]
    assert label_noise.share(labels, said) == pytest.approx(1 / 3 * 0.6 + 1 / 2 * 0.4)
