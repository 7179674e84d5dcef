"""What Linux's control groups leave this process of memory: those of its container, its job on a cluster, its user."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MINE = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class _Version:
    """`controllers`: what names its groups in /proc/self/cgroup. `cached`: what is taken back when it is needed."""

    controllers: str
    root: Path
    limit: str
    used: str
    cached: tuple[str, str]


_VERSIONS = (
    _Version("", Path("/sys/fs/cgroup"), "memory.max", "memory.current", ("inactive_file", "active_file")),
    _Version(
        "memory",
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_inactive_file", "total_active_file"),
    ),
)


@dataclass(frozen=True)
class Memory:
    """Of a group, in bytes: its limit, and what of it is free. Files' contents that are only kept count as free."""

    limit: int
    free: int


def memory() -> list[Memory]:
    """Of all groups around this process that have a limit."""
    found = (_memory(folder, version) for version in _VERSIONS for folder in _folders(version))
    return [group for group in found if group]


def _folders(version: _Version) -> Iterator[Path]:
    """Of the root, which in a container is its own group, and of each group from there down to this process's."""
    folder = version.root
    yield folder
    for line in _text(_MINE).splitlines():
        _, controllers, place = line.split(":", 2)
        if controllers == version.controllers:
            for part in place.strip("/").split("/"):
                folder /= part
                yield folder


def _memory(folder: Path, version: _Version) -> Memory | None:
    limit, used = (_text(folder / name).strip() for name in (version.limit, version.used))
    if not (limit.isdigit() and used.isdigit()):  # absent, or without a limit
        return None
    counts = dict(line.split() for line in _text(folder / "memory.stat").splitlines())
    cached = sum(int(counts.get(name, 0)) for name in version.cached)
    return Memory(int(limit), int(limit) - int(used) + cached)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # not on Linux, or of the other version
        return ""
