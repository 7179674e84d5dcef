"""Runs the pipeline in a copy of the project, so that a review or a second seed leaves the user's files alone.

The copy lies below .herbarium/, on the project's own disk: its outputs are links into the DVC cache where that works.
It has a folder around it, so that a path like ../photographs leads to the same files from inside the copy.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import paths, records
from pipeline.identity import versions
from pipeline.params import config, rendering
from pipeline.params.schema import Params
from pipeline.process import databases, dvc, git, groups, scratch
from pipeline.process.errors import ConfigError, HerbariumError
from pipeline.review import cached, wording

Say = Callable[[str], None]
Links = Mapping[Path, Path]
_RUNNING = re.compile(r"^Running stage '(.+)':")
_LINES_SHOWN = 12


class RerunError(HerbariumError):
    """The pipeline did not run to its end in the copy."""


@dataclass(frozen=True)
class Workspace:
    """A copy of the project. `other_versions`: package → (its version in the copied code, the installed one)."""

    folder: Path
    other_versions: dict[str, tuple[str, str]]


@contextmanager
def of_files() -> Iterator[Workspace]:
    """A copy of the working tree, uncommitted changes included, removed in the end."""

    def copy(destination: Path) -> None:
        for path in git.files():
            (destination / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, destination / path)

    with _workspace(copy, fresh=False) as workspace:
        yield workspace


@contextmanager
def of_revision(revision: str, fresh: bool = False) -> Iterator[Workspace]:
    """A copy of a commit's files, removed in the end. `fresh`: nothing is taken from the project's DVC cache."""
    with _workspace(lambda destination: git.export(revision, destination), fresh) as workspace:
        yield workspace


def repro(workspace: Workspace, params: Params, say: Say, links: Links | None = None) -> tuple[str, ...]:
    """`dvc repro` with `params` as params.yaml; returns the stages that were computed, not cached.

    `links`: relative paths of the copy → what lies there instead of what the project has. `say` gets every line of
    output. Raises ConfigError if the copy's code knows no such parameters, RerunError with the
    last lines if a stage fails.
    """
    content = wording.of_code(workspace.folder, config.check(params.model_dump(), str(paths.PARAMS)).model_dump())
    # Shown nowhere: a review's runs are not the user's. The section is no stage's input, so no output depends on it.
    database = workspace.folder.resolve() / "mlflow.db"
    content["tracking"] = {"experiment": "review", "uri": databases.sqlite_url(database)}
    records.write_text(workspace.folder / paths.PARAMS, f"{rendering.flow(content)}\n")
    for used in (Path(params.data.path), Path(params.backbone.path), paths.STATE / "models"):
        _share(used, workspace.folder, (links or {}).get(used))
    return dvc_repro(workspace.folder, say)


def dvc_repro(folder: Path, say: Say) -> tuple[str, ...]:
    """`dvc repro` in `folder`; returns the stages that were computed. Raises RerunError with the last lines.

    `say` is spared DVC's advice on git and remotes: what a review has run goes with its copy, and more seeds follow.
    """
    lines = []

    def heard(line: str) -> None:
        lines.append(line)
        say(line)

    kept = folder == Path()  # a copy goes with the command, and what is half-done in it too
    if groups.run(dvc.without_advice("repro"), folder, dvc.environment(), heard, in_order=kept):
        raise RerunError("the pipeline failed:\n" + "\n".join([line for line in lines if line][-_LINES_SHOWN:]))
    return tuple(found[1] for line in lines if (found := _RUNNING.match(line)))


@contextmanager
def _workspace(copy: Callable[[Path], None], fresh: bool) -> Iterator[Workspace]:
    with groups.ending_in_order(), scratch.folder(paths.STATE, paths.REVIEW_COPY) as around:
        folder = around / "project"
        folder.mkdir()
        copy(folder)
        (folder / paths.LOCK).unlink(missing_ok=True)
        _configure_dvc(folder, fresh)
        yield Workspace(folder, _take_installed_versions(folder))


def _configure_dvc(folder: Path, fresh: bool) -> None:
    # A cache that the commit, the user or the machine names would hand out what is to be computed: the copy's own is
    # named. Nobody edits a copy that is removed in the end, so it may be hard links, which take neither time nor space.
    # Quoted: in DVC's settings # begins a comment and a comma a list.
    place = "cache" if fresh else f"'''{cached.folder()}'''\n    type = reflink,hardlink,copy"
    records.write_text(folder / ".dvc/config.local", f"[core]\n    no_scm = true\n[cache]\n    dir = {place}\n")


def _take_installed_versions(folder: Path) -> dict[str, tuple[str, str]]:
    """Let the copy's cache key name the installed packages: other ones may be tried, and are named in the report."""
    file = folder / "pipeline" / paths.VERSIONS.name
    if not file.exists():
        return {}
    recorded: dict[str, str] = records.read_json(file)
    installed = versions.installed(recorded)
    records.write_json(file, installed)
    return {name: (recorded[name], installed[name]) for name in recorded if recorded[name] != installed[name]}


def _share(path: Path, folder: Path, instead: Path | None = None) -> None:
    """Let the copy see an input that is not in git: what lies at the relative `path` in the project, or `instead`.

    Raises ConfigError if that leads further out than the copy reaches: nothing outside it may be touched.
    """
    if path.is_absolute() or not (instead or path).exists():
        return
    link = Path(os.path.normpath(folder / path))
    if folder.parent not in link.parents or link == folder or link in folder.parents:
        raise ConfigError(
            f"{paths.PARAMS}: found the path {path}; a review runs in a copy of the project, from which that leads"
            " elsewhere: allowed there are absolute paths, paths in the project and in the folder it lies in"
        )
    if link.is_symlink():
        return
    if (instead or path).is_dir() and link.is_dir():
        shutil.rmtree(link)
    if instead:
        link.unlink(missing_ok=True)
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((instead or path).resolve())
