"""A Hypothesis strategy of every legal Params, made from the schema itself."""

import re
from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from hypothesis import assume
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.params import config, upgrades
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError

SPLITS = {"train": "train[:80%]", "validation": "train[80%:90%]", "test": "train[90%:]"}
SPACE = {
    "train.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "train.unfrozen_layers": {"low": 0, "high": 2},
    "train.optimizer": {"choices": ["sgd", "adam"]},
    "head.units": {"choices": [[], [8], [64, 32]]},
}
CLASSES = ["rose", "no", "3", "daisy, wild"]  # that are given weights
# What the schema's annotations do not say.
GIVEN: dict[str, st.SearchStrategy] = {
    "version": st.integers(upgrades.FIRST, upgrades.CURRENT),
    "splits": st.just(SPLITS),
    "group": st.none()
    | st.sampled_from(["column", "folder", "folder:2"])
    | st.text().map(lambda t: f"({re.escape(t)})"),
    "start": st.lists(st.just({"train.learning_rate": 1e-3, "train.optimizer": "adam", "head.units": [8]}), max_size=2),
    "space": st.sets(st.sampled_from(sorted(SPACE)), min_size=1).map(lambda keys: {k: SPACE[k] for k in sorted(keys)}),
}


@st.composite
def legal_params(draw: Callable[[st.SearchStrategy], Any]) -> Params:
    """Values that satisfy each key by itself; those that contradict each other are mended or left out."""
    content = draw(section(Params))
    backbone, head, train = content["backbone"], content["head"], content["train"]
    train["unfrozen_layers"] = min(train["unfrozen_layers"], backbone["max_unfrozen_layers"])
    if backbone["weights"] == "preset" and not backbone["name"].startswith("hub:"):
        backbone["weights"] = "none"
    if backbone["name"] != "convolutions":
        backbone["layers"] = []
    if isinstance(head["dropout"], list):
        head["dropout"] = (head["dropout"] + [0.0] * len(head["units"]))[: len(head["units"])]
    if content["images"]["channels"] == 1:
        content["images"]["augmentation"]["saturation"] = 0.0
    if content["images"]["augmentation"]["views"]:
        content["images"]["augmentation"]["on_the_fly"] = False
    try:
        return config.check(content, "legal")
    except ConfigError:
        assume(False)
        raise


@cache
def section(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            name: GIVEN[name] if name in GIVEN else value(field.annotation, list(field.metadata))
            for name, field in model.model_fields.items()
        }
    )


def value(annotation: Any, bounds: list[Any]) -> st.SearchStrategy:
    """Values of `annotation` within `bounds` (annotated_types, or pydantic's pattern)."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return value(arguments[0], [*bounds, *(b for field in arguments[1:] for b in field.metadata)])
    if origin in (Union, UnionType):
        return st.one_of(*(value(choice, bounds) for choice in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is list:
        return st.lists(value(arguments[0], []), max_size=4)
    if origin is dict:
        return st.dictionaries(st.sampled_from(CLASSES), value(arguments[1], []), min_size=1)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return section(annotation)
    return PLAIN[annotation](bounds)


def bound(bounds: list[Any], kind: type, name: str) -> Any:
    return next((getattr(b, name) for b in bounds if isinstance(b, kind)), None)


def whole(bounds: list[Any]) -> st.SearchStrategy[int]:
    below = bound(bounds, Lt, "lt")
    return st.integers(bound(bounds, Ge, "ge"), below - 1 if below else bound(bounds, Le, "le"))


def number(bounds: list[Any]) -> st.SearchStrategy[float]:
    above, below = bound(bounds, Gt, "gt"), bound(bounds, Lt, "lt")
    return st.floats(
        bound(bounds, Ge, "ge") if above is None else above,
        bound(bounds, Le, "le") if below is None else below,
        exclude_min=above is not None,
        exclude_max=below is not None,
    )


def text(bounds: list[Any]) -> st.SearchStrategy[str]:
    pattern = next((b.pattern for b in bounds if getattr(b, "pattern", None)), None)
    if pattern:
        return st.from_regex(pattern, fullmatch=True)
    return st.text(
        st.characters(codec="utf-8"),
        min_size=bound(bounds, MinLen, "min_length") or 0,
        max_size=bound(bounds, MaxLen, "max_length") or 30,
    )


PLAIN: dict[Any, Callable[[list[Any]], st.SearchStrategy]] = {
    type(None): lambda _: st.none(),
    bool: lambda _: st.booleans(),
    int: whole,
    float: number,
    str: text,
}
