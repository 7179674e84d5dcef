"""Where trials run: an executor is a function like `map`, from configurations to their results, in the same order."""

import gc
import logging
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.process import verbosity
from pipeline.process.compat import dask_internals
from pipeline.process.errors import ConfigError, HerbariumError, MachineError
from pipeline.process.notices import in_short
from pipeline.process.redaction import redacted
from pipeline.results.trials import FAILED

Executor = Callable[[Sequence[Mapping[str, Any]]], Iterator[dict[str, Any]]]
DEATHS = 3  # a trial that has cost this many workers their lives fails: it is probably too large for the memory
_CONNECT_SECONDS = 20


class WorkersError(HerbariumError):
    """The workers, or what sends them trials, cannot do their part; the trials are not to blame."""


@contextmanager
def executor(workers: int = 1, scheduler: str | None = None) -> Iterator[Executor]:
    """This process for one worker, a local Dask cluster of processes for more, or the Dask scheduler at an address."""
    if scheduler:
        with _remote(scheduler) as run:
            yield run
    elif workers > 1:
        with _local(workers) as run:
            yield run
    else:
        yield _in_process


def _in_process(configurations: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    return (_work(None, configuration) for configuration in configurations)


def _work(folder: str | None, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """On the worker."""
    if folder:
        os.chdir(folder)
    try:
        return _run_trial()(configuration)
    except MachineError as error:
        raise MachineError(f"{platform.node()}: {error}" if folder else str(error)) from error


@cache
def _run_trial() -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What runs a trial; imports TensorFlow, where trials run only: a coordinator with other workers goes without."""
    from pipeline.identity import libraries

    libraries.start()
    from pipeline.sweep.worker import run_trial

    # Every trial collects the garbage of the one before; what the libraries have brought, which is most, will stay.
    gc.freeze()
    return run_trial


@contextmanager
def _local(workers: int) -> Iterator[Executor]:
    import dask
    from distributed import Client

    settings = dask_internals.plain_workers(DEATHS)
    with dask.config.set(settings), _cluster(workers) as cluster, Client(cluster, set_as_default=False) as client:
        yield _on(client)


def _cluster(workers: int) -> Any:
    """Processes of this machine. One that dies while they start takes the others with it, so they are started again."""
    from distributed import LocalCluster

    # Dask's memory limit counts mapped files as used memory, so the operating system is left to judge.
    options = {"processes": True, "threads_per_worker": 1, "memory_limit": None, "dashboard_address": "127.0.0.1:0"}
    silenced = logging.INFO if verbosity.verbose() else logging.CRITICAL
    for _ in range(DEATHS):
        try:
            # security: whoever may talk to a scheduler runs code as its user, and other users reach 127.0.0.1 too.
            return LocalCluster(n_workers=workers, security=True, silence_logs=silenced, **options)
        except Exception as error:  # noqa: BLE001 - tried again, and told when that does not help either
            reason = f"{in_short(error)} ({error.__cause__})"
    raise WorkersError(f"--workers {workers}: the processes did not start, tried {DEATHS} times: {reason}")


@contextmanager
def _remote(scheduler: str) -> Iterator[Executor]:
    from distributed import Client

    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # an address may be wrong in as many ways as Dask knows protocols
        raise ConfigError(
            f"--scheduler: no Dask scheduler answers at {redacted(scheduler)} ({in_short(error)}); allowed: an address"
            " like tcp://host:8786"
        ) from error
    with client:
        yield _on(client)


def _on(client: Any) -> Executor:
    # The working directory holds the activations; on other hosts it must be a shared folder with the same path.
    folder = str(Path.cwd())

    def run(configurations: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        futures = [client.submit(_work, folder, c, pure=False) for c in configurations]
        try:
            for future in futures:
                yield _result(future, folder)
        finally:
            client.cancel(futures)

    return run


def _result(future: Any, folder: str) -> dict[str, Any]:
    """What the trial came to; a worker's death is one more try elsewhere, a worker that cannot work ends the sweep."""
    from distributed import KilledWorker
    from distributed.utils import CancelledError

    try:
        result: dict[str, Any] = future.result()
    except KilledWorker as error:
        return {"state": FAILED, "reason": f"killed {error.allowed_failures + 1} workers (out of memory?)"}
    except CancelledError as error:
        raise WorkersError(
            "the Dask scheduler went away. The trials that ended are recorded: start it and its workers, then run"
            " `herbarium sweep` again, which goes on after them"
        ) from error
    except HerbariumError:
        raise
    except Exception as error:  # whatever loading the code and the folder on a wrong worker raises
        raise WorkersError(
            f"a worker cannot run trials: {in_short(error)}. Every worker needs this project's"
            f" environment and its folder under the same path, {folder}; nothing was recorded of it"
        ) from error
    return result
