"""Looking more than once without being wrong more often: seeds may be added until a review is decided.

Who looks again after every few seeds and stops when it suits decides wrongly up to twice as often as each look says.
So the looks are fixed beforehand, and by each only a part of the one error in twenty may have been spent: an
alpha-spending function (Lan and DeMets 1983, Biometrika 70, 659–663), the one near Pocock's boundaries (1977), over the
share of the most seeds that may ever be run. A look's level depends on its number of seeds and on that maximum, never
on how far one goes: it is the same whether seeds are asked for at once or added one command after the other, and
nothing has to be remembered.

The textbooks' boundaries take estimates over seeds as normal, with a known spread; with three to ten seeds that is too
hopeful. Here the luck with seeds is spent anew at each look, whatever the looks have to do with each other
(Bonferroni); only the luck with the test images, which is known and the same at every look, is spent once.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from pipeline.results.over_seeds import Difference

ERROR = 0.05  # of either wrong decision, over all looks together
MOST_SEEDS = 10
STANDARD = (1, 3, 5, 10, 20, 50, 100)
UNDECIDED, WITHIN, BEYOND = 0, 1, 2
_SHARES = np.linspace(0, 1, 41)
_LUCK = np.linspace(-8, 8, 801)  # of the images, in standard errors
_DENSITY = np.exp(-(_LUCK**2) / 2) / np.exp(-(_LUCK**2) / 2).sum()


@dataclass(frozen=True)
class Plan:
    """The looks of a review of at most `most` seeds, in numbers of seeds; none below `first`."""

    most: int = MOST_SEEDS
    first: int = 1

    @property
    def looks(self) -> tuple[int, ...]:
        return tuple(sorted({count for count in (*STANDARD, self.most) if self.first <= count <= self.most}))

    def up_to(self, seeds: int) -> tuple[int, ...]:
        return tuple(look for look in self.looks if look <= seeds)

    def level(self, look: int, of_images: np.ndarray, error: float = ERROR) -> np.ndarray:
        """The level of each one-sided test at `look` so that over all looks they are wrong with `error` at most.

        `of_images` (...): the share of the squared error, 0–1, that is the luck with the test images.
        """
        spent = tuple(error * _spent(count / self.most) for count in self.looks)
        level: np.ndarray = np.interp(of_images, _SHARES, _levels(spent)[self.looks.index(look)])
        return level


def decision(found: Difference, margin: float, plan: Plan, look: int) -> np.ndarray:
    """WITHIN, BEYOND or UNDECIDED, of each review (...).

    WITHIN ± `margin` by two one-sided tests (Schuirmann 1987). BEYOND by two that share the error: of a margin far
    below the standard error both ends can be passed by chance. A bound on the margin decides nothing.
    """
    distance = np.abs(found.value)
    within = distance + found.half_width(plan.level(look, found.of_images)) < margin
    beyond = distance - found.half_width(plan.level(look, found.of_images, ERROR / 2)) > margin
    return np.where(within, WITHIN, np.where(beyond, BEYOND, UNDECIDED))


def first_decision(
    estimate: Callable[[int], Difference], margin: float, plan: Plan, seeds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of each review (...) of `seeds` seeds: its decision, and the look that made it; the last where none did.

    `estimate` gives the difference after that many seeds.
    """
    decided, at = np.asarray(UNDECIDED), np.asarray(0)
    for look in plan.up_to(seeds):
        undecided = decided == UNDECIDED
        decided = np.where(undecided, decision(estimate(look), margin, plan, look), decided)
        at = np.where(undecided, look, at)
    return decided, at


def _spent(share: float) -> float:
    """How much of the error, 0–1, may have been spent when `share`, 0–1, of the most seeds have been seen."""
    return math.log(1 + (math.e - 1) * share)


@lru_cache
def _levels(spent: tuple[float, ...]) -> np.ndarray:
    """(looks, shares): the level of each look, by the images' share, that spends no more than `spent` up to it.

    Given the luck of the images, the probabilities of an error at each look are added, up to 1.
    """
    before, levels = np.zeros((len(_SHARES), len(_LUCK))), []
    for allowed in spent:
        low, high = np.zeros(len(_SHARES)), np.full(len(_SHARES), allowed)
        for _ in range(40):
            middle = (low + high) / 2
            wrong = (np.minimum(before + _wrong(middle), 1) * _DENSITY).sum(axis=1)
            low, high = np.where(wrong > allowed, low, middle), np.where(wrong > allowed, middle, high)
        before = before + _wrong(low)
        levels.append(low)
    return np.array(levels)


def _wrong(levels: np.ndarray) -> np.ndarray:
    """(shares, luck): the probability of an error at a look with that level, given the luck of the images."""
    shares = np.minimum(_SHARES, 1 - 1e-6)[:, None]
    wrong: np.ndarray = special.ndtr((special.ndtri(levels)[:, None] - np.sqrt(shares) * _LUCK) / np.sqrt(1 - shares))
    return wrong
