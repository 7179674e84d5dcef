"""The stage extract-features with the keys it declares, and killed for real."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.files import features_index, paths
from pipeline.identity import stock
from pipeline.model import extraction
from pipeline.params.schema import Params
from pipeline.stages import extract_features
from tests import trees
from tests.small_data import write_images

ROOT = Path(__file__).parents[2]


def write_params(**changes: object) -> None:
    """The project's params.yaml with other values at dotted keys (as `section__key`), paths absolute."""
    from ruamel.yaml import YAML

    yaml = YAML()
    content = yaml.load(paths.PARAMS)
    content["backbone"]["path"] = str(ROOT / content["backbone"]["path"])
    content["images"] |= {"height": 16, "width": 16}
    for key, value in changes.items():
        section, name = key.split("__")
        content[section][name] = value
    yaml.dump(content, paths.PARAMS)


@pytest.fixture
def stored(project: Path) -> Path:
    write_images()
    write_params()
    return project


def test_the_stage_runs_on_the_keys_it_declares(stored, capsys):
    extract_features.run(stock.take("extract-features").params)
    index = features_index.read()
    assert [cut["layer"] for cut in index["cuts"]] == ["images", "pool4"]
    assert sorted(path.name for path in (paths.FEATURES / "train").iterdir()) == ["pooled.npy", "split.json"]
    assert not extraction.UNFINISHED.exists()
    printed = capsys.readouterr().out
    assert "cut at images: 16 × 16 × 1 numbers an image, the images themselves, nothing to store" in printed
    assert "cut at pool4: 64 numbers an image, stored as pooled.npy, float32" in printed


def test_keys_it_does_not_declare_cannot_be_read(stored):
    params = stock.take("extract-features").params
    assert isinstance(params, Params)
    for section in ("train", "data", "tracking", "sweep"):
        with pytest.raises(AttributeError):
            getattr(params, section)
    with pytest.raises(AttributeError):
        _ = params.head.units


CODE = (
    "from pipeline.identity import stock; from pipeline.stages import extract_features as s;"
    " s.run(stock.take({!r}).params)"
)


def start() -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", CODE.format("extract-features")], env=environment)


def unfinished_bytes() -> int:
    return sum(path.stat().st_size for path in extraction.UNFINISHED.rglob("*.npy"))


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_bytes(stored):
    write_images({"train": 6000, "validation": 100, "test": 100})
    write_params(backbone__max_unfrozen_layers=1)
    assert start().wait() == 0
    expected = trees.digest(paths.FEATURES)
    for path in sorted(paths.FEATURES.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()

    process = start()
    while unfinished_bytes() < 2_000_000:
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert unfinished_bytes() > 0
    assert list(paths.FEATURES.rglob("*.npy")) == []
    assert start().wait() == 0
    assert trees.digest(paths.FEATURES) == expected
    assert not extraction.UNFINISHED.exists()
