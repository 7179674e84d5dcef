"""Older files are read as today's would say it, and a key nobody uses changes the name of nothing."""

from typing import Any

import pytest

from pipeline.params import config, upgrades
from pipeline.process.errors import ConfigError
from tests import shipped
from tests.conftest import ROOT

FILED = sorted(path for name in shipped.NAMES for path in (ROOT / "experiments" / name).glob("**/params.yaml"))


@pytest.fixture
def next_version(monkeypatch):
    """A version 4 that brings a key, a section, and a truth value in place of a number."""
    brought = {"train.made_up": 0, "images.crop": {"side": None, "at": [0, 0]}, "head.residual": False}
    monkeypatch.setattr(upgrades, "CURRENT", 4)
    monkeypatch.setitem(upgrades.AS_BEFORE, 3, {})
    monkeypatch.setitem(upgrades.AS_BEFORE, 4, brought)
    monkeypatch.setitem(upgrades.STEPS, 4, lambda content: upgrades.completed(content, brought))


BEFORE: dict[str, Any] = {"version": 3, "train": {"seed": 1}, "images": {"height": 8}, "head": {"units": []}}
AFTER: dict[str, Any] = {
    "version": 4,
    "train": {"seed": 1, "made_up": 0},
    "images": {"height": 8, "crop": {"side": None, "at": [0, 0]}},
    "head": {"units": [], "residual": False},
}


def with_value(content: dict[str, Any], section: str, **values: Any) -> dict[str, Any]:
    return {**content, section: {**content[section], **values}}


def test_absent_keys_mean_what_they_meant(next_version):
    assert upgrades.upgraded(BEFORE) == AFTER
    assert upgrades.upgraded(AFTER) == AFTER
    assert upgrades.without_unchanged(AFTER) == {**BEFORE, "version": 4}


def test_a_file_that_says_nothing_is_of_the_first_version(next_version):
    first = {key: value for key, value in BEFORE.items() if key != "version"}
    assert upgrades.upgraded(first) == AFTER


def test_what_an_older_file_says_of_a_later_key_counts(next_version):
    assert upgrades.upgraded(with_value(BEFORE, "train", made_up=1)) == with_value(AFTER, "train", made_up=1)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("train", {"made_up": 1}),
        ("train", {"made_up": False}),
        ("head", {"residual": 0}),
        ("head", {"residual": True}),
        ("images", {"crop": {"side": 3, "at": [0, 0]}}),
    ],
)
def test_what_says_something_new_is_hashed(next_version, section, values):
    content = with_value(AFTER, section, **values)
    left = upgrades.without_unchanged(content)
    for name, value in values.items():
        hashed = {"side": 3} if name == "crop" else value
        assert left[section][name] == hashed
        assert type(left[section][name]) is type(hashed)


def test_some_keys_of_a_new_section_are_completed(next_version):
    content = with_value(BEFORE, "images", crop={"side": 4})
    assert upgrades.upgraded(content)["images"]["crop"] == {"side": 4, "at": [0, 0]}


@pytest.mark.parametrize("section", [None, 3, [1], "text"])
def test_what_is_no_section_is_left_to_the_check(next_version, section):
    assert upgrades.upgraded({**BEFORE, "train": section})["train"] == section
    assert "train" not in upgrades.upgraded({key: value for key, value in BEFORE.items() if key != "train"})


def test_the_original_is_not_changed(next_version):
    shared = {"height": 8}
    content = {"images": shared, "train": shared}
    upgrades.upgraded(content)
    assert shared == {"height": 8}


def test_every_version_has_its_step():
    later = list(range(upgrades.FIRST + 1, upgrades.CURRENT + 1))
    assert list(upgrades.STEPS) == later == list(upgrades.AS_BEFORE)


@pytest.mark.parametrize("path", FILED, ids=lambda path: path.parent.as_posix().split("experiments/")[1])
def test_what_is_on_file_is_hashed_as_it_is_written(path):
    """A record's names were made from what its file says: what came later is no part of them."""
    written = config.read_yaml(path)
    written.pop("version", None)
    assert config.load(path).hashed() == upgrades.without_unchanged(written)


@pytest.mark.parametrize("found", ["2", 0, -1, 2.0, True, None, [2], 10**50])
def test_versions_there_are_none_of(found):
    with pytest.raises(ConfigError) as caught:
        config.check({"version": found}, "params.yaml")
    text = str(caught.value)
    assert text.startswith("params.yaml: version: found ")
    assert "\n" not in text
    assert len(text) < 250


def test_a_newer_file_is_refused_with_one_sentence():
    content = shipped.content() | {"version": upgrades.CURRENT + 1, "brand_new": {"key": 1}}
    with pytest.raises(ConfigError) as caught:
        config.check(content, "params.yaml")
    assert str(caught.value).split(": ")[:3] == [
        "params.yaml",
        "version",
        f"found {upgrades.CURRENT + 1}; this Herbarium knows 1 to {upgrades.CURRENT}",
    ]
