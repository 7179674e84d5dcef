"""What a stage took, on which machine: time, and the most memory its process held, noted beside the results.

`seconds` passed from the start of the process to the end of the stage, whatever else the machine did meanwhile;
`cpu_seconds` are what processor cores worked for it.

They are other each time, so they are part of no result and of no hash. A record takes over those of the run it files,
which are known by the hashes of what the stage wrote: a result that came out of a cache has the note of its making.
"""

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from pipeline.files import paths, records
from pipeline.identity import certificate, receipts
from pipeline.identity.stock import Stock
from pipeline.process import hardware

FOLDER = paths.STATE / "resources"
_STATUS = Path("/proc/self/status")
_STAT, _STARTED = Path("/proc/self/stat"), 19  # proc(5): the field counted from behind the name, in ticks since boot
_KIB = 1024


@contextmanager
def noted(taken: Stock) -> Iterator[None]:
    """Within it a stage runs, the only one of its process; if it ends well, what it took is noted."""
    yield
    content = {
        "seconds": round(time.monotonic() - began(), 1),
        "cpu_seconds": round(cpu_seconds(), 1),
        "peak_bytes": peak_bytes(),
        "machine": hardware.describe(),
        "outputs": dict(receipts.witnesses(taken)),
    }
    records.write_json(FOLDER / f"{taken.stage}.json", content)


def of_run(project: Path = Path()) -> dict[str, dict[str, Any]]:
    """Stage → what it took, of those whose notes are of the results that dvc.lock has in the `project`.

    Files in folders are known by the lists in DVC's cache.
    """
    found, certified = {}, certificate.outputs(project)
    for file in records.finished(project / FOLDER, "*.json"):
        content = dict(records.read_json(file))
        written = content.pop("outputs")
        if written and all(path in certified and certified[path].md5 == md5 for path, md5 in written.items()):
            found[file.stem] = content
    return found


def seconds(project: Path = Path()) -> dict[str, float]:
    """Stage → what it took when it last ran in the `project`, whatever its results have become since."""
    notes = {file.stem: records.read_json(file) for file in records.finished(project / FOLDER, "*.json")}
    return {stage: float(note["seconds"]) for stage, note in notes.items()}


def cpu_seconds() -> float:
    """What processor cores of this computer have worked for this process and those it started, ended or not."""
    this = psutil.Process()
    return math.fsum(_worked(process) for process in [this, *this.children(recursive=True)])


def _worked(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:  # it ended since it was listed
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def peak_bytes(status: Path = _STATUS) -> int | None:
    """The most memory this process has held; None where the system does not say. Its children's is not in it.

    Not getrusage: what it says of a process begins with what its parent had held.
    """
    if not status.exists():
        return None
    lines = status.read_text(encoding="utf-8").splitlines()
    found = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None)
    return int(found) * _KIB if found else None


def began(stat: Path = _STAT) -> float:
    """`time.monotonic()` when this process began: what it imports takes longer than some stages.

    Not psutil's, where the system says more: that counts from the moment of booting, which is known to a second.
    """
    if stat.exists():
        ticks = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[_STARTED])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    else:
        age = time.time() - psutil.Process().create_time()
    return time.monotonic() - age
