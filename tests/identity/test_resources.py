"""What stages took is noted beside the results, and taken over for the results it is of only."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.files import paths, records
from pipeline.identity import resources

from ..root import ROOT
from . import certified

CLOCK_STEP = 0.1  # a process's start is known to a hundredth, and noted to a tenth of a second
_PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def stock(*outputs: str) -> SimpleNamespace:
    return SimpleNamespace(stage="evaluate", declared=SimpleNamespace(outputs=outputs))


# A stage of 0.2 s in a process that has waited and worked before, as it does while it imports.
_STAGE = """
import time
while time.process_time() < 1: pass
time.sleep(1)
from types import SimpleNamespace
from pipeline.files import paths, records
from pipeline.identity import resources
with resources.noted(SimpleNamespace(stage="evaluate", declared=SimpleNamespace(outputs=("reports",)))):
    records.write_text(paths.METRICS, "{}")
    time.sleep(0.2)
"""


def test_seconds_memory_and_machine_of_the_whole_process_are_noted_with_the_results(project: Path) -> None:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", _STAGE], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    certified.run({"reports/metrics.json": "{}"})
    found = resources.of_run()["evaluate"]
    assert set(found) == {"seconds", "cpu_seconds", "peak_bytes", "machine"}
    assert 2.2 - CLOCK_STEP < found["seconds"] < time.monotonic() - began + CLOCK_STEP
    assert 1 <= found["cpu_seconds"] < found["seconds"] - 1.2 + 2 * CLOCK_STEP  # both are rounded
    assert found["peak_bytes"] is None or 10**6 < found["peak_bytes"] < 10**12
    assert "cpu" in found["machine"]


def test_seconds_are_those_of_the_last_time(project: Path) -> None:
    for began in (time.monotonic() - 50, time.monotonic() - 30):
        with pytest.MonkeyPatch.context() as patch, resources.noted(stock("reports")):
            patch.setattr(resources, "began", lambda began=began: began)
            records.write_text(paths.METRICS, "{}")
    assert resources.seconds() == {"evaluate": pytest.approx(30, abs=10)}


def test_notes_of_other_results_are_left(project: Path) -> None:
    with resources.noted(stock("reports")):
        records.write_text(paths.METRICS, "{}")
    assert resources.of_run() == {}
    certified.run({"reports/metrics.json": "{} "})
    assert resources.of_run() == {}


def test_a_note_whose_writing_was_killed_is_none(project: Path) -> None:
    records.write_text(resources.FOLDER / ".0b1c2d3e.evaluate.json", "")
    assert resources.of_run() == {}
    assert resources.seconds() == {}


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


def test_a_process_began_before_now(tmp_path: Path) -> None:
    """By what the system says, and where it does not say it to a second."""
    exact, roughly = resources.began(), resources.began(tmp_path / "none")
    assert 0 < time.monotonic() - exact < 24 * 3600
    assert abs(exact - roughly) < 1.5
