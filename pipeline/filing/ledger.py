"""How many different trainings have looked at a split: the more there are, the more the best of them flatters.

.herbarium/ledger.jsonl of the project, append-only and not in git: one line per images and training. Copies of the
project, those of `dvc exp run --temp`, its queue and reviews, write there too. Evaluations look at test images, trials
of sweeps at validation images as well. A record keeps the count of the test images.
"""

import json
from pathlib import Path

from filelock import FileLock

from pipeline.files import paths, records
from pipeline.results.trials import COMPLETE


def file() -> Path:
    return paths.project_root() / paths.STATE / "ledger.jsonl"


def note(images: str, *trainings: str, split: str = "test") -> None:
    """Write down that these trainings, by fingerprint, were measured on the `images` of a split; each once."""
    path, key = file(), f"{split}_images"
    path.parent.mkdir(exist_ok=True)
    with FileLock(path.with_suffix(".lock")):  # many copies may end at once
        known = set(_entries(split))
        new = [training for training in dict.fromkeys(trainings) if (images, training) not in known]
        if not new:
            return
        lines = "".join(json.dumps({key: images, "training": training}) + "\n" for training in new)
        with path.open("a", encoding="utf-8") as ledger:
            ledger.write(lines if _ends_whole(path) else f"\n{lines}")


def note_results() -> None:
    """Write down the run whose files are in the working directory."""
    training = str(records.read_json(paths.TRAINING)["fingerprint"])
    for split in ("test", "validation"):
        note(images_of(split), training, split=split)


def note_sweep() -> None:
    """Write down the trials in reports/sweep/ that were trained to their end; their audits looked at other images."""
    trials = records.read_csv(paths.TRIALS) if paths.TRIALS.exists() else []
    complete = [row["fingerprint"] for row in trials if row["state"] == COMPLETE]
    note(images_of("validation"), *complete, split="validation")


def images_of(split: str) -> str:
    """Digest of a split's stored images, of their names and contents."""
    return records.file_digest(paths.ids(split))


def trainings(images: str | None = None, split: str = "test") -> int:
    """Different trainings measured on the images of a split with this digest (None = the stored ones)."""
    return len(named(images or images_of(split), split))


def named(images: str, split: str = "test") -> set[str]:
    """Those trainings, by fingerprint."""
    return {training for found, training in _entries(split) if found == images}


def _entries(split: str) -> list[tuple[str, str]]:
    if not file().exists():
        return []
    rows = []
    for line in file().read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            if f"{split}_images" in row:
                rows.append((row[f"{split}_images"], row["training"]))
        except (ValueError, KeyError, TypeError):  # the last line of a process that was killed while it wrote
            continue
    return rows


def _ends_whole(path: Path) -> bool:
    return path.read_bytes()[-1:] in (b"", b"\n")
