"""Where trials run: in this process, in processes of this machine, or on the workers of a Dask scheduler."""

import logging
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.process import importing, verbosity
from pipeline.process.compat import dask_internals
from pipeline.process.errors import ConfigError, HerbariumError, MachineError
from pipeline.process.notices import in_short
from pipeline.process.redaction import redacted
from pipeline.sweep.outcomes import MEMORY, Configuration, Outcome, trouble

DEATHS = 3  # of workers, that a trial may cost before it is run alone: it may be too large for the memory
_CONNECT_SECONDS = 20


class WorkersError(HerbariumError):
    """The workers, or what sends them trials, cannot do their part; the trials are not to blame."""


@dataclass(frozen=True)
class Pending:
    """A trial under way. `outcome` waits for what it comes to, and may be asked again; `ended` only until it has."""

    outcome: Callable[[], Outcome]
    ended: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Workers:
    """`submit` begins a trial, `alone` does in a process of its own; `count` is how many can run at once."""

    submit: Callable[[Configuration], Pending]
    alone: Callable[[Configuration], Pending]
    count: int = 1


@contextmanager
def started(count: int = 1, scheduler: str | None = None) -> Iterator[Workers]:
    """This process for one worker, a local Dask cluster of processes for more, or the Dask scheduler at an address."""
    if scheduler or count > 1:
        with connected(count, scheduler) as client:
            yield _on(client)
    else:
        yield Workers(lambda c: _when_asked(_work, c), lambda c: _when_asked(_work_alone, c))


@contextmanager
def connected(count: int, scheduler: str | None) -> Iterator[Any]:
    """A Dask client of the scheduler at an address, or of `count` processes of this machine."""
    with _remote(scheduler) if scheduler else _local(count) as client:
        yield client


def _when_asked(work: Callable[[str | None, Configuration], Outcome], configuration: Configuration) -> Pending:
    return Pending(cache(lambda: work(None, configuration)))


def _work(root: str | None, configuration: Configuration) -> Outcome:
    """On the worker, for the project at `root`; None: in this process, which stands in it."""
    try:
        return _run_trial()(configuration, _project(root))
    except MachineError as error:
        raise MachineError(f"{platform.node()}: {error}" if root else str(error)) from error


def _work_alone(root: str | None, configuration: Configuration) -> Outcome:
    """As `_work`, in a process of its own."""
    from pipeline.sweep import alone

    return alone.run(configuration, _project(root))


def _project(root: str | None) -> Path:
    """Raises FileNotFoundError if this worker does not have the project: no trial is to blame for that."""
    folder = Path(root or "")
    folder.stat()
    return folder


@cache
def _run_trial() -> Callable[[Configuration, Path], Outcome]:
    """What runs a trial; imports TensorFlow, where trials run only: a coordinator with other workers goes without."""
    # Every trial collects the garbage of the one before; what the libraries have brought, which is most, will stay.
    with importing.uncollected():
        from pipeline.identity import libraries

        libraries.start()
        from pipeline.sweep.worker import run_trial
    return run_trial


@contextmanager
def _local(count: int) -> Iterator[Any]:
    import dask
    from distributed import Client

    settings = dask_internals.plain_workers(DEATHS)
    with dask.config.set(settings), _cluster(count) as cluster, Client(cluster, set_as_default=False) as client:
        yield client


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
        except KeyboardInterrupt:
            dask_internals.leave_half_started_clusters()
            raise
    raise WorkersError(f"--workers {workers}: the processes did not start, tried {DEATHS} times: {reason}")


@contextmanager
def _remote(scheduler: str) -> Iterator[Any]:
    from distributed import Client
    from distributed.comm import get_address_host_port

    try:
        get_address_host_port(scheduler)  # a client of an address that is none would wait for 40 seconds when it goes
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except Exception as error:  # an address may be wrong in as many ways as Dask knows protocols
        raise ConfigError(
            f"--scheduler: no Dask scheduler answers at {redacted(scheduler)} ({in_short(error)}); allowed: an address"
            " like tcp://host:8786"
        ) from error
    with client:
        if not client.nthreads():
            verbosity.note(f"no worker has joined {redacted(scheduler)} yet; the work begins when one does")
        yield client


def _on(client: Any) -> Workers:
    # The project holds the activations; on other hosts it must be a shared folder with the same path.
    root = str(Path.cwd())

    def begin(work: Callable[[str | None, Configuration], Outcome], configuration: Configuration) -> Pending:
        future = client.submit(work, root, configuration, pure=False)
        return Pending(lambda: _outcome(future, root), lambda: _ended(future))

    count = sum(int(threads) for threads in client.nthreads().values())
    return Workers(lambda c: begin(_work, c), lambda c: begin(_work_alone, c), count)


def _ended(future: Any) -> None:
    future.exception()  # waits, raising nothing; Dask's own `wait` asks a default client, and there is none


def result(future: Any) -> Any:
    """Of work other than trials. Raises WorkersError if no worker can do it, or the scheduler has gone away."""
    try:
        return future.result()
    except HerbariumError:
        raise
    except Exception as error:  # of the network, of a wrong worker, or of what the work does there
        raise WorkersError(
            f"the workers cannot go on: {in_short(error)}. Every worker needs this project's environment and its folder"
            " under the same path; what was computed stays, run it again to go on after it"
        ) from error


def _outcome(future: Any, root: str) -> Outcome:
    """A worker's death is one more try elsewhere, several may be the trial's; who cannot work ends the sweep."""
    from distributed import KilledWorker
    from distributed.utils import CancelledError

    try:
        outcome: Outcome = future.result()
    except KilledWorker as error:
        return trouble(MEMORY, f"{error.allowed_failures + 1} workers died of it, or beside it")
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
            f" environment and its folder under the same path, {root}; nothing was recorded of it"
        ) from error
    return outcome
