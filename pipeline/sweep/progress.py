"""How far a sweep is, kept up with every trial: what it costs does not grow with how many there are."""

from bisect import insort
from collections.abc import Iterable

from pipeline.results.trials import FAILED, PRUNED, Trial


class Progress:
    """The trials that have ended, in order; the best, and the `keep` best, of those that trained; how many failed."""

    def __init__(self, trials: Iterable[Trial], keep: int) -> None:
        self.trials: list[Trial] = []
        self.failed = 0
        self.leader: Trial | None = None
        self._keep = keep
        self._ranked: list[tuple[float, int]] = []
        self._by_fingerprint: dict[str, Trial] = {}
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> Trial | None:
        """Returns the trial that is among the `keep` best no more: this one, or one that it has outdone."""
        self.trials.append(trial)
        self.failed += trial.state == FAILED
        if trial.state != PRUNED and trial.fingerprint:
            self._by_fingerprint.setdefault(trial.fingerprint, trial)
        if trial.score is None or trial.same_as is not None:
            return None
        if self.leader is None or trial.score > (self.leader.score or 0.0):
            self.leader = trial
        insort(self._ranked, (-trial.score, trial.number))
        return self.trials[self._ranked.pop()[1]] if len(self._ranked) > self._keep else None

    @property
    def without_gain(self) -> int:
        """How many trials have ended since one had a higher objective than all before it."""
        return len(self.trials) - 1 - (self.leader.number if self.leader else -1)

    def known(self, fingerprint: str) -> Trial | None:
        """A trial whose outcome any trial with the same fingerprint shares: a pruned one could have gone on."""
        return self._by_fingerprint.get(fingerprint)

    @property
    def best(self) -> list[Trial]:
        return [self.trials[number] for _, number in self._ranked]
