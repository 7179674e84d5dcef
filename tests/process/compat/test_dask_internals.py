"""Dask still does unasked what is switched off, under the names used."""

import dask
import distributed  # noqa: F401 - brings its settings

from pipeline.process.compat import dask_internals


def test_the_settings_are_there_and_still_not_as_we_want_them():
    unasked = {name: dask.config.get(name) for name in dask_internals.plain_workers(3)}
    assert "OMP_NUM_THREADS" in unasked["distributed.nanny.pre-spawn-environ"]
    assert unasked["distributed.worker.profile.enabled"] is True
    assert isinstance(unasked["distributed.scheduler.allowed-failures"], int)
    with dask.config.set(dask_internals.plain_workers(3)):
        assert dask.config.get("distributed.nanny.pre-spawn-environ") == {}
        assert dask.config.get("distributed.scheduler.allowed-failures") == 2
