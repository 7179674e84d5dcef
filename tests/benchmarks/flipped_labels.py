"""`python -m tests.benchmarks.flipped_labels [PROJECT]`: how many of the first suspected labels are wrong.

5 % of the labels of a project's images, whose features have been extracted, are flipped at random, in memory; what
share of as many suggestions were flipped is printed, draw after draw. Labels that were wrong before count as mistakes.
"""

import os
import sys

import numpy as np

from pipeline.results import label_noise, labelled_features

SHARE = 0.05
DRAWS = 3


def precision(features: np.ndarray, labels: np.ndarray, groups: list[str], seed: int) -> float:
    """Of as many suggestions as labels are flipped, how many are flipped ones: 0 to 1."""
    random = np.random.default_rng(seed)
    where = random.choice(len(labels), round(SHARE * len(labels)), replace=False)
    classes = int(labels.max()) + 1
    flipped = labels.copy()
    flipped[where] = (labels[where] + random.integers(1, classes, len(where))) % classes
    said = label_noise.out_of_fold(features, flipped, groups)
    first = [one.index for one in label_noise.suspected(flipped, said)[: len(where)]]
    return len(set(first) & set(where.tolist())) / len(where)


def main(project: str) -> None:
    os.chdir(project)
    stored = labelled_features.read()
    found = []
    for seed in range(DRAWS):
        found.append(precision(stored.features, stored.labels, stored.groups, seed))
        print(f"draw {seed}: {found[-1]:.3f} of {round(SHARE * len(stored.labels))} suggestions", flush=True)
    print(f"mean {np.mean(found):.3f} on {len(stored.labels):,} images with {stored.features.shape[1]} features")


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else ".")
