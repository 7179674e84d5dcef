"""The run while it trains: a spectator that never disturbs. What it could not send, `publish` adds from the files."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from mlflow.entities import Run

from pipeline.params.schema import Params
from pipeline.process import notices
from pipeline.results.history import Epoch
from pipeline.tracking import address, runs, tags
from pipeline.tracking.spectator import Shown, Spectator
from pipeline.tracking.store import Store, connect, conversation
from pipeline.tracking.system_load import SystemLoad

_TRAINED = {tags.STATE: "trained"}


class Live:
    """Use as `with Live() as live:` around a training. No method raises; the first failure is told once, then silence.

    How the run ended is in its status and its tag `state`: FINISHED/trained; FAILED/failed (an error);
    KILLED/interrupted (Ctrl-C, or asked to exit); KILLED/killed, set by the next training that finds the process gone.
    """

    def __init__(self, warn: Callable[[str], None] = notices.warn) -> None:
        self._spectator = Spectator(warn, retries=1)
        self._present: dict[tuple[str, int], float] = {}
        self._load = SystemLoad()

    def started(self, fingerprint: str, params: Params) -> None:
        """Open the run with that fingerprint. `params` is the whole of params.yaml.

        A published run already shows everything, and stays as it is.
        """
        self._spectator.begin(lambda: self._open(fingerprint, params))

    def epoch(self, epoch: Epoch) -> None:
        """Send one row of the history, unless the run has it from an earlier attempt."""
        points, load = runs.curve([epoch]), self._load.sample()
        self._spectator.tell(
            lambda store, run: runs.log(store, run, points=[*runs.missing(points, self._present), *load])
        )

    def finished(self) -> None:
        self._spectator.end("FINISHED", _TRAINED)

    def failed(self, reason: str) -> None:
        self._spectator.end("FAILED", {tags.STATE: "failed", tags.REASON: reason})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._spectator.leave(kind, error, _TRAINED)

    def _open(self, fingerprint: str, params: Params) -> Shown | None:
        with conversation(address.tracking_uri(params.tracking)):
            store = connect(params.tracking)
            runs.close_abandoned(store)
            run = runs.find(store, fingerprint)
            if run is not None and tags.PUBLISHED in run.data.tags:
                return None
            return store, self._opened(store, run, fingerprint, params)

    def _opened(self, store: Store, run: Run | None, fingerprint: str, params: Params) -> Run:
        if run:
            store.client.update_run(run.info.run_id, "RUNNING")
        run = run or runs.create(store, fingerprint, params)
        self._present = runs.points(store, run, runs.CURVES)
        runs.log(store, run, params=runs.parameters(params), labels=tags.of_beginning())
        return run
