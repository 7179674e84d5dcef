"""Keys change in a file that a person wrote, and nothing else of it does."""

import difflib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.params import config, editing, keys, nodes, upgrades
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from tests import shipped
from tests.conftest import ROOT
from tests.legal import legal_params
from tests.rendered import render

WHERE = "params.yaml"
DEFAULT = shipped.PARAMS
FIRST = (ROOT / "experiments/mnist-cnn/params.yaml").read_text(encoding="utf-8")


def lines_changed(before: str, after: str) -> list[str]:
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def says(text: str, key: str) -> Any:
    return keys.at(config.parse_yaml(text, WHERE), key)


# A version that brings keys at the end, in the middle and of a section's own, renames one, drops one, changes one


@pytest.fixture
def next_version(monkeypatch):
    brought = {"train.seed": 7, "head.units": [1], "images.augmentation": {"views": 0, "flip": False}}

    def step(content: dict[str, Any]) -> dict[str, Any]:
        return upgrades.completed(content, brought)

    monkeypatch.setattr(upgrades, "CURRENT", 4)
    monkeypatch.setitem(upgrades.AS_BEFORE, 3, {})
    monkeypatch.setitem(upgrades.AS_BEFORE, 4, brought)
    monkeypatch.setitem(upgrades.STEPS, 4, step)
    monkeypatch.setattr(config, "check", lambda content, where: None)  # these are parts of a file


def test_an_old_file_gains_its_version_with_what_that_brings_and_nothing_else():
    new = editing.upgraded(FIRST, WHERE)
    assert config.parse_yaml(new, WHERE) == upgrades.upgraded(config.parse_yaml(FIRST, WHERE))
    changed = lines_changed(FIRST, new)
    assert all(line.startswith("+ ") for line in changed)
    assert f"{f'+ version: {upgrades.CURRENT}':<40}  # of the list of keys below" in changed
    assert editing.upgraded(new, WHERE) == new


BLOCK = """\
# My experiment.

# the images
images:
  height: 28   # pixels

# what comes out
head:
    pooling: max

    # never more
    dropout: 0.5
train:
  batch_size:
    32
  warmup_learning_rate: 0.1

  # ends here
# and so does the file"""
UPGRADED_BLOCK = """\
# My experiment.

version: 4                              # of the list of keys below

# the images
images:
  height: 28   # pixels
  augmentation:  # random changes of training images; validation and test images never change
    views: 0                            # augmented copies of each training image, computed once: 0 to 64; 0 = none
    flip: false                         # true = mirror half of the copies left to right; false

# what comes out
head:
    pooling: max
    units: [1]                          # sizes of the dense relu layers, e.g. [512]; [] = none

    # never more
    dropout: 0.5
train:
  batch_size:
    32
  warmup_learning_rate: 0.1
  seed: 7                               # seed of weights, order and dropout: 0 to 2147483647

  # ends here
# and so does the file"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_new_keys_come_where_the_schema_has_them(next_version, end):
    before, after = (text.replace("\n", end) for text in (BLOCK, UPGRADED_BLOCK))
    assert editing.upgraded(before, WHERE) == after


def test_sections_within_a_line_stay_within_it(next_version):
    text = "version: 3\nimages: {height: 8}  # small\nhead: {}\ntrain: { batch_size: 2,\n  epochs: 1 }\n"
    assert editing.upgraded(text, WHERE) == (
        "version: 4\nimages: {height: 8, augmentation: {views: 0, flip: false}}  # small\nhead: {units: [1]}\n"
        "train: { batch_size: 2,\n  epochs: 1, seed: 7 }\n"
    )


def test_a_key_goes_and_another_comes_in_its_place(monkeypatch):
    """A renamed key: the comments around it stay."""

    def step(content: dict[str, Any]) -> dict[str, Any]:
        gone = keys.replaced(content, "train.momentum", ...)
        return upgrades.completed(gone, {"train.l2": content["train"]["momentum"]})

    monkeypatch.setattr(upgrades, "CURRENT", 4)
    monkeypatch.setitem(upgrades.STEPS, 4, step)
    monkeypatch.setattr(config, "check", lambda content, where: None)
    text = "version: 3\ntrain:\n  # of the optimizer\n  momentum: 0.5  # why\n  # of the data\n  batch_size: 1"
    comment = "# L2 penalty on the head's dense kernels: 0 to 1"
    assert editing.upgraded(text, WHERE) == (
        f"version: 4\ntrain:\n{'  l2: 0.5':<38}  {comment}\n  # of the optimizer\n  # of the data\n  batch_size: 1"
    )
    flow = "version: 3\ntrain: {optimizer: sgd, momentum: 0.5, epochs: 1}"
    assert editing.upgraded(flow, WHERE) == "version: 4\ntrain: {optimizer: sgd, l2: 0.5, epochs: 1}"
    assert editing.upgraded("version: 3\ntrain: {momentum: 0.5, l2: 1.0}", WHERE) == "version: 4\ntrain: {l2: 1.0}"
    assert editing.upgraded("version: 3\ntrain: {momentum: 0.5}", WHERE) == "version: 4\ntrain: {l2: 0.5}"


@pytest.mark.parametrize(
    "text",
    [
        "version: 3\nhead: &all\n  pooling: max\ntrain: *all\n",
        "version: 3\nhead: &all {pooling: max}\ntrain:\n  <<: *all\n  epochs: 1\n",
    ],
)
def test_what_counts_twice_is_left_to_its_author(next_version, text):
    with pytest.raises(ConfigError, match=r"params\.yaml: written in a way that only you can change; it should have"):
        editing.upgraded(text, WHERE)


def test_wrong_values_are_told_before_anything_is_changed():
    with pytest.raises(ConfigError, match=r"params\.yaml: train\.epochs: found 0"):
        editing.upgraded(editing.with_values(FIRST, {"train.epochs": 0}, WHERE), WHERE)


# Values


def test_only_the_values_change():
    values = {"train.learning_rate": 1.2345678901234567e-5, "head.units": [64, 32], "train.optimizer": "sgd"}
    new = editing.with_values(DEFAULT, values, WHERE)
    content = config.parse_yaml(new, WHERE)
    assert {key: keys.at(content, key) for key in values} == values
    old_lines, new_lines = DEFAULT.splitlines(), new.splitlines()
    changed = [(a, b) for a, b in zip(old_lines, new_lines, strict=True) if a != b]
    assert [b.split(":")[0].strip() for _, b in changed] == ["units", "optimizer", "learning_rate"]
    assert [a.partition("#")[2] for a, _ in changed] == [b.partition("#")[2] for _, b in changed]
    back = {key: says(DEFAULT, key) for key in values}
    assert editing.with_values(new, back, WHERE) == DEFAULT


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("train:\n  seed: 1 # luck", 20, "train:\n  seed: 20  # luck"),
        ("train:\n  seed: 1     # luck", 20, "train:\n  seed: 20    # luck"),
        ("train:\n  seed: 0x1", 2, "train:\n  seed: 2"),
        ("train:\n  seed: 0x1", 1, "train:\n  seed: 0x1"),
        ("train:\n  'seed': '1'\n", "yes: 1", "train:\n  'seed': \"yes: 1\"\n"),
        ("train: {seed: 1,}", 2, "train: {seed: 2,}"),
        ("{train: {seed: 1}}", [2, None], "{train: {seed: [2, null]}}"),
    ],
)
def test_a_value_takes_the_other_s_place(before, value, after):
    assert editing.with_values(before, {"train.seed": value}, WHERE) == after


def test_values_are_set_wherever_they_stand_and_the_text_is_read_once_for_them(monkeypatch):
    """Longer and shorter ones, two in a line, before and after a key that comes and one that stands over lines."""
    text = "data: {name: a, limit: 1000}  # c\nhead:\n  units:\n    - 1\n  pooling: max  # p\ntrain:\n  seed: 1  # s\n"
    values = {"data.name": "longer", "data.limit": 2, "head.units": [3], "head.pooling": "average", "train.seed": 10**6}
    composed, ways = [], nodes.ways

    def counted(text: str) -> Iterator[nodes.Compose]:
        yield from (lambda part, way=way: composed.append(1) or way(part) for way in ways(text))

    monkeypatch.setattr(nodes, "ways", counted)
    new = editing.with_values(text, values, WHERE)
    assert {key: keys.at(config.parse_yaml(new, WHERE), key) for key in values} == values
    assert {" c", " p", " s"} <= {line.partition("#")[2] for line in new.splitlines()}
    assert len(composed) == 3  # once for all, and twice for the value over lines: it goes and comes


def test_an_anchor_and_its_alias_are_not_set_to_two_values():
    with pytest.raises(ConfigError, match="written in a way that only you can change"):
        editing.with_values("train:\n  seed: &one 1\n  epochs: *one\n", {"train.seed": 2, "train.epochs": 3}, WHERE)


@pytest.mark.parametrize("old", ["", " |\n    text", "\n  - 1\n  - 2", "\n    - 1\n    -\n      a: 1", "\n    1"])
def test_values_over_lines_are_replaced_whole(old):
    text = f"train:\n  epochs: 3  # long\n  seed:{old}\n  # the end\nsweep: 1\n"
    new = editing.with_values(text, {"train.seed": 5}, WHERE)
    assert config.parse_yaml(new, WHERE) == {"train": {"epochs": 3, "seed": 5}, "sweep": 1}
    others = [line for line in new.splitlines() if "5" not in line and line != "  seed:"]
    assert others == ["train:", "  epochs: 3  # long", "  # the end", "sweep: 1"]


@settings(max_examples=15)
@given(legal_params(), legal_params(), st.randoms(use_true_random=False))
def test_any_legal_values_can_be_set_in_any_legal_file(before: Params, after: Params, random) -> None:
    content = after.model_dump(exclude={"sweep"})
    sections = {key.rpartition(".")[0] for key in config.known_keys()}
    known = [key for key in config.known_keys() if key not in sections and keys.at(content, key) is not ...]
    values = {key: keys.at(content, key) for key in known if random.random() < 0.2}
    text = render(before.model_dump())
    new = editing.with_values(text, values, WHERE)
    content = config.parse_yaml(new, WHERE)
    assert {key: keys.at(content, key) for key in values} == values
    assert [line.partition("  #")[2] for line in new.splitlines()] == [
        line.partition("  #")[2] for line in text.splitlines()
    ]
