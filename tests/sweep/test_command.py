"""Reports, the display, and the command as its users run it."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from mlflow import MlflowClient

from pipeline.files import paths, records
from pipeline.filing import ledger
from pipeline.model import division, folds
from pipeline.params.config import with_seed
from pipeline.params.schema import Params
from pipeline.results import trials
from pipeline.sweep import audit, command, coordinator, figures, promote, recorded, study
from pipeline.sweep.coordinator import Listener
from pipeline.sweep.display import display
from pipeline.sweep.outcomes import Configuration, Outcome
from pipeline.sweep.plans import Plan
from pipeline.sweep.study import SweepError
from tests.servers import group_is_alive
from tests.test_pipeline import ENVIRONMENT, call, clone
from tests.undrawn import undrawn

from .conftest import BY_FORMULA, formula, sweeping, working

Planned = Callable[..., Plan]


def test_each_trial_is_one_plain_line(planned: Planned, params: Params, capsys: pytest.CaptureFixture) -> None:
    plan = planned(sweeping(params, pruner="median", trials=12))
    with display(plan, [], quiet=False) as screen:
        coordinator.run(plan, BY_FORMULA, Listener(screen.begun, screen.ended))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == [str(number) for number in range(12)]
    assert any("pruned at epoch" in line for line in lines)
    assert "12 of 12" in lines[-1]


def test_quiet_is_quiet(planned: Planned, params: Params, capsys: pytest.CaptureFixture) -> None:
    plan = planned(params)
    with display(plan, [], quiet=True) as screen:
        coordinator.run(plan, BY_FORMULA, Listener(screen.begun, screen.ended))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("failing", [False, True])
def test_trials_count_as_looks_at_the_validation_images_however_the_sweep_ends(
    planned: Planned, params: Params, monkeypatch: pytest.MonkeyPatch, failing: bool
) -> None:
    @working
    def work(configuration: Configuration) -> Outcome:
        diverges = failing and next(begun) == 3
        return {"state": "failed", "reason": "diverged"} if diverges else formula(configuration)

    begun = itertools.count()
    monkeypatch.setattr(command, "_workers", lambda *_: nullcontext(work))
    plan = planned(sweeping(params, audit_top=0))
    ends = pytest.raises(SweepError, match="1 of 4 trials failed") if failing else nullcontext()
    with undrawn(), ends:
        command.run(plan, quiet=True, on_written=ledger.note_sweep)
    assert ledger.trainings(split="validation") == (3 if failing else 10)


def test_the_summary_tells_what_to_do_next(planned: Planned, params: Params) -> None:
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    text = command.summary(plan, done, audit.run(plan, done, BY_FORMULA))
    assert text.startswith("10 trials, 0 pruned, 0 failed\nbest: trial ")
    assert "selection optimism" in text
    assert "herbarium promote" in text
    assert "make ui" in text


def test_one_trial_is_recommended_and_it_is_the_audits(planned: Planned, params: Params, project: Path) -> None:
    """Of the two best the second does better with fresh seeds: every sentence, and the promotion, are about that."""
    plan = planned(params)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    audit.run(plan, done, BY_FORMULA)
    best, second = trials.top(done, 2)
    for trial, accuracy in ((best, 0.5), (second, 0.9)):
        for number, seed in enumerate(audit.fresh_seeds(params), start=1):
            draw = division.redrawn(number, params.sweep.seed)
            name = folds.named(study.fingerprint(with_seed(plan.params_of(trial), seed)), draw)
            recorded.note(plan.study, f"redrawn:{name}", {"accuracy": accuracy, "held_out": 100, "trained_on": 800})
    text = command.summary(plan, done, audit.so_far(plan, done))
    assert text.count("herbarium promote") == 1
    assert f"take trial {second.number}, which is ahead by the audit, into params.yaml: herbarium promote best" in text
    assert f"validation accuracy of trial {second.number}" in promote.promote(plan, "best")
    told: list[tuple] = []
    command._finish(plan, done, audit.so_far(plan, done), SimpleNamespace(finished=lambda *given: told.append(given)))
    labels, metrics = told[0][:2]
    row = metrics[None]
    assert (row["validation_accuracy"], row["validation_accuracy_mean"]) == (second.accuracy, pytest.approx(0.9))
    assert row["selection_optimism"] == pytest.approx(row["validation_accuracy"] - row["validation_accuracy_mean"])
    assert (labels["best_trial"], labels["recommended_trial"]) == (str(best.number), str(second.number))


def test_what_is_elsewhere_is_promoted_from_there(
    planned: Planned, params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands in the summary, the command would find no sweep, or another one; an address may hold a password."""
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    plan = planned(params, url)
    done = coordinator.run(plan, BY_FORMULA, Listener())
    assert "herbarium promote best --storage …, as for this sweep, then" in command.summary(plan, done, [])
    monkeypatch.setenv("OPTUNA_STORAGE", url)
    assert "herbarium promote best, then" in command.summary(planned(params, url), done, [])


@pytest.mark.parametrize(
    ("ended", "said"),
    [(3, "going on after 3 of 8 trials of study s"), (8, "study s has its 8 trials already")],
)
def test_how_far_it_was_is_said_as_it_is(ended: int, said: str) -> None:
    assert command.gone_before(ended, 8, "s") == said
    assert command.gone_before(12, 8, "s") == "study s has its 12 trials already, 8 were asked for"


def test_figures_are_drawn_and_repeat(planned: Planned, params: Params, tmp_path: Path) -> None:
    plan = planned(params)
    coordinator.run(plan, BY_FORMULA, Listener())
    for name in ("one", "two"):
        figures.draw(recorded.in_memory(plan.study), tmp_path / name)  # as the command does
    drawn = sorted(path.name for path in (tmp_path / "one").iterdir())
    pictures = ("history", "importances", "intermediate_values", "parallel_coordinates", "slice")
    assert drawn == sorted(["figures.html", *(f"{name}.png" for name in pictures)])
    for name in drawn:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    page = (tmp_path / "one/figures.html").read_text(encoding="utf-8")
    assert f"<title>{plan.study.study_name}</title>" in page[:200]


def test_figures_of_a_sweep_before_do_not_stay_beside_other_trials(planned: Planned, params: Params) -> None:
    records.write_text(paths.SWEEP_FIGURES / "importances.png", "of a sweep before")
    command.write(planned(params), [])
    assert not paths.SWEEP_FIGURES.exists()
    assert paths.TRIALS.exists()


def test_a_figure_that_cannot_be_drawn_is_a_warning(
    planned: Planned, params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    import optuna.visualization.matplotlib as still

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no figure")

    plan = planned(params)
    coordinator.run(plan, BY_FORMULA, Listener())
    monkeypatch.setattr(still, "plot_optimization_history", fail)
    figures.draw(plan.study, tmp_path / "figures")
    assert capsys.readouterr().err == "warning: RuntimeError: no figure\n"
    assert {path.name for path in (tmp_path / "figures").iterdir()} >= {"figures.html", "slice.png"}


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with two epochs and six trials."""
    folder = clone(tmp_path_factory.mktemp("sweep"))
    params = folder / "params.yaml"
    text = params.read_text().replace("  trials: 12 ", "  trials: 6 ").replace("  audit_top: 2 ", "  audit_top: 0 ")
    params.write_text(text)
    return folder


def started(project: Path, *options: str) -> subprocess.Popen:
    arguments = [sys.executable, "-m", "pipeline", "sweep", *options]
    return subprocess.Popen(
        arguments, cwd=project, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def test_an_interrupted_sweep_says_what_is_kept(capsys):
    plan = SimpleNamespace(total=12)
    with pytest.raises(KeyboardInterrupt), command._telling_what_is_kept(plan, [None, None]):
        raise KeyboardInterrupt
    said = "note: interrupted; 2 of 12 trials are kept, `herbarium sweep` goes on after them\n"
    assert capsys.readouterr().err == said


def trials_told(process: subprocess.Popen, count: int) -> None:
    for line in process.stdout:
        if line.startswith("trial"):
            count -= 1
        if not count:
            return


@pytest.mark.slow
def test_kill_resume_promote_reproduce(cloned: Path, tmp_path: Path) -> None:
    call(cloned, sys.executable, "-m", "pipeline", "sweep", "--quiet")
    expected = (cloned / "reports/sweep/trials.csv").read_bytes()

    storage = f"sqlite:///{tmp_path}/killed.db"
    for number, count in ((signal.SIGKILL, 2), (signal.SIGTERM, 1), (signal.SIGINT, 1)):
        process = started(cloned, "--storage", storage, "--workers", "2")
        trials_told(process, count)
        os.kill(process.pid, number)
        assert process.wait(60) == (-number if number == signal.SIGKILL else 128 + number)
        process.stdout.close()
        deadline = time.monotonic() + 30
        while group_is_alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert not group_is_alive(process.pid)  # no worker outlives its coordinator
    call(cloned, sys.executable, "-m", "pipeline", "sweep", "--quiet", "--storage", storage)
    assert (cloned / "reports/sweep/trials.csv").read_bytes() == expected

    client = MlflowClient(f"sqlite:///{cloned}/mlflow.db")
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert len(runs) == 1 + 6
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED"}
    assert all(run.data.tags["state"] in ("finished", "complete", "pruned") for run in runs)

    assert records.read_json(cloned / paths.SWEEP_SETTINGS)["sweep"]["trials"] == 6
    rows = {row["number"]: row for row in records.read_csv(cloned / paths.TRIALS)}
    promoted = call(cloned, sys.executable, "-m", "pipeline", "promote", "best")
    number = promoted.split("validation accuracy of trial ")[1].split(":")[0]
    call(cloned, "dvc", "repro")
    accuracy = records.read_json(cloned / paths.METRICS)["validation_accuracy"]
    assert repr(accuracy) == rows[number]["validation_accuracy"]
    assert records.read_json(cloned / paths.TRAINING)["fingerprint"] == rows[number]["fingerprint"]
