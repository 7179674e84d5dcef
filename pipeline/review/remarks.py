"""What a reader is told beside the verdict: what can be found out at all, and what the evidence may suffer from."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.files import records
from pipeline.filing import contents, locks, sweeps
from pipeline.process import naming
from pipeline.results import rounding
from pipeline.results.seeds import Measured
from pipeline.review import cached, power, repeatability
from pipeline.review.claimed import Claimed
from pipeline.review.subjects import Subject

_FILES_NAMED = 3


def announced(subject: Subject, claim: Claimed) -> list[str]:
    """What can be found out at all, for the reviewer before anything runs."""
    record = subject.record.measured(claim.split) if subject.record else None
    question = claim.question(claim.same_images and (record is None or claim.may_be_of(record.images)))
    if question is None:
        return ["there are no figures on record here, only hashes: nothing but equal bits can be confirmed"]
    lines = power.describe(question, record.images if record else question.reported.images, _spread(record))
    bits = ["a first seed that is the record's, bit for bit, decides; otherwise:"] if claim.of_record else []
    return [*bits, *lines]


def _spread(record: Measured | None) -> float | None:
    """Standard deviation of the seeds on record, at least a rounding's; None of fewer than two."""
    if record is None or len(record.accuracies) < 2:
        return None
    return float(max(np.std(record.accuracies, ddof=1), rounding.variance(1 / record.images) ** 0.5))


def other_code(subject: Subject, project: Path) -> str | None:
    """Why a commit's own lock is no measure of its code, if it was made with another."""
    if not subject.code_of_record or subject.record is None or subject.record.lock is None:
        return None
    read = {path: digest for path, digest in locks.sources(subject.record.lock).items() if path.endswith(".py")}
    files = {path: project / path for path in read}
    other = sorted(path for path, file in files.items() if not file.is_file() or records.md5(file) != read[path])
    if not other:
        return None
    return f"its dvc.lock was made with other code than the commit has: {naming.some(other, _FILES_NAMED)}"


def notes(subject: Subject, other_versions: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    """What else a reader should know. `other_versions`: package → (in the code reviewed, here)."""
    record = subject.record
    found = [f"{name} is {new} here, {old} in the code reviewed" for name, (old, new) in other_versions.items()]
    found += [str(conflict) for conflict in repeatability.conflicts(cached.folder())]
    if record and record.trainings:
        found.append(f"trainings measured on these test images before it was filed: {record.trainings}")
    if record and record.sweep:
        found.append(f"the record is {contents.told(sweeps.sentence, record.sweep, 'sweep.json')}")
    if group := subject.params.data.splitting.group:
        found.append(
            f"intervals and verdicts take the images to be independent of each other; these are of groups"
            f" (data.splitting.group: {group}), so what is said is surer than it should be"
        )
    if record and record.params.data != subject.params.data:
        found.append("the record was made with other values of the section data; --recorded runs those")
    if record and record.typed and not record.seeds:
        typed = ", ".join(str(seed.seed) for seed in record.typed.seeds if seed.seed != record.params.train.seed)
        found.append(f"seeds {typed} are typed into the record, no lock vouches for them: they say nothing here")
    return tuple(found)
