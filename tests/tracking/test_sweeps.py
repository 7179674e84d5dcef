import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run

from pipeline.files import paths, records
from pipeline.params.schema import Params
from pipeline.results.trials import Trial
from pipeline.tracking import address, colours, sweeps, tags
from pipeline.tracking.store import Store, connect, conversation
from pipeline.tracking.sweeps import SweepRun
from tests.root import ROOT

from .example import EPOCHS

TRIALS = [
    Trial(0, "complete", {}, "a" * 64, 0.55, tuple(EPOCHS), 2, seconds=3.0),
    Trial(1, "pruned", {}, "b" * 64, None, tuple(EPOCHS[:2])),
    Trial(2, "failed", {}, "c" * 64, reason="out of memory", traceback="Traceback …"),
    Trial(3, "complete", {}, "a" * 64, 0.55, tuple(EPOCHS), 2, same_as=0),
]


def never(message: str) -> None:
    raise AssertionError(message)


@pytest.fixture
def store(at: Callable[[str | None], Params]) -> Store:
    with conversation(address.tracking_uri(at(None).tracking)):
        return connect(at(None).tracking)


def shown(store: Store) -> tuple[Run, dict[int, Run]]:
    """The sweep's run and its trials'."""
    found = store.client.search_runs([store.experiment_id])
    (parent,) = [run for run in found if tags.PARENT not in run.data.tags]
    children = [run for run in found if run.data.tags.get(tags.PARENT) == parent.info.run_id]
    assert len(children) == len(found) - 1
    return parent, {int(run.data.tags["trial"]): run for run in children}


def sweep(params: Params, trials: list[Trial], warn: Callable[[str], None] = never) -> None:
    with SweepRun(warn) as run:
        run.started("digits-0123", params)
        for trial in trials:
            run.ended(trial, params)


def test_a_sweep_is_a_run_with_a_run_for_each_trial(store: Store, params: Params) -> None:
    sweep(params, TRIALS)
    parent, children = shown(store)
    assert (parent.info.status, parent.data.tags[tags.STATE]) == ("FINISHED", "finished")
    assert parent.data.params["sweep.sampler"] == params.sweep.sampler
    assert "choices" in parent.data.params["space.train.optimizer"]
    assert parent.data.metrics["trial/best_so_far"] == 0.55
    endings = [(children[n].info.status, children[n].data.tags[tags.STATE]) for n in range(4)]
    assert endings == [("FINISHED", "complete"), ("FINISHED", "pruned"), ("FAILED", "failed"), ("FINISHED", "complete")]
    assert children[0].data.metrics["validation_accuracy"] == 0.55
    assert children[0].data.params["train.optimizer"] == params.train.optimizer
    assert children[0].info.end_time - children[0].info.start_time == 3000
    assert children[2].data.tags[tags.REASON] == "out of memory"
    assert [file.path for file in store.client.list_artifacts(children[2].info.run_id)] == ["traceback.txt"]
    assert children[3].data.tags["same_as"] == "0"
    history = store.client.get_metric_history(children[1].info.run_id, "epoch/validation_accuracy")
    assert [point.step for point in history] == [0, 1]


def test_the_documentation_says_how_trials_end() -> None:
    rows = re.findall(r"\| ([A-Z]+) \| `(\w+)` \|", (ROOT / "docs/sweep.md").read_text())
    assert {state: status for status, state in rows} == sweeps._STATUS


def test_what_is_missing_is_sent_once(store: Store, params: Params) -> None:
    sweep(params, TRIALS[:2])
    _, before = shown(store)
    store.client.update_run(before[1].info.run_id, "RUNNING")  # as if the sweep had been killed while sending it
    sweep(params, TRIALS)
    parent, after = shown(store)
    assert [after[n].info.run_id for n in (0, 1)] == [before[n].info.run_id for n in (0, 1)]
    assert sorted(after) == [0, 1, 2, 3]
    assert "RUNNING" not in {run.info.status for run in after.values()}
    for run, name, points in ((after[1], "epoch/validation_accuracy", 2), (parent, "trial/best_so_far", 4)):
        assert len(store.client.get_metric_history(run.info.run_id, name)) == points


def test_files_go_to_the_sweep_and_the_best_model_to_its_trial(store: Store, params: Params, project: Path) -> None:
    records.write_text(project / "report/trials.csv", "number\n")
    records.write_text(project / "part.keras", "weights")
    with SweepRun(never) as run:
        run.started("digits-0123", params)
        run.ended(TRIALS[0], params)
        metrics = {None: {"validation_accuracy": 0.55}, 0: {"validation_accuracy_mean": 0.5}}
        models = {0: project / "part.keras"}
        run.finished({"best_trial": "0"}, metrics, project / "report", models, TRIALS[:1])
    parent, children = shown(store)
    assert [file.path for file in store.client.list_artifacts(parent.info.run_id)] == ["trials.csv"]
    assert parent.data.tags["best_trial"] == "0"
    assert parent.data.metrics["validation_accuracy"] == 0.55
    assert children[0].data.metrics["validation_accuracy_mean"] == 0.5
    top = [file.path for file in store.client.list_artifacts(children[0].info.run_id) if not file.is_dir]
    assert top == ["curves.png"]
    files = store.client.list_artifacts(children[0].info.run_id, "trained_part")
    assert [file.path for file in files] == ["trained_part/part.keras"]


def interrupted(params: Params, error: BaseException) -> None:
    with SweepRun(never) as run:
        run.started("digits-0123", params)
        raise error


@pytest.mark.parametrize(
    ("error", "ending"),
    [(KeyboardInterrupt(), ("KILLED", "interrupted")), (ValueError("bad"), ("FAILED", "failed"))],
)
def test_how_a_sweep_ended_is_told(store: Store, params: Params, error: BaseException, ending: tuple[str, str]) -> None:
    with pytest.raises(type(error)):
        interrupted(params, error)
    parent, _ = shown(store)
    assert (parent.info.status, parent.data.tags[tags.STATE]) == ending


def test_a_dead_server_is_mentioned_once(at: Callable[[str | None], Params], dead_port: int) -> None:
    said: list[str] = []
    sweep(at(f"http://127.0.0.1:{dead_port}"), TRIALS, said.append)
    assert len(said) == 1
    assert "the sweep goes on" in said[0]


def test_trials_wait_for_a_server_that_is_away(
    store: Store, params: Params, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "RETRY_SECONDS", 3600)  # so that it is asked again at the end only
    said: list[str] = []
    with SweepRun(said.append) as run:
        run.started("digits-0123", params)
        run.ended(TRIALS[0], params)
        address = store.uri.removeprefix("sqlite:///")
        Path(address).rename(f"{address}.away")
        Path(address).mkdir()  # a database that cannot be opened
        for trial in TRIALS[1:3]:
            run.ended(trial, params)
        Path(address).rmdir()
        Path(f"{address}.away").rename(address)
        run.ended(TRIALS[3], params)
        assert sorted(shown(store)[1]) == [0]
        run.finished({}, {}, project / "nothing", {})
    parent, children = shown(store)
    assert sorted(children) == [0, 1, 2, 3]
    assert parent.info.status == "FINISHED"
    assert len(said) == 1


def test_a_trial_says_what_every_run_says(store: Store, params: Params) -> None:
    with SweepRun(never) as run:
        run.started("digits-0123", params, {"dataset_digest": "d"})
        for trial in TRIALS:
            run.ended(trial, params)
    _, children = shown(store)
    for child in children.values():
        told = child.data.tags
        assert {"dataset_digest", "cpu", "mlflow.source.name", colours.TAG, tags.NOTE} <= told.keys()
    assert "Validation accuracy 0.5500" in children[0].data.tags[tags.NOTE]
    assert "herbarium promote 0" in children[0].data.tags[tags.NOTE]
    assert children[2].data.tags[tags.NOTE] == "trial 2 of sweep digits-0123, failed: out of memory"
    assert len({child.data.tags[colours.TAG] for child in children.values()}) == len(TRIALS)


def test_a_trial_has_the_images_it_read(store: Store, params: Params, project: Path) -> None:
    for split in paths.SPLITS:
        records.write_npy(paths.images(split), np.zeros((2, 8, 8, 1), np.uint8))
        records.write_npy(paths.labels(split), np.zeros(2, np.int64))
    sweep(params, TRIALS[:1])
    sweep(params, TRIALS[:2])
    _, children = shown(store)
    for child in children.values():
        names = [entry.dataset.name for entry in store.client.get_run(child.info.run_id).inputs.dataset_inputs]
        assert sorted(names) == ["digits train", "digits validation"]


def test_its_duration_is_the_time_worked(store: Store, params: Params) -> None:
    sweep(params, TRIALS[:1])
    first, _ = shown(store)
    day = 24 * 60 * 60 * 1000
    before = store.client.get_run(first.info.run_id)
    assert before.info.end_time - before.info.start_time < day
    store.client.set_tag(first.info.run_id, tags.WORKED, "3600")  # as if it had been begun yesterday
    sweep(params, TRIALS)
    parent, _ = shown(store)
    assert 3600 <= float(parent.data.tags[tags.WORKED]) < 3700
    assert 3600_000 <= parent.info.end_time - parent.info.start_time < 3_700_000


def test_trials_with_classes_of_any_name_are_shown(store: Store, params: Params) -> None:
    weights = {"a,b": 2.0, "it's (old)": 3.0}
    space = {**params.sweep.space, "train.class_weights": {"choices": ["balanced", weights]}}
    train = params.train.model_copy(update={"class_weights": weights})
    sweep(
        params.model_copy(update={"train": train, "sweep": params.sweep.model_copy(update={"space": space})}),
        TRIALS[:1],
    )
    parent, children = shown(store)
    assert str(weights) in parent.data.params["space.train.class_weights"]
    assert children[0].data.params["train.class_weights"].startswith('{"a,b": 2.0')


def test_what_may_change_along_the_way_is_shown_as_it_is_now(store: Store, params: Params) -> None:
    """MLflow lets nobody change a parameter."""
    sweep(params, TRIALS[:1])
    later = params.sweep.model_copy(update={"trials": 99, "patience": 7, "audit_top": 0})
    sweep(params.model_copy(update={"sweep": later}), TRIALS[:2])
    parent, _ = shown(store)
    told = parent.data.tags
    assert [told[f"sweep.{key}"] for key in ("trials", "patience", "audit_top")] == ["99", "7", "0"]
    assert "sweep.trials" not in parent.data.params
    assert parent.data.params["sweep.sampler"] == params.sweep.sampler
