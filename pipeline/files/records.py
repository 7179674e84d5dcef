"""Files that are never half-written and have the same bytes whenever they have the same content.

Everything goes to a temporary file in the same folder, is flushed to the disk and renamed. No file holds a time, a
host name or a memory address.
"""

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from pipeline.files import digests


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, remove it on any error.

    Its name begins with a dot, and a process that is killed leaves it: whoever lists such a folder passes over those.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=f".{path.name}")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes files private; outputs follow the user's umask
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def finished(folder: Path, pattern: str) -> list[Path]:
    """The files in `folder` that `pattern` matches, in order, without what `atomic` is writing there or has left."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def canonical(content: Any) -> str:
    """`content` as JSON text with sorted keys; floats in their shortest exact form; NaN and infinities refused."""
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(path: Path, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    write_text(path, canonical(content))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Floats are written in their shortest exact form, so reading them back gives the same numbers."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        # The writer quotes the characters it ends lines with: \r too, so it ends them in \r\n, and we in \n.
        lines = SimpleNamespace(write=lambda line: file.write(line.removesuffix("\r\n") + "\n"))
        writer = csv.writer(lines)
        writer.writerow(header)
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def csv_rows(path: Path) -> Iterator[list[str]]:
    """The rows of a table one by one, the header first; empty lines are none."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from filter(None, csv.reader(file))


def write_npy(path: Path, array: np.ndarray) -> None:
    with atomic(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def read_npy(path: Path, memory_map: bool = True) -> np.ndarray:
    array: np.ndarray = np.load(path, mmap_mode="r" if memory_map else None, allow_pickle=False)
    return array


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal; read once a process while the file is the same."""
    return digests.of_file(path, "sha256")


def md5(path: Path) -> str:
    """What dvc.lock calls a file by; read once a process while the file is the same."""
    return digests.of_file(path, "md5")


def array_digest(array: np.ndarray) -> str:
    """SHA-256 over an array's type, shape and values, hexadecimal."""
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


def digest(content: Any) -> str:
    """SHA-256 of JSON-able content, hexadecimal, independent of key order."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()
