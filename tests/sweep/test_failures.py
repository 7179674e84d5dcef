"""What is a trial's own doing is recorded; whatever else happens to it leaves the study as if nothing had happened."""

import errno
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from pipeline.model.fit import TrainingDivergedError
from pipeline.params.schema import Params
from pipeline.process import limits
from pipeline.process.errors import CombinationError, ConfigError, DataError, MachineError
from pipeline.results.trials import Trial
from pipeline.sweep import alone, attempts, coordinator, executors, memory, space, worker
from pipeline.sweep.attempts import UnfinishedTrialError
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.outcomes import LASTING, MEMORY, PASSING, Configuration, Outcome, trouble
from pipeline.sweep.plans import Plan

from .conftest import BY_FORMULA, epoch_row, finished, formula, sweeping, table, working

Planned = Callable[..., Plan]
CONFIGURATION = {"params": {}, "fingerprint": "f", "thresholds": {}, "model": None}
GPU = "OOM when allocating tensor on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc"
ERRORS = [
    pytest.param(TrainingDivergedError("nan"), None, id="it diverged"),
    pytest.param(CombinationError("two classes only"), None, id="parameters that do not go together"),
    pytest.param(MemoryError(), MEMORY, id="out of memory"),
    pytest.param(tf.errors.ResourceExhaustedError(None, None, "OOM on CPU"), MEMORY, id="out of TensorFlow's memory"),
    pytest.param(tf.errors.ResourceExhaustedError(None, None, GPU), PASSING, id="out of a card's memory"),
    pytest.param(tf.errors.InternalError(None, None, "CUDA_ERROR_UNKNOWN"), PASSING, id="a card's error"),
    pytest.param(DataError("data/features/train: not found"), PASSING, id="features are away"),
    pytest.param(DataError("sha256"), PASSING, id="a digest does not match"),
    pytest.param(OSError(errno.ENOSPC, "No space left on device"), PASSING, id="a full disk"),
    pytest.param(OSError(errno.ESTALE, "Stale file handle"), PASSING, id="ESTALE"),
    pytest.param(ConnectionResetError(errno.ECONNRESET, "reset"), PASSING, id="a cut connection"),
    pytest.param(ValueError("[Errno 28] No space left on device: 'x'"), PASSING, id="a full disk, said by a library"),
    pytest.param(ConfigError("backbone.path: not found"), LASTING, id="parameters that nobody searches"),
    pytest.param(TypeError("unsupported operand"), LASTING, id="a bug"),
    pytest.param(AssertionError(), LASTING, id="an assertion"),
]


def raising(error: Exception) -> Callable[..., None]:
    def run(*_: object) -> None:
        raise error

    return run


@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_only_what_is_the_trials_own_doing_is_a_result(
    error: Exception, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_train", raising(error))
    found = worker.run_trial(CONFIGURATION)
    assert (found["state"], found.get("kind")) == (("trouble", kind) if kind else ("failed", None))
    assert found["reason"]
    assert "Traceback" in found["traceback"]
    json.dumps(found)  # any process can be sent it
    with pytest.raises(type(error)):
        worker.run_trial({**CONFIGURATION, "debug": True})


def test_a_machine_of_other_bits_is_no_trouble_of_the_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_train", raising(MachineError("other bits")))
    with pytest.raises(MachineError):
        worker.run_trial(CONFIGURATION)


class Unlucky:
    """Workers that meet trouble at random, each trial `most` times at most; trials are the formula."""

    def __init__(self, seed: int, kinds: list[str], most: int = 3) -> None:
        self._chance, self._kinds, self._most = random.Random(seed), kinds, most
        self._met: dict[str, int] = {}
        self.met = 0

    def work(self, configuration: Configuration) -> Outcome:
        name = configuration["fingerprint"]
        if self._met.get(name, 0) < self._most and self._chance.random() < 0.4:
            self._met[name] = self._met.get(name, 0) + 1
            self.met += 1
            kind = self._chance.choice([*self._kinds, "killed"])
            if kind == "killed":
                raise KeyboardInterrupt
            return trouble(kind, "something happened") | {"epochs": [epoch_row(0, 0.1)], "seconds": 1.0}
        return formula(configuration)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PAUSES_SECONDS", (0.0, 0.0, 0.0))


@pytest.mark.parametrize("sampler", ["tpe", "cma-es"])
def test_faults_at_random_moments_leave_the_same_study(
    planned: Planned, params: Params, sampler: str, tmp_path: Path, hasty: None, outcome: Callable[..., None]
) -> None:
    params = sweeping(params, sampler=sampler, pruner="median", trials=12)
    expected, faults = finished(planned(params)), 0
    for seed in range(2):
        storage = f"sqlite:///{tmp_path}/{seed}.db"
        unlucky = Unlucky(seed, [PASSING, MEMORY, LASTING])
        for _ in range(100):
            try:
                coordinator.run(planned(params, storage), working(unlucky.work), Listener())
                break
            except (UnfinishedTrialError, KeyboardInterrupt):
                continue
        assert table(planned(params, storage)) == expected
        faults += unlucky.met
    assert faults > 10
    outcome("trouble of every kind, and kills, at random moments", f"sweep, {sampler}", "the same study", faults=faults)


@pytest.mark.parametrize(
    ("kind", "attempted"), [(LASTING, 1), (PASSING, 1 + len(attempts.PAUSES_SECONDS)), (MEMORY, 1)]
)
def test_what_does_not_pass_ends_the_sweep_and_is_not_recorded(
    planned: Planned, params: Params, kind: str, attempted: int, hasty: None
) -> None:
    tries: list[str] = []

    def work(configuration: Configuration) -> Outcome:
        if configuration["params"]["train"]["optimizer"] == "momentum":
            tries.append(configuration["fingerprint"])
            return trouble(kind, "the disk is away", 'Traceback\n  File "x.py", line 3, in read\n')
        return formula(configuration)

    plan = planned(params)
    said = r"trial \d+: the disk is away\. .*nothing was recorded of it.*sweep\.space.*x\.py"
    with pytest.raises(UnfinishedTrialError, match=said):
        coordinator.run(
            plan, working(work, alone=lambda _: trouble(LASTING, "the disk is away", '  File "x.py"')), Listener()
        )
    assert tries.count(tries[0]) == attempted
    assert all(trial.state == "complete" for trial in plan.trials())
    coordinator.run(plan, BY_FORMULA, Listener())
    assert [trial.number for trial in plan.trials()] == list(range(10))


def test_a_trial_that_ran_out_of_memory_is_repeated_alone(planned: Planned, params: Params) -> None:
    """Its size is its result, others' is not."""
    running: set[str] = set()
    crowds: list[int] = []

    def work(configuration: Configuration) -> Outcome:
        return (
            trouble(MEMORY, "out of memory")
            if configuration["params"]["head"]["dropout"] > 0.3
            else formula(configuration)
        )

    def by_itself(configuration: Configuration) -> Outcome:
        crowds.append(len(running))
        if configuration["params"]["train"]["optimizer"] == "adam":
            return formula(configuration)
        return {"state": "failed", "reason": "out of memory, with no other trial beside it"}

    workers = working(work, by_itself)

    def submit(configuration: Configuration) -> executors.Pending:
        pending, name = workers.submit(configuration), configuration["fingerprint"]
        running.add(name)
        return executors.Pending(lambda: (running.discard(name), pending.outcome())[1], lambda: running.discard(name))

    plan = planned(sweeping(params, failures=10))
    done = coordinator.run(plan, executors.Workers(submit, workers.alone), Listener())
    assert {trial.state for trial in done} == {"complete", "failed"}
    assert crowds
    assert set(crowds) == {0}
    failed = [trial for trial in done if trial.state == "failed"]
    assert all("out of memory" in trial.reason for trial in failed)
    assert all(trial.values["train.optimizer"] == "momentum" for trial in failed)


def test_values_that_are_not_legal_together_are_a_result(
    planned: Planned, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = space.configured

    def picky(params: Params, values: dict, *where: str) -> Params:
        if len(values) == 4 and values["train.optimizer"] == "adam" and values["head.dropout"] > 0.3:
            raise ConfigError("train.optimizer and head.dropout do not go together")
        return configured(params, values, *where)

    plan = planned(sweeping(params, failures=10))
    monkeypatch.setattr(space, "configured", picky)
    shown: list[Trial] = []
    done = coordinator.run(plan, BY_FORMULA, Listener(ended=shown.append))
    wrong = [trial for trial in done if trial.state == "failed"]
    assert wrong
    assert {trial.reason for trial in wrong} == {"train.optimizer and head.dropout do not go together"}
    assert plan.params_of(wrong[0]).head.dropout == wrong[0].values["head.dropout"]
    assert table(plan)


def answering(script: str) -> list[str]:
    return ["-c", f"import sys, os; asked, answer = sys.argv[-2:]; {script}"]


OUT_OF_MEMORY = 'open(answer, \'w\').write(\'{"state": "trouble", "kind": "memory", "reason": "oom"}\')'
TOO_LARGE = ("failed", None, "out of memory, with no other trial beside it")


@pytest.mark.parametrize(
    ("script", "free", "killed", "found"),
    [
        ("open(answer, 'w').write('{\"state\": \"complete\"}')", True, 0, ("complete", None, "")),
        (OUT_OF_MEMORY, True, 0, TOO_LARGE),
        (OUT_OF_MEMORY, False, 0, ("trouble", PASSING, "oom, and only")),
        ("os.kill(os.getpid(), 9)", True, 0, ("trouble", PASSING, "ended by signal 9")),
        ("os.kill(os.getpid(), 9)", True, 1, TOO_LARGE),
        ("sys.exit('no module')", True, 0, ("trouble", PASSING, "ended with code 1: no module")),
    ],
)
def test_how_a_process_of_its_own_ended_is_told_apart(
    script: str, free: bool, killed: int, found: tuple, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux says that it ended a process for want of memory; a signal alone says nothing."""
    run, ended = alone.subprocess.run, iter([0, killed])
    monkeypatch.setattr(alone.subprocess, "run", lambda c, **o: run([c[0], *answering(script), *c[-2:]], **o))
    monkeypatch.setattr(memory, "processes_ended", lambda: next(ended))
    monkeypatch.setattr(memory, "taken_by_others", lambda: None if free else "only 1.0 of 8.0 GB were free")
    killed_before = Path(".herbarium/alone-left")
    killed_before.mkdir(parents=True)
    answer = alone.run(CONFIGURATION)
    state, kind, reason = found
    assert (answer["state"], answer.get("kind")) == (state, kind)
    assert reason in answer.get("reason", "")
    assert not list(Path(".herbarium").glob("alone-*"))


def test_memory_is_counted_as_free_or_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(limits, "memory_bytes", lambda: 8e9)
    monkeypatch.setattr(limits, "free_memory_bytes", lambda: 3e9)
    assert memory.taken_by_others() == "only 3.0 of 8.0 GB of memory were free before it began"
    monkeypatch.setattr(limits, "free_memory_bytes", lambda: 4e9)
    assert memory.taken_by_others() is None
    (tmp_path / "events").write_text("low 0\noom 3\noom_kill 2\noom_group_kill 0\n")
    (tmp_path / "vmstat").write_text("pgfault 7\noom_kill 5\n")
    monkeypatch.setattr(memory, "_OF_CONTAINER", tmp_path / "events")
    monkeypatch.setattr(memory, "_OF_MACHINE", tmp_path / "vmstat")
    assert memory.processes_ended() == 7
    monkeypatch.setattr(memory, "_OF_MACHINE", tmp_path / "absent")
    assert memory.processes_ended() == 2
