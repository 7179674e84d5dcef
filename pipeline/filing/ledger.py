"""How many different trainings have looked at a test split: the more there are, the more the best of them flatters.

.herbarium/ledger.jsonl of the project, append-only and not in git: one line per test images and training. Copies of the
project, those of `dvc exp run --temp`, its queue and reviews, write there too. A record keeps the count.
"""

import json
from pathlib import Path

from filelock import FileLock

from pipeline.files import paths, records


def file() -> Path:
    return paths.project_root() / paths.STATE / "ledger.jsonl"


def note(test_images: str, fingerprint: str) -> None:
    """Write down that the training `fingerprint` was measured on these images; once, however often it is repeated."""
    path = file()
    path.parent.mkdir(exist_ok=True)
    with FileLock(path.with_suffix(".lock")):  # many copies may end at once
        if (test_images, fingerprint) in _entries():
            return
        line = json.dumps({"test_images": test_images, "training": fingerprint}) + "\n"
        with path.open("a", encoding="utf-8") as ledger:
            ledger.write(line if _ends_whole(path) else f"\n{line}")


def note_results() -> None:
    """Write down the run whose files are in the working directory."""
    note(test_images(), str(records.read_json(paths.TRAINING)["fingerprint"]))


def test_images() -> str:
    """Digest of the stored test images' names and contents."""
    return records.file_digest(paths.ids("test"))


def trainings(images: str | None = None) -> int:
    """Different trainings measured on the test images with this digest (None = the stored ones)."""
    wanted = images or test_images()
    return len({training for found, training in _entries() if found == wanted})


def _entries() -> list[tuple[str, str]]:
    if not file().exists():
        return []
    rows = []
    for line in file().read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            rows.append((row["test_images"], row["training"]))
        except (ValueError, KeyError, TypeError):  # the last line of a process that was killed while it wrote
            continue
    return rows


def _ends_whole(path: Path) -> bool:
    return path.read_bytes()[-1:] in (b"", b"\n")
