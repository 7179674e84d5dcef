"""What a review asks git: which commit, which files, and their contents there."""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.process.errors import HerbariumError


class GitError(HerbariumError):
    """This folder is no git repository, or git does not know what was asked for."""


_ABSENT = 1  # how `rev-parse --quiet` ends if there is no such revision
_COMMIT_AND_FILE = re.compile(r"([0-9a-f]{40,64})\0(?:\n([^\0]*)\0)?")  # of `log -z`; merges name no file
_FORGES = {"GitHub", "GitLab"}  # commit what a person merges on their pages
_NOT_TRUSTED = b"dubious ownership"  # the folder is another user's; git says how to trust it
# Line ends are part of a file's hash; git's configuration may ask for others than were committed.
_BYTE_FOR_BYTE = ("-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.symlinks=true")


def is_repository() -> bool:
    """Whether this folder is in a repository, as far as can be seen without git."""
    return any((folder / ".git").exists() for folder in (Path.cwd(), *Path.cwd().parents))


def commit(revision: str = "HEAD", seconds: float | None = None) -> str:
    """The full name of a commit. Raises GitError if there is no such revision, or git takes more than `seconds`."""
    done = _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", seconds=seconds)
    if done.returncode not in (0, _ABSENT):
        raise _refused(done)
    if done.returncode:
        raise GitError(
            f"{revision!r} is no experiment, no MLflow run and no git commit here; `herbarium list` shows the"
            " experiments"
        )
    return done.stdout.decode().strip()


def files() -> list[Path]:
    """Files of the working tree that git tracks or would track: all but the ignored ones."""
    listed = _output("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return [path for name in os.fsdecode(listed).split("\0") if name and (path := Path(name)).is_file()]


def changed(*below: str, seconds: float | None = None) -> list[str]:
    """Tracked files at `below` (everywhere if none is given) that differ from the commit. Raises GitError if git takes
    more than `seconds`.
    """
    return _status("no", *below, seconds=seconds)


def uncommitted(*below: str) -> list[str]:
    """Files at `below` that differ from the commit, those it does not have included."""
    return _status("all", *below)


def lacks(path: Path) -> bool:
    """True if something at `path` is not tracked, ignored or not: a copy that git makes is without it."""
    return bool(_output("ls-files", "-z", "--others", "--directory", "--", str(path)))


def committed(path: Path) -> bool:
    """True if the file's content is the commit's."""
    done = _run("show", f"HEAD:./{path.as_posix()}")
    return done.returncode == 0 and done.stdout == path.read_bytes()


def show(revision: str, path: Path) -> str | None:
    """A text file as it is in a commit; None if it is not there. Raises GitError if it is not UTF-8."""
    done = _run("show", f"{revision}:./{path.as_posix()}")
    try:
        return done.stdout.decode() if done.returncode == 0 else None
    except UnicodeDecodeError:
        raise GitError(f"{path} of commit {revision[:10]}: not UTF-8 text; save it as UTF-8 and commit it") from None


def cut_off() -> bool:
    """True if commits are missing, as in a shallow clone: what is the oldest there seems to have brought every file."""
    return _line("rev-parse", "--is-shallow-repository") == "true"


def last_change(revision: str, path: Path) -> str | None:
    """The commit, up to `revision`, that changed `path` last; None if it is not there."""
    return _line("log", "-1", "--format=%H", revision, "--", path.as_posix()) or None


def first_change(revision: str, path: Path) -> tuple[str, Path] | None:
    """The commit, up to `revision`, that brought the file at `path`, and its name there: followed, with the same bytes,
    to where it was moved or copied from. None if it was never there.
    """
    options = ("--follow", "-M100%", "-z", "--format=%H", "--name-only", "--relative")
    listed = os.fsdecode(_output("-c", "log.showRoot=true", "log", *options, revision, "--", path.as_posix()))
    found = _COMMIT_AND_FILE.findall(listed)
    return (found[-1][0], Path(found[-1][1] or path)) if found else None


def authors(revision: str, *below: Path) -> list[str]:
    """Who has changed what is at `below`, up to `revision`: authors, who committed for them, and who is named beside
    them (Co-authored-by), by name, sorted.
    """
    lines = "%aN%n%cN%n%(trailers:key=Co-authored-by,valueonly)"
    found = os.fsdecode(_output("log", f"--format={lines}", revision, "--", *(path.as_posix() for path in below)))
    names = {line.partition("<")[0].strip() for line in found.splitlines()}
    return sorted(names - {"", *_FORGES})


def export(revision: str, destination: Path, below: Path = Path()) -> None:
    """Write the files of a commit (of this folder, at `below`) into the folder `destination`, without its history.

    They have the bytes that were committed, whatever line ends git is configured to write. Raises GitError if one is a
    link that leads out of `destination`.
    """
    part = "" if below == Path() else f"{below.as_posix()}/"
    tree = f"{revision}:{_line('rev-parse', '--show-prefix')}{part}".removesuffix("/")
    repository = _line("rev-parse", "--absolute-git-dir")
    there = (f"--git-dir={repository}", f"--work-tree={destination.resolve()}", *_BYTE_FOR_BYTE)
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}  # the project's own stays as it is
        _output(*there, "read-tree", f"--prefix={part}", tree, environment=index)
        _output(*there, "checkout-index", "--all", "--force", "--quiet", environment=index)
    for link in _links(destination):
        if not _stays_inside(link, destination):
            out = f"the link {link.relative_to(destination)} leads to {os.readlink(link)}"
            raise GitError(f"{revision[:10]}: its files cannot be laid out: {out}")


def _status(untracked: str, *below: str, seconds: float | None = None) -> list[str]:
    options = ("--porcelain", "-z", "--no-renames", f"--untracked-files={untracked}")
    output = os.fsdecode(_output("status", *options, "--", *below, seconds=seconds))
    return [entry[3:] for entry in output.split("\0") if len(entry) > 3]


def _links(folder: Path) -> list[Path]:
    below = [Path(parent, name) for parent, folders, files in os.walk(folder) for name in (*folders, *files)]
    return [path for path in below if path.is_symlink()]


def _stays_inside(link: Path, folder: Path) -> bool:
    target = Path(os.readlink(link))
    return not target.is_absolute() and (link.parent / target).resolve().is_relative_to(folder.resolve())


def _line(*arguments: str) -> str:
    """What git prints: one line."""
    return os.fsdecode(_output(*arguments)).removesuffix("\n")


def _output(*arguments: str, environment: Mapping[str, str] | None = None, seconds: float | None = None) -> bytes:
    done = _run(*arguments, environment=environment, seconds=seconds)
    if done.returncode:
        raise _refused(done)
    return done.stdout


def _run(
    *arguments: str, environment: Mapping[str, str] | None = None, seconds: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Raises GitError where git is not there, refuses the folder or takes too long; other answers are the caller's."""
    # Asking leaves the repository as it is: without this, `git status` writes its index anew.
    settings = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(environment or {})}
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False, env=settings, timeout=seconds)
    except FileNotFoundError:
        raise GitError("git is not installed; a review needs it to know which code it runs") from None
    except subprocess.TimeoutExpired:
        raise GitError(f"git {arguments[0]} has not answered within {seconds:g} s") from None
    if done.returncode and _NOT_TRUSTED in done.stderr:
        raise _refused(done)
    return done


def _refused(done: subprocess.CompletedProcess[bytes]) -> GitError:
    return GitError(f"git: {done.stderr.decode(errors='replace').strip() or f'exit code {done.returncode}'}")
