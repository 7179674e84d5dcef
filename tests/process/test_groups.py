"""What a command starts ends with it, and a command that is asked to end tidies up first."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipeline.process import groups, scratch
from tests.servers import group_is_alive

# Starts a child that starts another, in a folder of its own; says when both are there.
AT_WORK = """
import os, sys
from pathlib import Path
from pipeline.process import groups, scratch
with groups.ending_in_order(), scratch.folder(Path("state"), "review-") as own:
    print(own, flush=True)
    child = "import os, subprocess, sys; print(os.getpgrp(), flush=True);" \\
        " subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    groups.run([sys.executable, "-c", child], own, os.environ, lambda line: print(line, flush=True))
"""


# So patient with what may put its files in order that no test would see the end of it.
PATIENT = AT_WORK.replace(
    "with groups.ending",
    "groups._IN_ORDER = ((groups.signal.SIGINT, 600.0), *groups._IN_ORDER[1:])\nwith groups.ending",
)


def at_work(folder: Path, program: str = AT_WORK) -> tuple[subprocess.Popen, Path, int]:
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    own, group = process.stdout.readline().strip(), process.stdout.readline()
    return process, folder / own, int(group)


def test_lines_and_exit_code_come_back(tmp_path):
    lines: list[str] = []
    command = [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"]
    assert groups.run(command, tmp_path, os.environ, lines.append) == 3
    assert lines == ["one", "two"]


@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_asked_to_end_it_ends_what_it_started_and_removes_its_folder(tmp_path, number):
    process, own, group = at_work(tmp_path)
    assert own.is_dir()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert not own.exists()
    deadline = time.monotonic() + 10  # what was killed is gone when init has taken note of it
    while group_is_alive(group):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_ignored_as_behind_nohup_stays_ignored(tmp_path):
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{AT_WORK}"
    process, own, _ = at_work(tmp_path, ignoring)
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    assert own.is_dir()
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_process_ends_with_the_one_that_started_it_however_that_ends(tmp_path):
    child = "import os, time; from pipeline.process import groups; groups.end_with(os.getppid()); time.sleep(60)"
    start = f"p = subprocess.Popen([sys.executable, '-c', {child!r}]); print(p.pid, flush=True); p.wait()"
    command = [sys.executable, "-c", f"import subprocess, sys; {start}"]
    starter = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    started = psutil.Process(int(starter.stdout.readline()))
    time.sleep(0.5)
    assert started.is_running()
    starter.kill()
    starter.communicate(timeout=10)
    psutil.wait_procs([started], timeout=20)
    assert not started.is_running() or started.status() == psutil.STATUS_ZOMBIE


def test_where_ctrl_c_is_ignored_as_after_an_ampersand_it_ends_as_soon(tmp_path):
    ignoring = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{PATIENT}"
    process, own, _ = at_work(tmp_path, ignoring)
    process.terminate()
    process.communicate(timeout=60)
    assert not own.exists()


def test_what_is_of_no_use_afterwards_is_ended_at_once(tmp_path):
    stubborn = PATIENT.replace(
        "os.environ, lambda line: print(line, flush=True)", "os.environ, lambda line: print(line, flush=True), False"
    )
    assert stubborn != PATIENT != AT_WORK
    stubborn = stubborn.replace("import os, subprocess", "import signal, os, subprocess").replace(
        "print(os.getpgrp()", "signal.signal(signal.SIGINT, signal.SIG_IGN); print(os.getpgrp()"
    )
    process, own, _ = at_work(tmp_path, stubborn)
    process.terminate()
    process.communicate(timeout=60)
    assert not own.exists()


def test_asked_to_end_twice_it_leaves_nothing_either(tmp_path):
    stubborn = AT_WORK.replace("import os, subprocess", "import signal, os, subprocess").replace(
        "print(os.getpgrp()", "signal.signal(signal.SIGINT, signal.SIG_IGN); print(os.getpgrp()"
    )
    process, own, group = at_work(tmp_path, stubborn)
    process.terminate()
    time.sleep(0.5)
    process.terminate()
    process.communicate(timeout=30)
    assert not own.exists()
    deadline = time.monotonic() + 10
    while group_is_alive(group):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_folder_that_a_killed_process_left_is_removed_by_the_next(tmp_path):
    process, own, group = at_work(tmp_path)
    process.kill()
    process.communicate(timeout=30)
    os.killpg(group, signal.SIGKILL)
    assert own.is_dir()
    with scratch.folder(tmp_path / "state", "review-") as other:
        assert not own.exists()
        assert other.is_dir()
    assert not other.exists()


def test_the_folder_of_a_process_that_lives_stays(tmp_path):
    with scratch.folder(tmp_path, "review-") as first, scratch.folder(tmp_path, "review-") as second:
        assert first.is_dir()
        assert second.is_dir()
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_folder_without_a_lock_is_nobody_s(tmp_path):
    """Of an earlier version, or of a process that was killed at once."""
    (tmp_path / "review-old/project").mkdir(parents=True)
    with scratch.folder(tmp_path, "review-"):
        assert not (tmp_path / "review-old").exists()


def test_outside_the_main_thread_signals_are_left_alone():
    import threading

    found = []

    def look() -> None:
        with groups.ending_in_order():
            found.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]
