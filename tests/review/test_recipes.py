"""Two recipes by their seeds: equal ones are told apart as seldom as one says, clear differences are found."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.results.figures import Run
from pipeline.results.predictions import Predictions
from pipeline.results.seeds import Replicates, Seed
from pipeline.review import compare, recipes

from .test_compare import of

IMAGES = 200


def drawn(random: np.random.Generator, chances: np.ndarray, seeds: int) -> np.ndarray:
    """bool (seeds, N): whether networks of one recipe are right; some are better than others."""
    better = random.normal(0, 0.03, (seeds, 1))
    return random.random((seeds, len(chances))) < chances + better


def record(right: np.ndarray, params):
    """With as many vouched seeds as `right`, bool (seeds, N), has rows."""
    found = of(right[0], [f"i{i}" for i in range(right.shape[1])], params)
    tables = [of(row, found.predictions.names, params).predictions for row in right]
    seeds = tuple(Seed(i, f"f{i}", 1, 0.9, float(row.mean())) for i, row in enumerate(right, 1))
    runs = {i: Run({}, {"test": table}, ()) for i, table in enumerate(tables, 1)}
    return replace(found, seeds=Replicates("e", right.shape[1], right.shape[1], seeds), runs=runs)


def images(random: np.random.Generator) -> np.ndarray:
    """Easy ones, and hard ones."""
    return np.where(random.random(IMAGES) < 0.8, 0.96, 0.4)


@pytest.mark.parametrize("seeds", [(3, 3), (10, 5), (2, 2)])
def test_equal_recipes_differ_in_one_of_twenty(params, seeds):
    random = np.random.default_rng(1)
    found, networks = [], []
    for _ in range(300):
        chances = images(random)
        pair = [record(drawn(random, chances, count), params) for count in seeds]
        found.append(recipes.compare(*pair).detectable)
        networks.append(compare.compare(*(replace(one, seeds=None) for one in pair)).detectable)
    assert np.mean(found) <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
    assert np.mean(networks) > 2 * np.mean(found)


def test_a_better_recipe_is_found(params):
    random = np.random.default_rng(2)
    chances = images(random)
    better, worse = (record(drawn(random, chance, 5), params) for chance in (chances, chances - 0.25))
    found = compare.compare(better, worse)
    assert found.means.seeds == (5, 5)
    assert found.means.interval[0] > 0
    said = compare._conclusion(found, "one", "two")
    assert said == f"one is more accurate than two, by {100 * found.means.difference:.2f} points (means of 5 seeds)"


def test_what_is_said_is_of_the_means_whatever_the_first_networks_are(params):
    lucky, unlucky = np.arange(IMAGES) < 190, np.arange(IMAGES) < 150
    one, two = record(np.array([lucky, unlucky, unlucky]), params), record(np.array([unlucky, lucky]), params)
    found = compare.compare(one, two)
    assert found.p_value < 0.001
    assert not found.detectable
    said = "no detectable difference in test accuracy (means of 3 and 2 seeds)"
    assert compare._conclusion(found, "one", "two") == said
    assert any("means of 3 and 2 seeds" in line for line in compare._statistics(found))


def test_one_seed_on_a_side_is_no_recipe(params):
    """Then it is the networks, and it is said."""
    lucky, unlucky = np.arange(IMAGES) < 190, np.arange(IMAGES) < 150
    several, alone = record(np.array([unlucky, unlucky]), params), record(np.array([lucky]), params)
    found = compare.compare(several, alone)
    assert found.means is None
    said = "this network of two is more accurate than that of one, by 20.00 points; other seeds were not compared"
    assert compare._conclusion(found, "one", "two") == said


def test_without_the_predictions_of_a_seed_images_count_as_others(params):
    random = np.random.default_rng(3)
    chances = images(random)
    pair = [record(drawn(random, chances, 10), params) for _ in range(2)]
    paired, unpaired = recipes.compare(*pair), recipes.compare(replace(pair[0], runs={}), pair[1])
    assert paired.difference == unpaired.difference
    assert np.ptp(paired.interval) < np.ptp(unpaired.interval)
    table = pair[1].runs[1].predictions["test"]
    other = Predictions(table.classes, table.names[::-1], table.labels, table.probabilities)
    disordered = replace(pair[1], runs={**pair[1].runs, 1: Run({}, {"test": other}, ())})
    assert recipes.compare(pair[0], disordered).interval == pytest.approx(unpaired.interval)
