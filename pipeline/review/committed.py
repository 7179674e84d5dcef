"""An experiment as a commit has it. What a review rests on was declared before it: what is not committed was not."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.filing import claims, experiments, reading
from pipeline.filing.claims import Claim
from pipeline.filing.record import Record
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process import git
from pipeline.process.errors import HerbariumError


@dataclass(frozen=True)
class Filed:
    """An experiment's files, read. `declared`: where the claim stands, in words."""

    params: Params
    claim: Claim | None
    record: Record | None
    declared: str


def at(name: str, revision: str) -> Filed | None:
    """The experiment as `revision` has it; None if it has none of that name. Raises as reading its files does."""
    folder = experiments.FOLDER / name
    if git.show(revision, folder / "params.yaml") is None:
        return None
    with tempfile.TemporaryDirectory() as outside:
        git.export(revision, Path(outside), folder)
        change = git.last_change(revision, folder / "claim.yaml") or revision
        declared = f"declared in {folder / 'claim.yaml'}, last changed in commit {change[:10]}"
        try:
            return _read(Path(outside) / folder, declared)
        except HerbariumError as error:  # its message names files where they are of no use
            said = str(error).replace(f"{outside}/", f"commit {revision[:10]}: ")
            raise type(error)(said) from None


def working(name: str) -> Filed:
    """The experiment as it lies in the project, committed or not."""
    return _read(experiments.folder(name), "declared nowhere: it is not committed")


def differing(name: str) -> tuple[str, ...]:
    """Files of the experiment that are not, or not so, in the commit."""
    return tuple(git.uncommitted((experiments.FOLDER / name).as_posix()))


def _read(folder: Path, declared: str) -> Filed:
    experiments.refuse_links(*sorted(folder.rglob("*")))
    claim, record = folder / "claim.yaml", folder / "record"
    return Filed(
        config.load(folder / "params.yaml"),
        claims.read(claim) if claim.exists() else None,
        reading.vouched(record) if (record / "metrics.json").exists() else None,
        declared,
    )
