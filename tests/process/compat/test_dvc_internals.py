"""DVC still writes its two files in place, and refuses what a kill leaves of them; see also test_half_written.py."""

import inspect
import os
import subprocess
from pathlib import Path

import pytest
from dvc import dvcfile, lock, rwlock, stage
from dvc.fs import localfs
from dvc.stage import run
from dvc.utils.serialize import _common

from pipeline.process import dvc
from pipeline.process.compat import dvc_internals
from pipeline.process.errors import BusyError
from tests import dvc_project
from tests.conftest import ROOT


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


def test_outputs_that_are_kept_are_still_refused_to_who_would_write_them(project):
    tmp = project / ".dvc/tmp"
    with dvc_internals.kept([Path("data")], "herbarium sweep"):
        writing = rwlock.rwlock(str(tmp), localfs, "dvc repro", [], [str(project / "data/features")], False)
        with pytest.raises(lock.LockError, match="herbarium sweep"):
            writing.__enter__()
        assert dvc_internals.running() is None
    with rwlock.rwlock(str(tmp), localfs, "dvc repro", [], [str(project / "data/features")], False):
        assert dvc_internals.running() == f"dvc (process {os.getpid()})"
        with pytest.raises(BusyError, match=r"herbarium sweep: dvc \(process \d+\) is at work"):
            dvc_internals.kept([Path("data")], "herbarium sweep").__enter__()


def test_a_dvc_still_holds_its_lock_or_stands_among_the_writers(project):
    """Its stage's lock is taken before the repository's is given up, and given up after that is taken again."""
    assert '@rwlocked(read=["deps"], write=["outs"])\n    def _run_stage' in inspect.getsource(stage)
    assert "unlocked_repo(cmd_run)" in inspect.getsource(run)
    (project / ".dvc/tmp").mkdir(parents=True)
    with lock.make_lock(str(project / ".dvc/tmp/lock"), tmp_dir=str(project / ".dvc/tmp")):
        assert dvc_internals.running() == "dvc"


def test_advice_is_still_given_and_left_out(project_with_a_stage):
    """Both as programs: what DVC prints goes past pytest."""
    plain, ours = (
        subprocess.run(command, cwd=project_with_a_stage, capture_output=True, text=True, env=dvc.environment()).stdout
        for command in (dvc.command("repro", "--force"), dvc.without_advice("repro", "--force"))
    )
    assert dvc_internals.PUSH_ADVICE in plain
    assert all(advice.strip() in plain for advice in dvc_internals.GIT_ADVICE)
    assert "Running stage 'greet'" in ours
    assert "hello" in ours
    assert not [line for line in ours.splitlines() if "git" in line or "dvc push" in line or "autostage" in line]


def test_a_failing_stage_still_fails(project_with_a_stage):
    (project_with_a_stage / "dvc.yaml").write_text("stages:\n  greet:\n    cmd: 'false'\n")
    command = dvc.without_advice("repro")
    done = subprocess.run(command, cwd=project_with_a_stage, capture_output=True, text=True, env=dvc.environment())
    assert done.returncode != 0
    assert "failed to reproduce 'greet'" in done.stderr


@pytest.fixture
def project_with_a_stage(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    dvc_project.begin(tmp_path, git=True)
    (tmp_path / "dvc.yaml").write_text("stages:\n  greet:\n    cmd: echo hello\n")
    return tmp_path


@pytest.mark.parametrize(("text", "without"), [("", False), ("[core]\n    no_scm = true\n", True)])
def test_whether_it_does_without_git(project, text, without):
    (project / ".dvc").mkdir()
    (project / ".dvc/config").write_text(text)
    assert dvc_internals.goes_without_git() is without
