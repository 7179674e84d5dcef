"""What is the owner's of a checkout is opened by no test; what tests begin with is whole."""

import os
from contextlib import chdir
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
    for opened in (ROOT / name, name):
        with chdir(ROOT), pytest.raises(shipped.OwnersFileError, match=name):
            shipped.refuse_owners_files("open", (opened, "r", 0))


def test_so_does_one_that_opens_its_database() -> None:
    with pytest.raises(shipped.OwnersFileError):
        shipped.refuse_owners_files("sqlite3.connect", (ROOT / "mlflow.db",))


def test_what_is_shipped_and_folders_of_ones_own_are_read(tmp_path: Path) -> None:
    for path in (tmp_path / "params.yaml", tmp_path / "reports/metrics.json", ROOT / "data/originals/README.md"):
        shipped.refuse_owners_files("open", (path, "r", 0))
    with chdir(ROOT):
        shipped.refuse_owners_files("open", ("params.yaml", None, os.O_RDONLY))  # of a folder that is open


def test_a_project_is_written_as_it_is_shipped(tmp_path: Path) -> None:
    folder = shipped.write_project(tmp_path / "project", "Makefile")
    assert config.load(folder / paths.PARAMS) == config.check(shipped.content(), "")
    found = {path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file()}
    assert found == {".dvc", ".dvcignore", ".gitignore", "Makefile", "data", "dvc.yaml", "params.yaml", "pipeline"}
