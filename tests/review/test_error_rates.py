"""Simulated reviews, seeds added until one decides: wrong in at most one of twenty, at and beyond the margin.

The path is a user's: `verify --seeds 1`, then 3, 5 and 10, each as long as the one before was inconclusive.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from pipeline.results import sequential
from pipeline.results.seeds import Measured
from pipeline.review import verdict
from pipeline.review.verdict import Outcome, Question

REVIEWS = 10_000
NOMINAL = 0.05
SLACK = 3 * (NOMINAL * (1 - NOMINAL) / REVIEWS) ** 0.5
LEVEL = 0.85


@dataclass(frozen=True)
class World:
    """Reported is the mean of `reported` seeds, known one by one or, `one_figure`, as a mean. Single seeds spread by
    `spread`; both sides have `images` test images, or theirs `reported_images`, the same ones or not. `level`: the
    true accuracy of what is reported."""

    reported: int = 1
    one_figure: bool = False
    spread: float = 0.006
    images: int = 1000
    same: bool = True
    most: int = 10
    level: float = LEVEL
    reported_images: int = 0

    @property
    def theirs(self) -> int:
        return self.reported_images or self.images

    @property
    def standard_error(self) -> float:
        of_images = 0 if self.same else self.level * (1 - self.level) * (1 / self.images + 1 / self.theirs)
        return float((self.spread**2 * (1 / 3 + 1 / self.reported) + of_images) ** 0.5)

    def question(self, theirs: np.ndarray, margin: float) -> Question:
        seeds = self.reported if self.one_figure else len(theirs)
        return Question(Measured(tuple(theirs.tolist()), self.theirs, seeds), margin, self.same, self.most)


def accuracies(world: World, difference: float, reviews: int) -> tuple[np.ndarray, np.ndarray]:
    """Ours (reviews, most seeds) and those reported; whole images, as they are."""
    random = np.random.default_rng([world.reported, world.images, round(1e6 * (difference + 1))])
    sides = []
    ours, theirs = (world.level + difference, world.images, world.most), (world.level, world.theirs, world.reported)
    for level, images, seeds in (ours, theirs):
        mean = np.full((reviews, 1), level)
        if not world.same:
            mean = random.binomial(images, level, (reviews, 1)) / images
        found = np.clip(mean + random.normal(0, world.spread, (reviews, seeds)), 0, 1)
        sides.append(np.round(found * images) / images)
    found, reported = sides
    return found, reported.mean(axis=1, keepdims=True) if world.one_figure else reported


def reviewed(world: World, difference: float, margin: float, reviews: int = REVIEWS) -> np.ndarray:
    """The decisions of all reviews at once."""
    ours, theirs = accuracies(world, difference, reviews)
    question = world.question(theirs[0], margin)

    def estimate(seeds: int):
        return verdict.difference(ours[:, :seeds], theirs, world.images, question)

    decided, _ = sequential.first_decision(estimate, margin, question.plan, world.most)
    return decided


def one_by_one(world: World, difference: float, margin: float, reviews: int) -> list[Outcome]:
    """The same, command after command."""
    ours, theirs = accuracies(world, difference, reviews)
    outcomes = []
    for mine, reported in zip(ours, theirs, strict=True):
        question = world.question(reported, margin)
        for seeds in (1, *(look for look in question.plan.looks if look > 1)):
            outcome = verdict.judge(Measured(tuple(mine[:seeds].tolist()), world.images, seeds), question).outcome
            if outcome is not Outcome.INCONCLUSIVE:
                break
        outcomes.append(outcome)
    return outcomes


WORLDS = [
    World(),
    World(spread=0.002, images=180),
    World(same=False, spread=0.002, images=180),
    World(same=False, spread=0.003, images=10_000),
    World(reported=3),
    World(same=False, spread=0.0, images=180, level=0.95, reported_images=10_000),
    World(same=False, spread=0.0, images=180, level=0.99, reported_images=10_000),
]
FURTHER = [
    World(spread=0.02, images=400),
    World(same=False),
    World(same=False, spread=0.0),
    World(same=False, spread=0.02, images=400),
    World(reported=5, one_figure=True),
    World(reported=2),
    World(reported=3, same=False, spread=0.01),
    World(reported=5, spread=0.006, images=10_000),
    World(reported=5, same=False, spread=0.002, images=180),
    World(reported=10, same=False, spread=0.02, images=400),
    World(same=False, spread=0.0, images=180, level=1.0, reported_images=10_000),
    World(same=False, spread=0.0, images=100, level=0.98, reported_images=10_000),
    World(same=False, spread=0.0, images=10_000, level=0.99, reported_images=180),
    World(same=False, spread=0.0, images=400, level=0.95),
    World(most=30),
    World(most=3),
    World(reported=3, most=100, spread=0.02, images=400),
]


def margins(world: World) -> list[float]:
    """Far below, below, at, above and far above the standard error of three seeds; or, near an end, in points."""
    if world.level != LEVEL:
        return [0.02, 0.03, 0.05, 0.08, 0.1]
    wanted = (world.standard_error * share for share in (0.1, 0.5, 1.0, 3.0, 10.0))
    return [margin for margin in wanted if margin < 0.13]


def names(world: World) -> str:
    figure = "one figure" if world.one_figure or world.reported == 1 else "seeds"
    images = "same" if world.same else "other"
    counts = f"{world.images} and {world.theirs}" if world.theirs != world.images else str(world.images)
    return f"{world.reported} {figure}, {world.level} ±{world.spread}, {counts} {images}, most {world.most}"


@pytest.mark.parametrize(
    "world", [*WORLDS, *(pytest.param(world, marks=pytest.mark.slow) for world in FURTHER)], ids=names
)
def test_neither_error_is_more_frequent_than_one_in_twenty(world):
    for margin in margins(world):
        far = min(1.5 * margin, 0.14)
        for side in (1, -1) if world.level + far <= 1 else (-1,):
            on_it = reviewed(world, side * margin, margin)
            assert (on_it == sequential.WITHIN).mean() <= NOMINAL + SLACK
            assert (on_it == sequential.BEYOND).mean() <= NOMINAL + SLACK
            beyond = reviewed(world, side * far, margin)
            assert (beyond == sequential.WITHIN).mean() <= NOMINAL
            inside = reviewed(world, side * 0.5 * margin, margin)
            assert (inside == sequential.BEYOND).mean() <= NOMINAL + SLACK


def test_both_tails_of_a_contradiction_together_are_one_in_twenty():
    """With a margin of next to nothing the difference can pass either end of it by chance."""
    for world in (World(), World(same=False, images=180), World(reported=3)):
        found = reviewed(world, 0.0, 0.0001)
        assert (found == sequential.BEYOND).mean() <= NOMINAL + SLACK


@pytest.mark.parametrize("world", [World(), World(reported=3), World(same=False, spread=0.01)], ids=names)
def test_command_after_command_is_the_same_as_all_at_once(world):
    margin = 2 * world.standard_error
    outcomes = {sequential.WITHIN: Outcome.REPRODUCED, sequential.BEYOND: Outcome.NOT_REPRODUCED}
    at_once = reviewed(world, margin, margin, 100)
    expected = [outcomes.get(int(decided), Outcome.INCONCLUSIVE) for decided in at_once]
    assert one_by_one(world, margin, margin, 100) == expected


def test_looking_without_a_plan_is_wrong_more_often():
    """The check can fail: with the whole error at each look, it is exceeded."""
    ours, theirs = accuracies(World(reported=3), 0.03, REVIEWS)
    question = World(reported=3).question(theirs[0], 0.03)
    wrong = np.zeros(REVIEWS, dtype=bool)
    for seeds in (3, 5, 10):
        found = verdict.difference(ours[:, :seeds], theirs, 1000, question)
        wrong |= np.abs(found.value) + found.half_width(np.asarray(NOMINAL)) < 0.03
    assert wrong.mean() > 1.3 * NOMINAL


def test_clear_cases_are_decided():
    world = World(reported=3, spread=0.003)
    assert (reviewed(world, 0.0, 0.03) == sequential.WITHIN).mean() >= 0.95
    for side in (1, -1):  # too good or too bad: both are findings
        assert (reviewed(world, side * 0.08, 0.03) == sequential.BEYOND).mean() >= 0.95
