"""A project small enough to run the whole pipeline often, and what it leaves when nothing disturbs it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_pipeline import call, clone

from . import bad_input

SMALLER = {"  limit: null ": "  limit: 60 ", "  height: 28 ": "  height: 16 ", "  width: 28 ": "  width: 16 "}
SECONDS = "seconds"  # beside the undisturbed project: how long its run took here and now
# `make reliability` kills more often: chance should meet every moment.
KILLS = int(os.environ.get("HERBARIUM_KILLS", "6"))


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 180 digits and two epochs, after `dvc repro`: do not change it, copy it."""
    folder = clone(tmp_path_factory.mktemp("undisturbed"))
    params = folder / "params.yaml"
    text = params.read_text()
    for before, after in SMALLER.items():
        assert before in text
        text = text.replace(before, after)
    params.write_text(text)
    began = time.monotonic()
    call(folder, "dvc", "repro")
    (folder.parent / SECONDS).write_text(str(time.monotonic() - began))
    return folder


@pytest.fixture
def project_copy(undisturbed: Path, tmp_path: Path) -> Path:
    """A copy of the undisturbed project, to be disturbed."""
    return Path(shutil.copytree(undisturbed, tmp_path / "project", symlinks=True))


def assert_as_undisturbed(folder: Path, undisturbed: Path) -> None:
    """`dvc repro` goes through, and every output has the bytes of an undisturbed run: dvc.lock names them."""
    call(folder, "dvc", "repro")
    assert (folder / "dvc.lock").read_text() == (undisturbed / "dvc.lock").read_text()
    assert "up to date" in call(folder, "dvc", "status")


@pytest.fixture
def herbarium(project: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., bad_input.Told]:
    """The command line in this process, in a folder with earlier results."""
    bad_input.write_earlier()
    return lambda *arguments: bad_input.call([str(a) for a in arguments], capsys)
