"""What stages took is noted beside the results, and taken over for the results it is of only."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.files import paths, records
from pipeline.identity import resources

from . import certified

_PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def stock(*outputs: str) -> SimpleNamespace:
    return SimpleNamespace(stage="evaluate", declared=SimpleNamespace(outputs=outputs))


def test_seconds_memory_and_machine_are_noted_with_the_results(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
        time.sleep(0.2)
    certified.run({"reports/metrics.json": "{}"})
    found = resources.of_run()["evaluate"]
    assert set(found) == {"seconds", "cpu_seconds", "peak_bytes", "machine"}
    assert 0.1 < found["seconds"] < 60
    assert 0 <= found["cpu_seconds"] < found["seconds"]
    assert found["peak_bytes"] is None or 10**6 < found["peak_bytes"] < 10**12
    assert "cpu" in found["machine"]


def test_seconds_are_those_of_the_last_time(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
    assert resources.seconds().keys() == {"evaluate"}
    assert 0 <= resources.seconds()["evaluate"] < 60


def test_notes_of_other_results_are_left(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
    assert resources.of_run() == {}
    certified.run({"reports/metrics.json": "{} "})
    assert resources.of_run() == {}


def test_a_folder_that_a_stage_has_written_is_known_by_its_files(project: Path) -> None:
    files = {"labels.npy": "labels", "ids.csv": "ids"}
    with resources.noted(stock("data/images/test")):
        for name, text in files.items():
            records.write_text(paths.IMAGES / "test" / name, text)
    certified.run({"data/images/test": {**files, "ids.csv": "other ids"}})
    assert resources.of_run() == {}
    certified.run({"data/images/test": files})
    assert resources.of_run().keys() == {"evaluate"}


def test_a_stage_that_fails_notes_nothing(project: Path) -> None:
    with pytest.raises(RuntimeError), resources.noted(stock("reports")):
        raise RuntimeError
    assert not resources.FOLDER.exists()


def test_the_peak_is_the_high_water_mark(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("VmPeak:\t  999 kB\nVmHWM:\t     123 kB\nVmRSS:\t 7 kB\n")
    assert resources.peak_bytes(status) == 123 * 1024
    assert resources.peak_bytes(tmp_path / "none") is None


_WORK = "import time\nwhile time.process_time() < 0.5: pass"


def test_what_a_process_and_those_it_started_worked_is_counted_once() -> None:
    before = resources.cpu_seconds()
    subprocess.run([sys.executable, "-c", _WORK], check=True)
    ended = resources.cpu_seconds() - before
    assert 0.4 < ended < 5
    started = subprocess.Popen([sys.executable, "-c", f"{_WORK}\nprint(flush=True)\ninput()"], **_PIPES)
    started.stdout.readline()
    both = resources.cpu_seconds() - before
    started.communicate(b"\n")
    assert both > ended + 0.4


def test_waiting_is_no_work(project: Path) -> None:
    before = resources.cpu_seconds()
    time.sleep(0.3)
    assert resources.cpu_seconds() - before < 0.2


def test_a_process_began_before_now() -> None:
    assert 0 < time.monotonic() - resources.began() < 24 * 3600
