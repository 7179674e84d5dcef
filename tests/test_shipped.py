"""What is the owner's of a checkout is opened by no test; what tests begin with is whole."""

import os
import sqlite3
from contextlib import chdir, closing
from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.params import config
from tests import shipped
from tests.root import ROOT


@pytest.mark.parametrize(
    "name", ["params.yaml", "dvc.lock", "reports/metrics.json", "data/raw/a", ".herbarium/ledger.jsonl"]
)
def test_a_test_that_opens_what_is_the_owners_fails(name: str) -> None:
    with pytest.raises(shipped.OwnersFileError, match=name), (ROOT / name).open():
        pass
    with chdir(ROOT), pytest.raises(shipped.OwnersFileError), Path(name).open():
        pass


def test_so_does_one_that_opens_its_database() -> None:
    with pytest.raises(shipped.OwnersFileError), closing(sqlite3.connect(ROOT / "mlflow.db")):
        pass


def test_what_is_shipped_and_folders_of_ones_own_are_read(tmp_path: Path) -> None:
    for name in ("params.yaml", "reports/metrics.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        assert (tmp_path / name).read_text() == ""
    assert (ROOT / "data/originals/README.md").read_text(encoding="utf-8")
    with chdir(ROOT):
        folder = os.open(tmp_path, os.O_RDONLY)
        os.close(os.open("params.yaml", os.O_RDONLY, dir_fd=folder))
        os.close(folder)


def test_a_project_is_written_as_it_is_shipped(tmp_path: Path) -> None:
    folder = shipped.write_project(tmp_path / "project", "Makefile")
    assert config.load(folder / paths.PARAMS) == config.check(shipped.content(), "")
    found = {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()}
    assert found == {".dvc", ".dvcignore", ".gitignore", "Makefile", "data", "dvc.yaml", "params.yaml", "pipeline"}
