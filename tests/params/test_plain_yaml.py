"""libyaml gives what ruamel.yaml gives, or leaves the text to it: of what the project has, and of anything."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.params import config, plain_yaml
from pipeline.process.errors import ConfigError
from tests import shipped
from tests.conftest import ROOT

FILES = [
    ROOT / "dvc.yaml",
    *(file for name in shipped.NAMES for file in sorted((ROOT / "experiments" / name).glob("**/params.yaml"))),
    *(file for name in shipped.NAMES for file in sorted((ROOT / "experiments" / name).glob("record/dvc.lock"))),
]
# What YAML is made of, what its versions read otherwise, and what programs write.
PIECES = [
    "\n",
    "\n",
    "\n  ",
    "\n- ",
    "\n  - ",
    "- ",
    " ",
    ": ",
    ":",
    "a",
    "key",
    "x: 1",
    "'",
    '"',
    "[",
    "]",
    "{",
    "}",
    ", ",
]
PIECES += [
    "#",
    " # é",
    "%",
    "=",
    "-",
    "---",
    "...",
    "<<",
    "!",
    "&a",
    "*a",
    "|",
    ">",
    "?",
    "@",
    "\t",
    "\\",
    "é",
    "\x85",
    "\u2028",
]
PIECES += [
    "0",
    "-1",
    "01",
    "0o7",
    "0x1",
    "1_0",
    "1:30",
    "1.5",
    "1e3",
    "1e-05",
    "5.",
    ".5",
    "+.inf",
    ".nan",
    "2020-01-01",
]
PIECES += ["true", "no", "on", "null", "~", "d41d8cd98f00b204e9800998ecf8427e.dir", "123e45", "'01'", '"é"', "[]", "{}"]


def by_ruamel(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_projects_files_are_read_so_and_alike(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert repr(plain_yaml.read(text)) == repr((by_ruamel(text),))


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("a: 1e-05\nb: 010\n")
@example("on: yes\n")
def test_whatever_it_reads_ruamel_reads_alike(text: str) -> None:
    found = plain_yaml.read(text)
    if found is not None:
        assert repr(found) == repr((by_ruamel(text),)), "and it does not refuse it"


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("a: 1\nb: [x, 'y', 0.5, 1e-05]\n", {"a": 1, "b": ["x", "y", 0.5, 1e-05]}),
        ("a: # what it is\n  - on\n  - null\n  - True\n", {"a": ["on", None, True]}),
        ('"0": "train[:80%]"  # four fifths\n', {"0": "train[:80%]"}),
        ("[]", []),
    ],
)
def test_what_is_common_is_not_left(text: str, content: Any) -> None:
    assert plain_yaml.read(text) == (content,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\na: 2\n",
        "1: x\n",
        "a: &b 1\nc: *b\n",
        "a: 0x1\n",
        "a: 2020-01-01\n",
        "a: |\n  text\n",
        "a:\t1\n",
        "a: 1\n---\n",
        "a: [1\n",
    ],
)
def test_what_is_uncommon_is_left(text: str) -> None:
    assert plain_yaml.read(text) is None


@pytest.mark.parametrize("text", ["[" * 10**6, "- " * 10**6, "[{a: " * 10**5])
def test_nothing_is_nested_too_deeply_for_it(text: str) -> None:
    assert plain_yaml.read(text) is None


def test_without_libyaml_the_values_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = config.read_yaml(shipped.LOCK)
    monkeypatch.setattr(plain_yaml, "_LOADER", None)
    assert plain_yaml.read("a: 1\n") is None
    assert config.read_yaml(shipped.LOCK) == expected


def test_a_key_twice_is_still_named() -> None:
    with pytest.raises(ConfigError, match='duplicate key "a"'):
        config.parse_yaml("a: 1\nb: 2\na: 3\n", "params.yaml")
