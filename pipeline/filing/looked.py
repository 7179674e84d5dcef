"""How many trainings are known to have been measured on test images: to this checkout's ledger, or on file.

The ledger is not in git, so that of another checkout knows none of those that records were filed of: a record that is
filed anew there must not say less than the one it replaces.
"""

from pathlib import Path

from pipeline.files import paths, records
from pipeline.filing import contents, experiments, ledger, reading, seed_runs
from pipeline.process import notices
from pipeline.process.errors import HerbariumError


def on_test(images: str) -> int:
    """At least so many, on the `images` of that digest; of a record that cannot be asked is warned."""
    known, most = ledger.named(images), 0
    for name in experiments.names():
        try:
            count, trainings = _on_file(experiments.record_folder(name), images)
        except HerbariumError as error:
            notices.warn(str(error))
            continue
        known, most = known | trainings, max(most, count)
    return max(len(known), most)


def _on_file(record: Path, images: str) -> tuple[int, set[str]]:
    """What a record counts, and the fingerprints of its own trainings; nothing if it is of other images."""
    said = contents.read_json(record / reading.LEDGER) or {}
    if said.get("test_images") != images:
        return 0, set()
    count = contents.told(lambda found: int(found["trainings"]), said, str(record / reading.LEDGER))
    files = [record / paths.TRAINING.name, *sorted((record / seed_runs.FOLDER).glob(f"*/{paths.TRAINING.name}"))]
    named = (contents.read(file, lambda path: str(records.read_json(path)["fingerprint"])) for file in files)
    return count, {training for training in named if training}
