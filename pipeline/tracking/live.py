"""The run while it trains: a spectator that never disturbs. What it could not send, `publish` adds from the files."""

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mlflow.entities import Run

from pipeline.params.schema import Params
from pipeline.results.history import Epoch
from pipeline.tracking import address, runs, tags
from pipeline.tracking.store import Store, connect, conversation


def warn_on_stderr(message: str) -> None:
    print(message, file=sys.stderr)


class Live:
    """Use as `with Live() as live:` around a training. No method raises; the first failure is told once, then silence.

    How the run ended is in its status and its tag `state`: FINISHED/trained; FAILED/failed (an error);
    KILLED/interrupted (Ctrl-C, or asked to exit); KILLED/killed, set by the next training that finds the process gone.
    """

    def __init__(self, warn: Callable[[str], None] = warn_on_stderr) -> None:
        self._warn = warn
        self._store: Store | None = None
        self._run: Run | None = None
        self._present: dict[tuple[str, int], float] = {}

    def started(self, fingerprint: str, params: Params) -> None:
        """Open the run with that fingerprint. `params` is the whole of params.yaml.

        A published run already shows everything, and stays as it is.
        """
        self._attempt(lambda: self._start(fingerprint, params))

    def epoch(self, epoch: Epoch) -> None:
        """Send one row of the history, unless the run has it from an earlier attempt."""
        self._tell(lambda store, run: runs.log(store, run, points=runs.missing(runs.curve([epoch]), self._present)))

    def finished(self) -> None:
        self._end("FINISHED", {tags.STATE: "trained"})

    def failed(self, reason: str) -> None:
        self._end("FAILED", {tags.STATE: "failed", tags.REASON: reason})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.finished()
        else:
            self._end(*tags.of_failure(kind, error))

    def _start(self, fingerprint: str, params: Params) -> None:
        with conversation(address.tracking_uri(params.tracking)):
            store = connect(params.tracking)
            runs.close_abandoned(store)
            run = runs.find(store, fingerprint)
            if run is None or tags.PUBLISHED not in run.data.tags:
                self._run = self._opened(store, run, fingerprint, params)
                self._store = store

    def _opened(self, store: Store, run: Run | None, fingerprint: str, params: Params) -> Run:
        if run:
            store.client.update_run(run.info.run_id, "RUNNING")
        run = run or runs.create(store, fingerprint, params)
        self._present = runs.points(store, run, runs.CURVES)
        labels = {tags.STATE: "training", tags.REASON: "", **tags.of_process(), **tags.of_machine(), **tags.of_code()}
        runs.log(store, run, params=runs.parameters(params), labels=labels)
        return run

    def _end(self, status: str, labels: dict[str, str]) -> None:
        def end(store: Store, run: Run) -> None:
            runs.log(store, run, labels=labels)
            store.client.set_terminated(run.info.run_id, status)

        self._tell(end)
        self._store = self._run = None

    def _tell(self, what: Callable[[Store, Run], None]) -> None:
        store, run = self._store, self._run
        if store and run:
            self._attempt(lambda: _within(store, run, what))

    def _attempt(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as error:  # noqa: BLE001 - a training is worth more than its picture
            self._store = self._run = None
            self._warn(address.redacted(str(error)))


def _within(store: Store, run: Run, what: Callable[[Store, Run], None]) -> None:
    with conversation(store.uri, retries=1):
        what(store, run)
