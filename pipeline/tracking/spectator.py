"""A run that is shown while work goes on: showing never raises, never stops the work, and complains once."""

import math
import time
from collections.abc import Callable, Mapping

from mlflow.entities import Run

from pipeline.process import notices
from pipeline.tracking import runs, tags
from pipeline.tracking.store import CONTACT_SECONDS, Store, conversation

Telling = Callable[[Store, Run], None]
Shown = tuple[Store, Run]


class Spectator:
    """One run in MLflow, opened by `begin`, told of by `tell`, ended by `end`. After a failure the run is opened again
    after `retry_seconds`, by default never. `warn` gets the first failure, with `advice` behind it.

    Each request is sent `retries` times more; one that creates runs must not be: answered too late, it would make two.
    """

    def __init__(
        self, warn: Callable[[str], None], retries: int = 0, retry_seconds: float = math.inf, advice: str = ""
    ) -> None:
        self._warn, self._retries, self._retry_seconds, self._advice = warn, retries, retry_seconds, advice
        self._opener: Callable[[], Shown | None] | None = None
        self._shown: Shown | None = None
        self._retry_at = -math.inf
        self._warned = False

    def begin(self, opener: Callable[[], Shown | None]) -> None:
        """Open the run: what `opener` returns, None if there is nothing left to show of it."""
        self._opener = opener
        self._open()

    def tell(self, what: Telling, seconds: int = CONTACT_SECONDS) -> None:
        if self._shown is None and time.monotonic() >= self._retry_at:
            self._open()
        shown = self._shown
        if shown:
            self._attempt(lambda: self._within(*shown, what, seconds))

    def retry_now(self) -> None:
        """Let the next `tell` open the run again, however short ago it failed."""
        self._retry_at = -math.inf

    def end(self, status: str, labels: Mapping[str, str], worked_seconds: float | None = None) -> None:
        """Give the run its last tags and MLflow's `status`; nothing is shown after it.

        With `worked_seconds` since it was opened MLflow shows as its duration those and the ones before: what begins
        and goes on days later did not work for days. None = until now.
        """

        def close(store: Store, run: Run) -> None:
            if worked_seconds is None:
                runs.log(store, run, labels=labels)
                store.client.set_terminated(run.info.run_id, status)
                return
            worked = worked_seconds + float(run.data.tags.get(tags.WORKED, 0))
            runs.log(store, run, labels={**labels, tags.WORKED: f"{worked:.1f}"})
            store.client.set_terminated(run.info.run_id, status, run.info.start_time + int(1000 * worked))

        self.tell(close)
        self._opener = self._shown = None

    def leave(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        labels: Mapping[str, str],
        worked_seconds: float | None = None,
    ) -> None:
        """End the run as a `with` block was left: with `labels`, or with what made it fail."""
        status, last = ("FINISHED", labels) if kind is None else tags.of_failure(kind, error)
        self.end(status, last, worked_seconds)

    def _open(self) -> None:
        opener = self._opener
        if opener is None:
            return

        def open_run() -> None:
            self._shown = opener()
            if self._shown is None:
                self._opener = None

        self._attempt(open_run)

    def _within(self, store: Store, run: Run, what: Telling, seconds: int) -> None:
        with conversation(store.uri, seconds, self._retries):
            what(store, run)

    def _attempt(self, what: Callable[[], None]) -> None:
        try:
            what()
        except Exception as error:  # noqa: BLE001 - the work is worth more than its picture
            self._shown = None
            self._retry_at = time.monotonic() + self._retry_seconds
            if not self._warned:
                self._warned = True
                self._warn(notices.excused(error) + self._advice)
