"""`python -m tests.benchmarks.long_runs`: what 300 trials and 1,000 runs do to memory, descriptors, disk and patience.

The sweep is real and tiny: a coordinator and two worker processes. After every trial the memory and the open files of
each are noted; the first trials, which load libraries and trace graphs, are left out of the slope.
"""

import argparse
import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from pipeline.params.schema import Params
from tests.benchmarks.setting import ROOT, parameters, project
from tests.faults import report

TRIALS, RUNS, WORKERS = 300, 1000, 2
WARM_UP_TRIALS = 60
MOST_MB_PER_100_TRIALS = 20.0
MOST_NEW_DESCRIPTORS = 10
MOST_SEARCH_SECONDS = 2.0
_TRAINED_MB = 300  # a Dask worker that has imported TensorFlow is larger than its nanny


@dataclass
class Samples:
    """Of each process, by pid: (trial, resident memory in MB, open descriptors), a row after every trial."""

    rows: dict[int, list[tuple[int, float, int]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, trial: int) -> None:
        here = psutil.Process()
        for process in [here, *here.children(recursive=True)]:
            try:
                megabytes, files = process.memory_info().rss / 2**20, process.num_fds()
            except psutil.Error:
                continue
            if process.pid == os.getpid() or megabytes > _TRAINED_MB:
                self.rows[process.pid].append((trial, megabytes, files))

    def slope(self, pid: int) -> float:
        """MB per 100 trials by least squares."""
        trials, megabytes, _ = np.array([row for row in self.rows[pid] if row[0] >= WARM_UP_TRIALS]).T
        return float(100 * np.polyfit(trials, megabytes, 1)[0])

    def new_descriptors(self, pid: int) -> int:
        files = [row[2] for row in self.rows[pid] if row[0] >= WARM_UP_TRIALS]
        return files[-1] - files[0]

    def lasting(self, trials: int) -> list[int]:
        """Processes that were there for most of the sweep; the coordinator first."""
        enough = (trials - WARM_UP_TRIALS) / 2
        pids = [pid for pid, rows in self.rows.items() if sum(row[0] >= WARM_UP_TRIALS for row in rows) > enough]
        return sorted(pids, key=lambda pid: pid != os.getpid())


def tiny(trials: int) -> Params:
    """The project's experiment with one epoch, and a random sweep over what costs nothing."""
    changes = {
        "images": {"height": 16, "width": 16},
        "train": {"epochs": 1, "warmup_epochs": 0, "batch_size": 32},
        "head": {"units": [8]},
        "backbone": {"path": str(ROOT / parameters().backbone.path)},
        "sweep": {"trials": trials, "sampler": "random", "pruner": "none", "audit_top": 0},
    }
    return parameters(changes)


def sweep(params: Params) -> tuple[Samples, float]:
    """Run it in the working directory, which has activations; returns the samples and the seconds."""
    from pipeline.sweep import coordinator, executors, plans
    from pipeline.sweep.coordinator import Listener
    from pipeline.tracking.sweeps import SweepRun

    samples = Samples()
    plan = plans.of(params)
    began = time.perf_counter()
    with SweepRun() as shown, executors.started(WORKERS) as workers:
        shown.started(plan.study.study_name, params)

        def ended(trial: object) -> None:
            shown.ended(trial, plan.params_of(trial))
            samples.take(trial.number)

        done = coordinator.run(plan, workers, Listener(ended=ended))
    failed = [trial.reason for trial in done if trial.state == "failed"]
    assert not failed, failed[:3]
    return samples, time.perf_counter() - began


def searches(params: Params, runs: int) -> dict[str, float]:
    """Seconds of what the UI asks of a store with `runs` runs: the newest, the best, and the filtered."""
    from pipeline.tracking import address
    from pipeline.tracking.store import connect, conversation

    with conversation(address.tracking_uri(params.tracking)):
        store = connect(params.tracking)
        for number in range(runs):
            _log(store, number)
        asked = {
            "newest": {"order_by": ["attributes.start_time DESC"]},
            "best": {"order_by": ["metrics.validation_accuracy DESC"]},
            "filtered": {"filter_string": "metrics.validation_accuracy > 0.5 and params.`train.optimizer` = 'adam'"},
        }
        return {name: _seconds(store, max_results=100, **question) for name, question in asked.items()}


def _log(store, number: int) -> None:
    from mlflow.entities import Metric, Param, RunTag

    run = store.client.create_run(store.experiment_id, run_name=f"run {number}")
    parameters = [Param(f"train.key_{i}", str(i)) for i in range(25)]
    parameters.append(Param("train.optimizer", ("adam", "sgd")[number % 2]))
    points = [Metric("validation_accuracy", number / RUNS, 0, 0)]
    points += [Metric(name, 0.5, 0, epoch) for name in ("train_loss", "validation_loss") for epoch in range(10)]
    labels = [RunTag("fingerprint", f"{number:064}")]
    store.client.log_batch(run.info.run_id, metrics=points, params=parameters, tags=labels)
    store.client.set_terminated(run.info.run_id)


def _seconds(store, **question: object) -> float:
    began = time.perf_counter()
    found = store.client.search_runs([store.experiment_id], **question)
    assert len(found) == question["max_results"]
    return time.perf_counter() - began


def rows(samples: Samples, trials: int, seconds: float, sizes: dict[str, float], asked: dict[str, float]) -> list:
    coordinator, *workers = samples.lasting(trials)
    made = [
        ("memory and files of the coordinator", [coordinator]),
        (f"memory and files of {len(workers)} workers", workers),
    ]
    found = [
        {
            "fault": f"{trials} trials in one sweep",
            "where": where,
            "result": "do not grow",
            "figures": {
                "MB_per_100_trials": max(samples.slope(pid) for pid in pids),
                "new_descriptors": float(max(samples.new_descriptors(pid) for pid in pids)),
            },
        }
        for where, pids in made
    ]
    found.append(
        {
            "fault": f"{trials} trials in one sweep",
            "where": "size of the databases",
            "result": "some kilobytes a trial",
            "figures": {**{f"{name}_MB": size for name, size in sizes.items()}, "seconds_a_trial": seconds / trials},
        }
    )
    found.append(
        {
            "fault": f"{RUNS} runs in MLflow",
            "where": "search as the UI does",
            "result": f"answered within {MOST_SEARCH_SECONDS:g} s",
            "figures": {f"{name}_s": value for name, value in asked.items()},
        }
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--runs", type=int, default=RUNS)
    given = parser.parse_args()
    from pipeline.identity import determinism, libraries

    libraries.start()
    params = tiny(given.trials)
    determinism.prepare(params.compute)
    from pipeline.stages import extract_features

    with project(params, {"train": 64, "validation": 32, "test": 32}):
        extract_features.run(params)
        samples, seconds = sweep(params)
        sizes = {p.stem: p.stat().st_size / 2**20 for p in sorted(Path().glob("*.db"))}
    with project(params, {"train": 64, "validation": 32, "test": 32}):
        asked = searches(params, given.runs)
    found = rows(samples, given.trials, seconds, sizes, asked)
    print(*found, sep="\n")
    worst = [samples.slope(pid) for pid in samples.lasting(given.trials)]
    files = [samples.new_descriptors(pid) for pid in samples.lasting(given.trials)]
    assert max(worst) < MOST_MB_PER_100_TRIALS, worst
    assert max(files) <= MOST_NEW_DESCRIPTORS, files
    assert max(asked.values()) < MOST_SEARCH_SECONDS, asked
    report.update("long runs", found)


if __name__ == "__main__":
    main()
