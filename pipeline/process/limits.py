"""How many processors and how much memory this process may use: in a container less than the machine has."""

from pathlib import Path

import joblib
import psutil  # type: ignore[import-untyped]

# Of control groups, version 2 and 1, as a container sees its own.
_MEMORY_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def cpus() -> int:
    """Processors, at least one: of the machine, by affinity, by a container's quota; the least of these."""
    count: int = joblib.cpu_count()
    return count


def memory_bytes() -> int:
    """Memory of the machine or, if that is less, of the container."""
    total: int = psutil.virtual_memory().total
    found = [file.read_text().strip() for file in _MEMORY_FILES if file.exists()]
    return min([total, *(int(text) for text in found if text.isdigit())])
