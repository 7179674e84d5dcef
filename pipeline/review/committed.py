"""An experiment as a commit has it. What a review rests on was declared before it: what is not committed was not."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.filing import claims, experiments, reading
from pipeline.filing.claims import Claim
from pipeline.filing.record import Record
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process import git
from pipeline.process.errors import HerbariumError
from pipeline.results import sequential

_NOTHING = "not declared"
YOUNGER = "is younger than the record"
CUT_OFF = (
    "the history here is cut off, as in a shallow clone: whether the claim is older than its record, and who its"
    " authors are, cannot be told: git fetch --unshallow"
)


@dataclass(frozen=True)
class Filed:
    """An experiment's files, read. `declared`: where the claim stands, in words.

    `warnings`: what of it is younger than the record, or that it cannot be told.
    `folders`: where it is, and where its record was first filed.
    """

    params: Params
    claim: Claim | None
    record: Record | None
    declared: str
    warnings: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()


def at(name: str, revision: str) -> Filed | None:
    """The experiment as `revision` has it; None if it has none of that name. Raises as reading its files does."""
    folder = experiments.FOLDER / name
    if git.show(revision, folder / "params.yaml") is None:
        return None
    with tempfile.TemporaryDirectory() as outside:
        git.export(revision, Path(outside), folder)
        change = git.last_change(revision, folder / "claim.yaml") or revision
        cut_off = [CUT_OFF] if git.cut_off() else []
        when = "it is not known when" if cut_off else f"last changed in commit {change[:10]}"
        declared = f"declared in {folder / 'claim.yaml'}, {when}"
        try:
            found = _read(Path(outside) / folder, declared)
            first = _first_filed(folder, revision)
            folders = {folder, first[1]} if first else {folder}
            warnings = (*cut_off, *_too_young(folder, revision, first))
            return replace(found, warnings=warnings, folders=tuple(sorted(folders)))
        except HerbariumError as error:  # its message names files where they are of no use
            said = str(error).replace(f"{outside}/", f"commit {revision[:10]}: ")
            raise type(error)(said) from None


def working(name: str) -> Filed:
    """The experiment as it lies in the project, committed or not."""
    return _read(experiments.folder(name), "declared nowhere: it is not committed")


def differing(name: str) -> tuple[str, ...]:
    """Files of the experiment that are not, or not so, in the commit."""
    return tuple(git.uncommitted((experiments.FOLDER / name).as_posix()))


def _first_filed(folder: Path, revision: str) -> tuple[str, Path] | None:
    """The commit that first had its record, and the experiment's folder there; None without a record."""
    metrics = folder / "record/metrics.json"
    first = git.first_change(revision, metrics) if git.show(revision, metrics) is not None else None
    return (first[0], first[1].parent.parent) if first else None


def _too_young(folder: Path, revision: str, first: tuple[str, Path] | None) -> tuple[str, ...]:
    """What decides a verdict and was changed after an outcome was known, in one sentence.

    It was known when a record was first filed: filed again, or moved, it makes no claim younger.
    """
    if first is None:
        return ()
    filed, where = first
    claims = ((filed, where), (revision, folder))
    then, now = (dict(_deciding(commit, below / "claim.yaml")) for commit, below in claims)
    was, now = ({key: found.get(key, _NOTHING) for key in {**then, **now}} for found in (then, now))
    changed = [f"{key} is {now[key]}, was {was[key]}" for key in now if was[key] != now[key]]
    if not changed:
        return ()
    return (
        f"{folder / 'claim.yaml'} {YOUNGER} (first filed in commit {filed[:10]}):"
        f" {'; '.join(changed)}: what is declared when the outcome is known may have been chosen to suit it",
    )


def _deciding(commit: str, claim: Path) -> Iterator[tuple[str, Any]]:
    """What a claim.yaml declares that decides a verdict, as it was written: of another version, or damaged."""
    try:
        content = dict(config.parse_yaml(git.show(commit, claim) or "", "claim.yaml"))
    except (HerbariumError, TypeError, ValueError):
        return
    reported = ("value", "n", "seeds") if content.get("origin") == "published" else ()  # our own follow the record
    images = ("images", "contents") if reported else ()
    yield from ((key, content[key]) for key in ("margin", "split", *reported, *images) if key in content)
    yield "most_seeds", content.get("most_seeds", sequential.MOST_SEEDS)
    figures = content.get("figures")
    for figure in filter(lambda figure: isinstance(figure, dict), figures if isinstance(figures, list) else ()):
        named = " ".join(str(figure[key]) for key in ("split", "metric", "class", "epoch") if key in figure)
        yield from ((f"the {key} of {named}", figure[key]) for key in ("margin", *reported) if key in figure)


def _read(folder: Path, declared: str) -> Filed:
    experiments.refuse_links(*sorted(folder.rglob("*")))
    claim, record = folder / "claim.yaml", folder / "record"
    return Filed(
        config.load(folder / "params.yaml"),
        claims.read(claim) if claim.exists() else None,
        reading.vouched(record) if (record / "metrics.json").exists() else None,
        declared,
    )
