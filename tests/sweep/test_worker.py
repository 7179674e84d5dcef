"""Real trainings, on a few images."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths, records
from pipeline.identity import determinism
from pipeline.params.schema import Compute, Params
from pipeline.process.errors import MachineError
from pipeline.results import history, trials
from pipeline.sweep import coordinator, executors, plans, worker
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.decisions import Decisions
from pipeline.sweep.plans import Plan
from pipeline.sweep.progress import Progress

from .conftest import sweeping, table

Trained = Callable[[Params], Plan]

# While tests are collected, so before any of them can start TensorFlow with other threads.
determinism.prepare(Compute(precision="float32", threads=2, storage="float32"))


def configurations(plan: Plan) -> list[dict[str, Any]]:
    decisions, progress = Decisions(plan, []), Progress([], plan.params.sweep.keep_models)
    return [coordinator._configuration(plan, decisions.next([]), progress) for _ in range(plan.lag)]


def timeless(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "seconds"}


def test_a_trial_is_a_pure_function(trained: Trained, params: Params) -> None:
    first, second, _ = configurations(trained(params))
    once = worker.run_trial(first)
    worker.run_trial(second)
    assert timeless(worker.run_trial(first)) == timeless(once)
    assert once["state"] == "complete"


def test_a_trial_is_of_the_project_that_is_named_wherever_the_worker_stands(
    trained: Trained, params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data, weights and the place of the model: a worker may serve sweeps of several projects, in several threads."""
    configuration = {**configurations(trained(params))[0], "model": ".herbarium/sweeps/best.keras", "model_above": -1.0}
    project, elsewhere = Path.cwd(), tmp_path / "elsewhere"
    here = timeless(worker.run_trial(configuration))
    (project / ".herbarium/sweeps/best.keras").unlink()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert timeless(worker.run_trial(configuration, project)) == here
    assert (project / ".herbarium/sweeps/best.keras").is_file()
    assert not list(elsewhere.iterdir())
    assert worker.run_trial(configuration)["state"] != "complete"


def test_a_trial_below_its_threshold_stops(trained: Trained, params: Params) -> None:
    configuration = {**configurations(trained(params))[0], "thresholds": {1: 2.0}}
    result = worker.run_trial(configuration)
    assert result["state"] == "pruned"
    assert [row[0] for row in result["epochs"]] == [0, 1]
    assert worker.run_trial({**configuration, "thresholds": {1: 0.0}})["state"] == "complete"


def test_a_machine_that_computes_other_bits_ends_the_sweep(trained: Trained, params: Params) -> None:
    configuration = configurations(trained(params))[0]
    with (
        executors.started() as workers,
        pytest.raises(MachineError, match=r"fingerprint is .* could not be reproduced here"),
    ):
        workers.submit({**configuration, "fingerprint": "f" * 64}).outcome()


def test_divergence_is_a_result(trained: Trained, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = configurations(trained(params))[0]
    wild = {**configuration["params"]["train"], "optimizer": "sgd", "learning_rate": 10.0, "l2": 1.0, "epochs": 40}
    changed = {**configuration["params"], "train": wild}
    monkeypatch.setattr(worker, "_same_as", lambda _: lambda _: None)
    diverged = worker.run_trial({**configuration, "params": changed})
    assert diverged["state"] == "failed"
    assert diverged["reason"].startswith("TrainingDivergedError: training diverged in epoch")
    assert "Traceback" in diverged["traceback"]


def test_a_model_is_written_only_if_it_is_good_enough(trained: Trained, params: Params) -> None:
    plan = trained(params)
    configuration = configurations(plan)[0]
    worker.run_trial({**configuration, "model_above": 1.0})
    assert not paths.SWEEPS.exists()
    worker.run_trial(configuration)
    assert plan.model(configuration["fingerprint"]).exists()


def test_a_sweep_never_reads_the_test_split_and_promotes_to_the_last_digit(trained: Trained, params: Params) -> None:
    from pipeline.stages import train as stage

    plan = trained(sweeping(params, trials=3))
    for split in (paths.IMAGES / "test", paths.FEATURES / "test"):
        shutil.rmtree(split, ignore_errors=True)
    with executors.started() as workers:
        done = coordinator.run(plan, workers, Listener())
    assert [trial.state for trial in done] == ["complete"] * 3

    chosen = trials.best(done)
    stage.run(plan.params_of(chosen))
    kept = records.read_json(paths.TRAINING)["kept_epoch"]
    assert history.read(paths.HISTORY) == list(chosen.epochs)
    assert history.read(paths.HISTORY)[kept].validation_accuracy == chosen.accuracy
    assert paths.MODEL.read_bytes() == plan.model(chosen.fingerprint).read_bytes()


@pytest.mark.slow
def test_two_killed_workers_and_one_process_give_the_same(trained: Trained, params: Params) -> None:
    import os
    import signal
    import threading
    import time

    import psutil

    long = params.model_copy(update={"train": params.train.model_copy(update={"epochs": 60})})
    alone = trained(sweeping(long, trials=6))
    with executors.started() as workers:
        coordinator.run(alone, workers, Listener())

    killed: list[int] = []

    def busy() -> list[psutil.Process]:
        children = psutil.Process().children(recursive=True)
        return [p for p in children if "spawn_main" in " ".join(p.cmdline()) and p.memory_info().rss > 400e6]

    def kill_twice() -> None:
        while len(killed) < 2:
            time.sleep(2)
            for process in busy()[:1]:
                os.kill(process.pid, signal.SIGKILL)
                killed.append(process.pid)

    together = plans.of(sweeping(long, trials=6), f"sqlite:///{paths.project_root()}/together.db")
    killer = threading.Thread(target=kill_twice, daemon=True)
    with executors.started(2) as workers:
        killer.start()
        coordinator.run(together, workers, Listener())
    killer.join(timeout=60)
    assert len(killed) == 2
    assert table(together) == table(alone)


def test_a_weight_decay_that_would_be_ignored_is_the_trials_result(trained: Trained, params: Params) -> None:
    configuration = configurations(trained(params))[0]
    train = {**configuration["params"]["train"], "optimizer": "sgd", "weight_decay": 0.1}
    outcome = worker.run_trial({**configuration, "params": {**configuration["params"], "train": train}})
    assert outcome["state"] == "failed"
    assert "train.weight_decay: found 0.1 with train.optimizer: sgd, which has none" in outcome["reason"]


def test_a_worker_that_divides_otherwise_refuses(trained: Trained, params: Params) -> None:
    """What images are held out follows from groups, which no fingerprint knows, and which may be old on a machine."""
    configuration = configurations(trained(sweeping(params, folds=3)))[0]
    names = [row["name"] for row in records.read_csv(paths.ids("train"))]
    rows = [(name, "zero", "plant" if n in (0, 3, 4) else "", "train") for n, name in enumerate(names)]
    records.write_csv(paths.SPLIT_TABLE, ["name", "class", "group", "split"], rows)
    with pytest.raises(MachineError, match=r"divides the images otherwise than the sweep: its data/images/splits\.csv"):
        worker.run_trial(configuration)
    with pytest.raises(MachineError, match="divides the images otherwise"):
        worker.run_trial({**configuration, "folds": 0, "draw": [1, 1]})
