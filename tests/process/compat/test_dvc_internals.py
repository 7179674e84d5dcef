"""DVC still writes its two files in place, and refuses what a kill leaves of them; see also test_half_written.py."""

import inspect
from pathlib import Path

import pytest
from dvc import dvcfile, rwlock
from dvc.fs import localfs
from dvc.utils.serialize import _common

from pipeline.process.compat import dvc_internals


def test_the_list_of_processes_is_still_written_in_place_and_refused_when_cut_off(tmp_path):
    assert dvc_internals.RWLOCK.name == rwlock.RWLOCK_FILE
    assert 'open(path, "w"' in inspect.getsource(rwlock)
    (tmp_path / rwlock.RWLOCK_FILE).write_text('{"write": {"/da')
    with pytest.raises(rwlock.RWLockFileCorruptedError), rwlock._edit_rwlock(str(tmp_path), localfs, None):
        pass


def test_the_lock_is_still_written_in_place():
    assert 'open_fn(path, "w+"' in inspect.getsource(_common)
    assert "modify_yaml(self.path" in inspect.getsource(dvcfile.Lockfile)


@pytest.mark.parametrize(("text", "read"), [("schema: '2.0'\nstages: {}\n", True), ("stages:\n  a:\n    cm", False)])
def test_what_dvc_would_read(text, read):
    assert dvc_internals.reads_lock(text) is read


def test_the_path_is_where_dvc_has_it():
    assert dvc_internals.RWLOCK.parent == Path(".dvc/tmp")
