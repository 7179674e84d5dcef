"""What counts as torn: any beginning of DVC's files that DVC would refuse, and nothing it would read."""

from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.process import half_written
from pipeline.process.compat.dvc_internals import RWLOCK
from tests import shipped


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half_written, "_PATIENCE_SECONDS", 0)


@pytest.fixture
def lock(project: Path) -> str:
    return shipped.LOCK.read_text()[:4000].rpartition("\n    - path")[0] + "\n"


def test_whole_files_stay(project: Path, lock: str) -> None:
    assert half_written.put_aside() == []
    RWLOCK.parent.mkdir(parents=True)
    RWLOCK.write_text('{"write": {}}')
    paths.LOCK.write_text(lock)
    assert half_written.put_aside() == []
    assert paths.LOCK.read_text() == lock


@pytest.mark.parametrize("text", ["", "{", '{"write": {"/data', "[]", "nul"])
def test_a_torn_list_of_processes_is_moved(project: Path, text: str) -> None:
    RWLOCK.parent.mkdir(parents=True)
    RWLOCK.write_text(text)
    (said,) = half_written.put_aside()
    assert said.startswith(".dvc/tmp/rwlock was cut off when dvc was killed: moved to .herbarium/torn/rwlock")
    assert not RWLOCK.exists()
    assert (half_written.ASIDE / "rwlock").read_text() == text
    assert half_written.put_aside() == []


def test_whatever_remains_of_a_lock_dvc_can_read_it_or_it_is_moved(project: Path, lock: str) -> None:
    from dvc.dvcfile import Lockfile
    from dvc.exceptions import DvcException
    from dvc.utils.serialize import parse_yaml

    moved = 0
    for length in range(0, len(lock), 97):
        paths.LOCK.write_text(lock[:length])
        said = half_written.put_aside()
        try:
            Lockfile.validate(parse_yaml(lock[:length], "dvc.lock"))
        except (DvcException, TypeError):
            assert said, f"the first {length} characters are refused by DVC"
            moved += 1
        else:
            assert not said
        paths.LOCK.unlink(missing_ok=True)
    assert 0 < moved < len(lock) // 97
