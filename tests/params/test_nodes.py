"""Whichever library says where keys and values stand, a text is changed to the same bytes."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from pipeline.params import config, editing, keys, nodes
from pipeline.params.schema import Params
from tests import shipped
from tests.conftest import ROOT
from tests.legal import legal_params
from tests.rendered import render

FILES = sorted((ROOT / "experiments").glob("*/params.yaml"))


def both(monkeypatch: pytest.MonkeyPatch, text: str, values: dict[str, Any]) -> list[str]:
    """`text` of the current version with `values`, by libyaml and by ruamel.yaml."""
    ways = list(nodes.ways(text))
    assert len(ways) == 2
    found = []
    for way in ways:
        with monkeypatch.context() as patch:
            patch.setattr(nodes, "ways", lambda _, way=way: iter([way]))
            found.append(editing.with_values(editing.upgraded(text, "p"), values, "p"))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_what_is_on_file_becomes_the_same(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    quick, careful = both(monkeypatch, config.read_text(file), {"data.path": "a: b", "sweep.space": {}})
    assert quick == careful


@settings(max_examples=10)
@given(legal_params(), legal_params())
def test_any_legal_values_become_the_same(before: Params, after: Params) -> None:
    content = after.model_dump(exclude={"sweep", "version"})
    known = [key for key in config.known_keys() if keys.at(content, key) is not ...]
    values = {key: keys.at(content, key) for key in known if not isinstance(keys.at(content, key), dict)}
    text = render(before.model_dump())
    if len(list(nodes.ways(text))) == 2:
        with pytest.MonkeyPatch.context() as patch:
            quick, careful = both(patch, text, values)
        assert quick == careful


@pytest.mark.parametrize("text", ["a: &b 1\nc: *b\n", "a: 1\r\n", "a: |\n  b\n", f"{'[' * 600}{']' * 600}"])
def test_what_they_may_part_otherwise_is_ruamel_s(text: str) -> None:
    assert len(list(nodes.ways(text))) == 1


def test_without_libyaml_there_is_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "_LOADER", None)
    assert len(list(nodes.ways(shipped.PARAMS))) == 1
