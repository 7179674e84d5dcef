"""Dask: what its workers and clusters do unasked."""

from typing import Any


def plain_workers(deaths: int) -> dict[str, Any]:
    """Settings for `dask.config.set`: a worker's process is as this one, and a task may cost `deaths` of them.

    Dask would set OMP_NUM_THREADS and the like (dask/distributed#5098): a trial must find what the train stage finds.
    What it samples of running code for an hour takes 1 MB a second of TensorFlow's deep stacks
    (dask/distributed#4091). Seen in distributed 2026.8.0.
    """
    return {
        "distributed.nanny.pre-spawn-environ": {},
        "distributed.scheduler.allowed-failures": deaths - 1,
        "distributed.worker.profile.enabled": False,
    }


def leave_half_started_clusters() -> None:
    """Do not close them when Python ends: where an interrupt came while the workers started, Dask fails an assertion.

    Their processes end with this one. Seen in distributed 2026.8.0, which lists them in `SpecCluster._instances`; no
    report upstream is known.
    """
    from distributed import SpecCluster

    for cluster in list(SpecCluster._instances):
        cluster.shutdown_on_close = False
