"""A file is read once for its digest, and again when it may be another one."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from pipeline.files import digests


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that was written a while ago, as far as the clock says."""
    path = tmp_path / "file"
    path.write_text("one")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    return path


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read, in order."""
    done = []
    computed = digests._computed

    def count(path: Path, algorithm: str) -> str:
        done.append(algorithm)
        return computed(path, algorithm)

    monkeypatch.setattr(digests, "_computed", count)
    return done


def test_the_same_file_is_read_once(old, readings):
    for _ in range(3):
        assert digests.of_file(old, "md5") == hashlib.md5(b"one").hexdigest()
        assert digests.of_file(old, "sha256") == hashlib.sha256(b"one").hexdigest()
    assert sorted(readings) == ["md5", "sha256"]


def test_a_file_written_in_place_is_read_again_whatever_its_time_says(old, readings):
    digests.of_file(old, "md5")
    times = old.stat()
    time.sleep(0.02)
    with old.open("r+") as file:
        file.write("two")
    os.utime(old, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert digests.of_file(old, "md5") == hashlib.md5(b"two").hexdigest()
    assert len(readings) == 2


def test_a_file_just_written_is_always_read(tmp_path, readings):
    """Two writings may have one time, and the second file the first one's place."""
    path = tmp_path / "file"
    for text in ("one", "two", "six"):
        path.write_text(text)
        assert digests.of_file(path, "md5") == hashlib.md5(text.encode()).hexdigest()
    assert len(readings) == 3
