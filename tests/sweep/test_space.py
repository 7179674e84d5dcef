import pytest

from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.sweep import space

from .conftest import SPACE, sweeping


def checked(params: Params, entries: dict, **values: object) -> list[space.Dimension]:
    return space.of(sweeping(params, space=entries, **values))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            {"train.learnig_rate": {"low": 1, "high": 2}},
            "train.learnig_rate: unknown key; did you mean train.learning_rate",
        ),
        ({"compute.threads": {"low": 1, "high": 2}}, "compute.threads: unknown key; allowed: train."),
        ({"train.seed": {"low": 1, "high": 2}}, "a seed is luck"),
        ({"head.pooling": {"choices": ["average", "max"]}}, "which activations are stored"),
        ({"head.dropout": {"low": 0.1, "hihg": 0.2}}, "head.dropout.hihg: unknown key; did you mean high"),
        ({"head.dropout": {"low": 0.1}}, "found {'low': 0.1}: high is missing; allowed: {low: …, high: …}"),
        ({"head.dropout": {}}, "found {}: low and high are missing; allowed: {low: …, high: …}"),
        (
            {"head.dropout": {"low": 0.4, "high": 0.2}},
            "found {'low': 0.4, 'high': 0.2}: low is 0.4, high 0.2: low must be below high; allowed",
        ),
        ({"head.dropout": {"low": 0.2, "high": 0.2}}, ": low is 0.2, high 0.2: low must be below high; allowed"),
        (
            {"head.dropout": {"low": 0.0, "high": 0.2, "log": True}},
            ": low is 0.0: log: true needs low above 0; allowed",
        ),
        ({"head.dropout": {"low": 0.1, "high": 0.2, "log": "true"}}, ": log must be true or false; allowed"),
        ({"head.dropout": {"low": 0.0, "high": float("inf")}}, ": high is inf: low and high must be numbers; allowed"),
        ({"head.dropout": {"low": False, "high": "1"}}, ": low is False and high is '1': low and high must be numbers"),
        ({"head.dropout": {"choices": []}}, ": choices is empty; allowed: {low: …, high: …}"),
        ({"head.dropout": {"choices": 0.1}}, ": choices must be a list; allowed: {low: …, high: …}"),
        ({"head.dropout": {"choices": [0.1, 0.1]}}, ": 0.1 is there twice; allowed: {low: …, high: …}"),
        ({"head.units": {"choices": [[8], [8]]}}, ": [8] is there twice; allowed: {low: …, high: …}"),
        ({"train.mixup": {"choices": [1, 1.0]}}, ": 1 and 1.0 are the same; allowed: {low: …, high: …}"),
        ({"train.mixup": {"choices": [True, 1]}}, "train.mixup: found True; allowed: mixes images"),
        ({"train.epochs": {"choices": [1, 1.0]}}, "train.epochs: found 1.0; allowed"),
        ({"head.batch_norm": {"choices": [True, 1]}}, "head.batch_norm: found 1; allowed: true"),
        (
            {"train.class_weights": {"choices": [{"a": 1, "b": 2}, {"b": 2.0, "a": 1.0}]}},
            ': {"a": 1, "b": 2} and {"b": 2.0, "a": 1.0} are the same; allowed: {low: …, high: …}',
        ),
        ({"head.dropout": {"choices": [0.1], "low": 0.2}}, ": choices go without low, high and log; allowed"),
        ({"head.dropout": {"low": 0.5, "high": 1.5}}, "head.dropout: found 1.5; allowed: share of activations"),
        ({"train.optimizer": {"choices": ["adam", "adan"]}}, "train.optimizer: found 'adan'; allowed: sgd"),
        ({"train.optimizer": {"low": 0, "high": 3}}, "train.optimizer: found 0; allowed: sgd"),
        ({"train.weight_decay": {"low": 1e-4, "high": 0.1}}, "train.weight_decay: found 0.0001 with train.optimizer: "),
        ({"train.unfrozen_layers": {"low": 0, "high": 3}}, "backbone.max_unfrozen_layers is 2"),
        ({"train.unfrozen_layers": {"low": 0.5, "high": 1.5}}, "train.unfrozen_layers: found 0.5"),
    ],
)
def test_a_wrong_space_is_explained(params: Params, entries: dict, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        checked(params, entries)
    assert str(raised.value).startswith("params.yaml: sweep.space: ")
    assert message in str(raised.value)


def test_every_wrong_key_is_listed(params: Params) -> None:
    with pytest.raises(ConfigError) as raised:
        checked(params, {"a.b": {"low": 1, "high": 2}, "train.seed": {"low": 1, "high": 2}})
    assert len(str(raised.value).splitlines()) == 2


def test_values_that_exclude_each_other_are_found(params: Params) -> None:
    entries = {"head.units": {"choices": [[8], [8, 8]]}, "head.dropout": {"choices": [[0.1], [0.2, 0.3]]}}
    with pytest.raises(ConfigError, match=r"dropout lists 1 rates for 2 dense layers"):
        checked(params, entries)


def test_a_value_need_be_legal_only_with_the_space(params: Params) -> None:
    entries = {"head.units": {"choices": [[8, 8]]}, "head.dropout": {"choices": [[0.1, 0.2], [0.3, 0.4]]}}
    assert [d.key for d in checked(params, entries)] == list(entries)


def test_ranges_are_whole_where_the_key_is(params: Params) -> None:
    entries = {"head.dropout": {"low": 0, "high": 0.5}, "train.l2": {"low": 0, "high": 1}}
    kinds = [type(d.distribution).__name__ for d in checked(params, {**SPACE, **entries})]
    assert kinds == [
        "FloatDistribution",
        "CategoricalDistribution",
        "IntDistribution",
        "FloatDistribution",
        "FloatDistribution",
    ]


def test_choices_keep_their_type(params: Params) -> None:
    values = [None, 3, 30]
    (dimension,) = checked(params, {"train.early_stopping_patience": {"choices": values}})
    assert [dimension.value(dimension.suggestion(value)) for value in values] == values
    assert dimension.distribution.choices == ("null", "3", "30")


def test_a_grid_has_every_combination_once(params: Params) -> None:
    entries = {"train.optimizer": {"choices": ["sgd", "adam"]}, "train.unfrozen_layers": {"low": 0, "high": 2}}
    dimensions = checked(params, entries, sampler="grid")
    size = space.grid_size(dimensions)
    combinations = {tuple(space.combination(dimensions, index).values()) for index in range(size)}
    assert size == len(combinations) == 6


def test_a_grid_needs_countable_values(params: Params) -> None:
    with pytest.raises(ConfigError, match=r"train.learning_rate, head.dropout: found a range of fractions"):
        checked(params, SPACE, sampler="grid")
    entries = {"train.batch_size": {"low": 1, "high": 50000}, "head.units": {"choices": [[1], [2], [3], [4]]}}
    with pytest.raises(ConfigError, match="found 200,000 combinations"):
        checked(params, entries, sampler="grid")


def test_configured_changes_only_what_was_given(params: Params) -> None:
    changed = space.configured(params, {"train.learning_rate": 0.005, "head.dropout": 0.5})
    assert (changed.train.learning_rate, changed.head.dropout) == (0.005, 0.5)
    assert changed.train.model_copy(update={"learning_rate": params.train.learning_rate}) == params.train


def test_some_trials_may_find_out_that_an_optimizer_has_no_weight_decay(params: Params) -> None:
    entries = {
        "train.optimizer": {"choices": ["sgd", "adamw"]},
        "train.weight_decay": {"low": 0.01, "high": 0.1},
    }
    assert [dimension.key for dimension in checked(params, entries)] == list(entries)
