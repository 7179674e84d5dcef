"""A look at the data: ten labelled images, of whatever split, as they came and as the network will see them."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from pipeline.data.thumbnails import thumbnail
from pipeline.plots.style import figure, fitted, show_image, styled

MOST = 10
_COLUMNS = 5
_NAME_INCHES = 1.85  # of two a column


@dataclass(frozen=True)
class Sample:
    """One image: `before` and `after` resizing, uint8 (H, W, C), 0–255; `size` is the original height and width."""

    name: str
    label: int
    before: np.ndarray
    after: np.ndarray
    size: tuple[int, int]


@dataclass
class Collector:
    """Picks from a stream of images the first few of every one of K classes."""

    classes: int
    samples: list[Sample] = field(default_factory=list)

    def wants(self, label: int) -> bool:
        """Whether an image of this class may still be picked; once it may not, it never may again."""
        taken = Counter(sample.label for sample in self.samples)
        return taken[label] < -(-MOST // self.classes) and len(taken | Counter([label])) <= MOST

    def offer(self, sample: Sample) -> None:
        if self.wants(sample.label):
            self.samples.append(sample)

    def chosen(self, without: set[str]) -> list[Sample]:
        """At most ten, the classes in turn; none of the names in `without`."""
        usable = [sample for sample in self.samples if sample.name not in without]
        turn = {id(s): sum(o.label == s.label for o in usable[:i]) for i, s in enumerate(usable)}
        return sorted(usable, key=lambda sample: (turn[id(sample)], sample.label))[:MOST]


def sample(name: str, label: int, before: np.ndarray, after: np.ndarray) -> Sample:
    """Of `before` and `after`, uint8 (H, W, C); photographs of many megapixels are kept as small as they are drawn."""
    return Sample(name, label, thumbnail(before), after, (before.shape[0], before.shape[1]))


@styled()
def draw(samples: list[Sample], classes: list[str]) -> Figure:
    """Pairs of rows: above as in the source, below as prepared; `classes` are the K names."""
    pairs = -(-len(samples) // _COLUMNS)
    drawn, axes = figure(2 * _COLUMNS, 4.4 * pairs, rows=2 * pairs, columns=_COLUMNS)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, sample in enumerate(samples):
        above, below = axes[2 * (i // _COLUMNS) : 2 * (i // _COLUMNS) + 2, i % _COLUMNS]
        show_image(above, sample.before)
        show_image(below, sample.after)
        above.set_title(fitted(classes[sample.label], _NAME_INCHES, 11, "bold"), loc="center", fontsize=11)
        above.text(0.5, -0.03, _size(sample.size), transform=above.transAxes, ha="center", va="top", fontsize=8)
        below.text(0.5, -0.03, _size(sample.after.shape), transform=below.transAxes, ha="center", va="top", fontsize=8)
    return drawn


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} × {shape[1]} pixels"
