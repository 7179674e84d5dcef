"""Dask still does unasked what is switched off, under the names used."""

import subprocess
import sys

import dask
import distributed  # noqa: F401 - brings its settings
import pytest

from pipeline.process.compat import dask_internals


def test_the_settings_are_there_and_still_not_as_we_want_them():
    unasked = {name: dask.config.get(name) for name in dask_internals.plain_workers(3)}
    assert "OMP_NUM_THREADS" in unasked["distributed.nanny.pre-spawn-environ"]
    assert unasked["distributed.worker.profile.enabled"] is True
    assert isinstance(unasked["distributed.scheduler.allowed-failures"], int)
    with dask.config.set(dask_internals.plain_workers(3)):
        assert dask.config.get("distributed.nanny.pre-spawn-environ") == {}
        assert dask.config.get("distributed.scheduler.allowed-failures") == 2


INTERRUPTED = """
import os, signal, sys, threading
from distributed import LocalCluster
from pipeline.process.compat import dask_internals

if __name__ == "__main__":
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        LocalCluster(n_workers=2, dashboard_address="127.0.0.1:0", silence_logs=50)
    except KeyboardInterrupt:
        if sys.argv[1] == "mended":
            dask_internals.leave_half_started_clusters()
        print("interrupted")
"""


@pytest.mark.parametrize("how", ["as it is", "mended"])
def test_a_cluster_that_is_interrupted_while_it_starts_still_ends_in_an_assertion(tmp_path, how):
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED, encoding="utf-8")
    done = subprocess.run([sys.executable, script, how], capture_output=True, text=True, timeout=60)
    assert done.stdout == "interrupted\n"
    assert ("AssertionError" in done.stderr) == (how == "as it is")
