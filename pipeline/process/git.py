"""What a review asks git: which commit, which files, and their contents there."""

import subprocess
import tarfile
from pathlib import Path

from pipeline.process.errors import HerbariumError


class GitError(HerbariumError):
    """This folder is no git repository, or git does not know what was asked for."""


def commit(revision: str = "HEAD") -> str:
    """The full name of a commit. Raises GitError if there is no such revision."""
    done = _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode:
        raise GitError(
            f"{revision!r} is no experiment, no MLflow run and no git commit here; `herbarium list` shows the"
            " experiments"
        )
    return done.stdout.decode().strip()


def files() -> list[Path]:
    """Files of the working tree that git tracks or would track: all but the ignored ones."""
    listed = _output("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return [path for name in listed.decode().split("\0") if name and (path := Path(name)).is_file()]


def changed(*below: str) -> list[str]:
    """Tracked files at `below` (everywhere if none is given) that differ from the commit."""
    output = _output("status", "--porcelain", "-z", "--untracked-files=no", "--", *below).decode()
    return [entry[3:] for entry in output.split("\0") if len(entry) > 3]


def committed(path: Path) -> bool:
    """True if the file's content is the commit's."""
    done = _run("show", f"HEAD:./{path.as_posix()}")
    return done.returncode == 0 and done.stdout == path.read_bytes()


def show(revision: str, path: Path) -> str | None:
    """A text file as it is in a commit; None if it is not there."""
    done = _run("show", f"{revision}:./{path.as_posix()}")
    return done.stdout.decode() if done.returncode == 0 else None


def export(revision: str, destination: Path) -> None:
    """Write the files of a commit (of this folder and below) into `destination`, without its history."""
    archive = destination / ".export.tar"
    _output("archive", "--format=tar", f"--output={archive.resolve()}", revision)
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(destination, filter="data")
    except tarfile.TarError as error:  # a link that leads out of the folder, for one
        raise GitError(f"{revision[:10]}: its files cannot be laid out: {error}") from None
    archive.unlink()


def _output(*arguments: str) -> bytes:
    done = _run(*arguments)
    if done.returncode:
        raise GitError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise GitError("git is not installed; a review needs it to know which code it runs") from None
