"""Every label asked about: which are probably wrong, as a list, and what that means in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pipeline.process import naming
from pipeline.process.errors import DataError
from pipeline.results import label_noise
from pipeline.results.label_noise import Suspicion
from pipeline.results.labelled_features import Stored

_NAMED = 10
_WEAK = "the features hardly tell the classes apart, so little follows: take a network that has seen photographs"
_HARDLY = 0.3  # share of labels that features must disagree with to be called too weak to judge them


@dataclass(frozen=True)
class Asked:
    """Of N `stored` images of K `classes`: what held-out heads say, `probabilities` (N, K), what is `suspected`, the
    surest first, what a person has `corrected` before: name → class or drop, and the classes of which nothing can be
    said."""

    stored: Stored
    classes: Sequence[str]
    probabilities: np.ndarray
    suspected: Sequence[Suspicion]
    corrected: Mapping[str, str] = field(default_factory=dict)
    unjudged: Sequence[str] = ()


def ask(stored: Stored, classes: Sequence[str], folds: int, corrected: Mapping[str, str] | None = None) -> Asked:
    """Hold out a part of the images after another. Raises DataError if there are fewer groups of them than `folds`, or
    images of every class, or each class is one."""
    groups = len(set(stored.groups))
    if groups < folds:
        raise DataError(f"--folds: found {folds}, and there are {groups} groups of images; allowed: less")
    most = int(np.bincount(stored.labels).max())
    if most < folds:
        raise DataError(f"--folds: found {folds}, and no class has more than {most} images; allowed: 2 to {most}")
    unjudged = label_noise.unjudged(stored.labels, stored.groups, folds)
    if set(unjudged) >= set(stored.labels):
        raise DataError("data.splitting.group: all images of each class are one group; allowed: several groups of each")
    said = label_noise.out_of_fold(stored.features, stored.labels, stored.groups, folds)
    suspected = label_noise.suspected(stored.labels, said)
    return Asked(stored, classes, said, suspected, corrected or {}, [classes[label] for label in unjudged])


def rows(asked: Asked) -> list[tuple[str, ...]]:
    """What `correction_list` has columns for, of each suspected label; the last is for a person to fill in. Then what
    was corrected before and is not suspected now, so that the list can take the place of the one before."""
    listed = [_row(asked, one) for one in asked.suspected]
    names = {name for name, *_ in listed}
    others = ((name, "", "", "", "", correction) for name, correction in asked.corrected.items() if name not in names)
    return listed + sorted(others)


def _row(asked: Asked, one: Suspicion) -> tuple[str, ...]:
    stored, i = asked.stored, one.index
    name, label = stored.names[i], asked.classes[stored.labels[i]]
    correction = asked.corrected.get(name, "")
    return name, stored.splits[i], label, asked.classes[one.suggested], f"{one.probability:.4f}", correction


def _estimates(everywhere: float, there: float) -> list[str]:
    bound = 100 * there
    return [
        f"estimated share of wrong labels: {100 * everywhere:.1f} %, of test images {bound:.1f} % (an upper"
        " estimate: what the features cannot tell apart counts as wrong)",
        f"what that means for a test accuracy: a network that is always right could score {100 - bound:.1f} %, and"
        f" differences below {bound:.1f} points may be differences between wrong labels",
    ]


def told(asked: Asked) -> list[str]:
    """How many are suspected, and how far the figure goes, a sentence each."""
    stored, said = asked.stored, asked.probabilities
    of_test = np.array([split == "test" for split in stored.splits])
    judged = ~np.isin(stored.labels, [asked.classes.index(name) for name in asked.unjudged])
    everywhere, there = (label_noise.share(stored.labels[of], said[of]) for of in (judged, judged & of_test))
    right = float(np.mean(said.argmax(axis=1)[judged] == stored.labels[judged]))
    weak = everywhere > _HARDLY
    before, silent = len(asked.corrected), naming.some(asked.unjudged, _NAMED)
    return [
        *([_WEAK] if weak else []),
        *([f"nothing can be said of {silent}: all images of a class are one group there"] if silent else []),
        f"{len(asked.suspected)} of {judged.sum():,} labels are suspected; a held-out head agrees with"
        f" {100 * right:.1f} %",
        *([] if weak else _estimates(everywhere, there)),
        *([f"the list has what was corrected before, too: {before} images"] if before else []),
    ]
