"""How many different trainings have looked at a test split: the more there are, the more the best of them flatters.

.herbarium/ledger.jsonl, append-only and not in git: one line per test images and training. A record keeps the count.
"""

import json

from pipeline.files import paths, records

FILE = paths.STATE / "ledger.jsonl"


def note(test_images: str, fingerprint: str) -> None:
    """Write down that the training `fingerprint` was measured on these images; once, however often it is repeated."""
    if (test_images, fingerprint) in _entries():
        return
    FILE.parent.mkdir(exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"test_images": test_images, "training": fingerprint}) + "\n")


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
    if not FILE.exists():
        return []
    rows = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            rows.append((row["test_images"], row["training"]))
        except (ValueError, KeyError, TypeError):  # the last line of a process that was killed while it wrote
            continue
    return rows
