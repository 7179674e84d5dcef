"""How many processors, how much memory and disk this process may use: in a container less than the machine has."""

import shutil
from pathlib import Path

import joblib
import psutil  # type: ignore[import-untyped]

from pipeline.process import control_groups
from pipeline.process.errors import MachineError

SPARE_BYTES = 1 << 30  # left free on the disk
_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def cpus() -> int:
    """Processors, at least one: of the machine, by affinity, by a container's quota; the least of these."""
    count: int = joblib.cpu_count()
    return count


def memory_bytes() -> int:
    """Memory of the machine or, if that is less, of the container or the cluster's job."""
    total: int = psutil.virtual_memory().total
    return min([total, *(group.limit for group in control_groups.memory())])


def free_memory_bytes() -> int:
    """What of the memory is free now, to this process."""
    available: int = psutil.virtual_memory().available
    return min([available, *(group.free for group in control_groups.memory())])


def size(count: float) -> str:
    """So many bytes, to be read."""
    unit, least = next((unit for unit in _UNITS if count >= unit[1]), ("bytes", 1))
    return f"{count / least:,.1f} {unit}" if least > 1 else f"{count:,.0f} {unit}"


def require_disk(needed: int, what: str, remedy: str) -> None:
    """Raises MachineError if the disk of the working directory has not `needed` bytes free, and some to spare.

    It says `what` needs them, and the `remedy`.
    """
    free = shutil.disk_usage(Path.cwd()).free
    if needed and needed + SPARE_BYTES > free:
        raise MachineError(
            f"{what} need {size(needed)}, and {size(SPARE_BYTES)} stay free; the disk has {size(free)}: {remedy}"
        )
