"""Whether a lack of memory says something about a trial, or about what else is on the machine."""

from pathlib import Path

from pipeline.process import limits

_LEAST_FREE = 0.5  # of the memory: with less, others have taken it
_OF_CONTAINER, _OF_MACHINE = Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat")
_GIGABYTE = 1e9


def taken_by_others() -> str | None:
    """A phrase, if less than half of the memory that this process may use is free now."""
    free, total = limits.free_memory_bytes(), limits.memory_bytes()
    if free >= _LEAST_FREE * total:
        return None
    return f"only {free / _GIGABYTE:.1f} of {total / _GIGABYTE:.1f} GB of memory were free before it began"


def processes_ended() -> int:
    """How many processes Linux has ended so far for want of memory, in this container and on this machine."""
    return sum(int(_counted(path)) for path in (_OF_CONTAINER, _OF_MACHINE))


def end_this_process_first() -> None:
    """Ask Linux to end this process, and no other, when memory runs out."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    except OSError:  # not on Linux
        return


def _counted(path: Path) -> int:
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    except OSError:
        return 0
    return sum(int(count) for name, count in rows if name == "oom_kill")
