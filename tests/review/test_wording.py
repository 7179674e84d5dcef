"""Code of an older commit is told parameters in its own words, or it is said that it cannot be told them."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.params import config, rendering, upgrades
from pipeline.params.keys import replaced
from pipeline.process.errors import ConfigError
from pipeline.review import wording
from tests import shipped
from tests.conftest import ROOT

NEW = shipped.content()
OLD = config.read_yaml(ROOT / "experiments/mnist-cnn/params.yaml")


@pytest.fixture
def with_a_key(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Today's parameters have a key that older ones lack."""
    monkeypatch.setattr(upgrades, "CURRENT", upgrades.CURRENT + 1)
    monkeypatch.setitem(upgrades.AS_BEFORE, upgrades.CURRENT, {"train.made_up": 0})
    return replaced(NEW, "train.made_up", 0)


def written(folder: Path, content: dict[str, Any], version: int | None) -> Path:
    (folder / paths.PARAMS).write_text(rendering.flow(content))
    if version:
        (folder / "pipeline/params").mkdir(parents=True)
        (folder / "pipeline/params/upgrades.py").write_text(f"FIRST = 1\nCURRENT = {version}\n")
    return folder


def test_the_version_of_code_is_read_off_it(tmp_path):
    assert wording.known_version(ROOT) == upgrades.CURRENT
    assert wording.known_version(tmp_path) == upgrades.FIRST
    assert wording.known_version(written(tmp_path, {}, 7)) == 7


def test_code_of_today_is_told_all(tmp_path):
    assert wording.of_code(written(tmp_path, OLD, upgrades.CURRENT), NEW) == NEW


@pytest.mark.parametrize("version", [None, 2])
def test_older_code_is_told_what_it_knows(tmp_path, with_a_key, version):
    """Its own search and places stay, in whatever words they were."""
    old = replaced(OLD, "sweep", {"of": "former times"}) | ({"version": version} if version else {})
    found = wording.of_code(written(tmp_path, old, version), replaced(with_a_key, "train.seed", 9))
    inputs = ("data", "images", "backbone", "head", "compute")
    known = upgrades.without_unchanged(NEW)
    assert {name: found[name] for name in inputs} == {name: known[name] for name in inputs}
    assert found["train"] == {**known["train"], "seed": 9}
    assert (found["sweep"], found["tracking"]) == (old["sweep"], OLD["tracking"])
    assert found.get("version") == version
    assert list(found) == list(old)


WEIGHTS = {"St. John's wort": 2.0, "rose": 1.0}


@pytest.mark.parametrize("former", ["none", {"St. John's wort": 3.0, "rose": 1.0}, {"daisy": 2.0}])
@pytest.mark.parametrize("wanted", ["balanced", WEIGHTS])
def test_older_code_is_told_weights_of_classes_whole(tmp_path, with_a_key, former, wanted):
    folder = written(tmp_path, replaced(NEW, "train.class_weights", former), 2)
    found = wording.of_code(folder, replaced(with_a_key, "train.class_weights", wanted))
    assert found["train"]["class_weights"] == wanted


def test_what_older_code_cannot_be_told_is_named(tmp_path, with_a_key):
    folder = written(tmp_path, replaced(OLD, "head.former", 1), None)
    with pytest.raises(ConfigError) as caught:
        wording.of_code(folder, replaced(with_a_key, "train.made_up", 2))
    assert "version 1 of params.yaml, before train.made_up, head.former: run these" in str(caught.value)
