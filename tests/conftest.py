"""What most tests need: the project's real parameters made small, and a project folder of their own."""

import gc
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import matplotlib
import pytest

from pipeline.files import paths
from pipeline.identity import variables
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process import importing
from tests import drawing, shipped
from tests.faults import outcomes
from tests.root import ROOT

pytest_plugins = ["tests.mlflow_tables", "tests.limited_time", "tests.workers"]
matplotlib.use("Agg")
variables.settle()  # before any test imports TensorFlow
drawing.register()

# The digits scans are 8 × 8; sixteen pixels are the least that two poolings leave anything of.
SMALL = {
    "data": {"limit": 40},
    "images": {"height": 16, "width": 16},
    "head": {"units": [8]},
    "train": {"epochs": 2, "batch_size": 16},
}


def shrunk(content: dict) -> dict:
    """A copy of params.yaml's content with SMALL laid over it."""
    return content | {section: content[section] | values for section, values in SMALL.items()}


@pytest.fixture
def params() -> Params:
    """The shipped params.yaml, shrunk; change it with `params.model_copy(update=…)`."""
    return config.check(shrunk(shipped.content()), str(paths.PARAMS))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the shipped params.yaml and dvc.yaml, which is the working directory during the test."""
    (tmp_path / paths.PARAMS).write_text(shipped.PARAMS, encoding="utf-8")
    shutil.copy(ROOT / paths.PIPELINE, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: where they themselves run in the background it is ignored, by heritage.

    Where it is asked for, keep them from what is the owner's of this checkout.
    """
    if os.environ.get(shipped.ASKED):
        sys.addaudithook(shipped.refuse_owners_files)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where outcomes are asked for, leave the tests that note one: in each of pytest's processes."""
    if os.environ.get(outcomes.LOG):
        others = [item for item in items if "outcome" not in getattr(item, "fixturenames", [])]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What tests import is no garbage: it need not be searched as it grows, nor whenever a network is built."""
    with importing.uncollected():
        return (yield)


def pytest_collection_finish() -> None:
    """Whichever test computes first, TensorFlow has the threads all ask for: it takes no others afterwards."""
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.threading.set_intra_op_parallelism_threads(shipped.content()["compute"]["threads"])
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, object, object]:
    """What a test leaves (graphs, modules) stays: each network that is built would have it searched anew."""
    result = yield
    gc.collect()
    gc.freeze()
    return result


@pytest.fixture
def hangups() -> Iterator[None]:
    """SIGHUP is heard, here and in what is started, although the tests may run behind `nohup`, which ignores it."""
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def outcome() -> Callable[..., None]:
    """`outcomes.note`: a test that provokes a fault calls it last; `make reliability` runs those tests."""
    return outcomes.note


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@pytest.fixture
def dead_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
