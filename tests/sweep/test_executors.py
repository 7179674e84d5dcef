"""What a sweep says when its workers, or the scheduler before them, cannot do their part. No trial is run here."""

import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from pipeline.process.errors import ConfigError
from pipeline.results.trials import COMPLETE
from pipeline.sweep import attempts, executors
from pipeline.sweep.executors import WorkersError
from pipeline.sweep.outcomes import MEMORY, Configuration, Outcome, trouble
from tests.servers import free_port, running


def test_a_worker_without_the_projects_folder_ends_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with (
        LocalCluster(n_workers=1, processes=False, protocol="tcp://", dashboard_address=None) as cluster,
        executors.started(scheduler=cluster.scheduler_address) as workers,
    ):
        monkeypatch.chdir(tmp_path)
        shutil.rmtree(folder)
        with pytest.raises(
            WorkersError, match=r"a worker cannot run trials: FileNotFoundError: .*same path, .*project"
        ):
            workers.submit({}).outcome()


def test_a_trial_that_ran_out_of_memory_waits_for_the_others_on_a_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def run_trial(configuration: Configuration, _: Path) -> Outcome:
        time.sleep(configuration["seconds"])
        ended.append(configuration["name"])
        if configuration["name"] == "broken":
            raise RuntimeError
        again = ended.count(configuration["name"]) > 1
        return {"state": COMPLETE} if again else trouble(MEMORY, "out of memory")

    monkeypatch.setattr(executors, "_run_trial", lambda: run_trial)
    monkeypatch.setattr(executors, "_work_alone", executors._work)
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=3, processes=False, protocol="tcp://", dashboard_address=None
        ) as cluster,
        executors.started(scheduler=cluster.scheduler_address) as workers,
    ):
        others = [workers.submit({"name": name, "seconds": 0.3}) for name in ("other", "broken")]
        large: Configuration = {"name": "large", "seconds": 0.0}

        def others_ended() -> None:
            for other in others:
                other.ended()

        outcome = attempts.result("trial 1", large, workers.submit(large), workers, others_ended)
    assert outcome == {"state": COMPLETE}
    assert (ended[0], sorted(ended[1:3]), ended[3:]) == ("large", ["broken", "other"], ["large"])


def test_that_no_worker_is_there_yet_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with LocalCluster(n_workers=0, processes=False, protocol="tcp://", dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        with executors.connected(1, address):
            assert (
                capsys.readouterr().err == f"note: no worker has joined {address} yet; the work begins when one does\n"
            )
        cluster.scale(1)
        cluster.wait_for_workers(1)
        with executors.connected(1, address):
            assert capsys.readouterr().err == ""


def test_nobody_answers_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 1)
    with (
        pytest.raises(ConfigError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:"),
        executors.started(scheduler=f"tcp://127.0.0.1:{free_port()}"),
    ):
        pass


@pytest.mark.parametrize(
    "scheduler",
    [
        "tcp://me:hunter2@127.0.0.1:1",
        "tls://me:hunter2@127.0.0.1:1",
        "ws://me:hunter2@h:1",
        "odd://x",
        "x",
        "tcp://h:port",
    ],
)
def test_addresses_of_no_scheduler_are_refused_without_the_passwords_in_them(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_CONNECT_SECONDS", 1)
    with (
        pytest.raises(ConfigError, match=r"--scheduler: no Dask scheduler answers at .*allowed: an address") as raised,
        executors.started(scheduler=scheduler),
    ):
        pass
    assert "hunter2" not in str(raised.value)


@pytest.mark.slow
def test_a_scheduler_that_goes_away_ends_the_sweep(tmp_path: Path) -> None:
    port = str(free_port())
    command = [str(Path(sys.executable).parent / "dask"), "scheduler", "--host", "127.0.0.1", "--port", port]
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        running([*command, "--no-dashboard"], tmp_path / "log") as scheduler,
        executors.started(scheduler=f"tcp://127.0.0.1:{port}") as workers,
    ):
        pending = workers.submit({})  # there is no worker: it waits
        threading.Timer(3, scheduler.send_signal, [signal.SIGKILL]).start()
        with pytest.raises(WorkersError, match="scheduler went away"):
            pending.outcome()


@pytest.mark.parametrize("scheduler", ["x", "odd://x:1", "tcp://127.0.0.1"])
def test_no_client_is_made_of_an_address_that_is_none(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it goes, it would wait for 40 seconds and print a traceback after the message."""
    monkeypatch.setattr("distributed.Client", lambda *_, **__: pytest.fail("a client was made"))
    with pytest.raises(ConfigError, match="no Dask scheduler answers at"), executors.connected(1, scheduler):
        pass
