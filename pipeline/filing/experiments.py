"""experiments/<name>/: an experiment on file. params.yaml, claim.yaml, README.md and, once measured, record/."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.params import config, editing
from pipeline.params.schema import Params
from pipeline.params.suggestions import did_you_mean
from pipeline.process import git
from pipeline.process.errors import ConfigError

FOLDER = Path("experiments")


def names() -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob("*/params.yaml"))


def folder(name: str) -> Path:
    """Its folder. Raises ConfigError if there is no such experiment, or it holds links: they may lead anywhere."""
    if name not in names():
        raise ConfigError(
            f"{FOLDER}: no experiment {name!r}{did_you_mean(name, names())}; `herbarium list` shows all of them,"
            " docs/experiments.md how to add one"
        )
    found = FOLDER / name
    refuse_links(FOLDER, found, *sorted(found.rglob("*")))
    return found


def require_whole(name: str) -> None:
    """Raise ConfigError if it lacks a file that its author writes."""
    written = [folder(name) / file for file in ("claim.yaml", "README.md")]
    if absent := [str(file) for file in written if not file.is_file()]:
        raise ConfigError(
            f"{' and '.join(absent)}: not found; needed before a record is filed: docs/experiments.md says what is in"
            " them (A new claim)"
        )


def refuse_links(*files: Path) -> None:
    """Raise ConfigError if one is a symbolic link: in an experiment from elsewhere it may lead anywhere."""
    links = [path for path in files if path.is_symlink()]
    if links:
        raise ConfigError(f"{links[0]}: found a symbolic link; allowed in {FOLDER}: files and folders of their own")


def params_file(name: str) -> Path:
    return folder(name) / paths.PARAMS.name


def claim_file(name: str) -> Path:
    return folder(name) / "claim.yaml"


def record_folder(name: str) -> Path:
    return folder(name) / "record"


def params(name: str) -> Params:
    return config.load(params_file(name))


def use(name: str, force: bool = False, changes: Mapping[str, Any] | None = None) -> None:
    """Its params.yaml, of the current version, in the place of the project's; with `changes`: dotted key → value.

    Raises ConfigError if that would lose edits: params.yaml is neither committed nor the file of an experiment.
    """
    text = editing.with_values(_upgraded(params_file(name)), changes or {}, str(paths.PARAMS))
    config.check(config.parse_yaml(text, str(paths.PARAMS)), str(paths.PARAMS))
    if not force:
        require_kept()
    records.write_text(paths.PARAMS, text)


def require_kept(again: str = "") -> None:
    """Raise ConfigError if params.yaml has edits that overwriting it would lose: neither committed nor on file.

    `again`: the command that overwrites them all the same.
    """
    if paths.PARAMS.exists() and not _kept_elsewhere():
        raise ConfigError(
            f"{paths.PARAMS} has edits that are nowhere else; commit them, or give --force to overwrite them"
            + (f": {again}" if again else "")
        )


def _upgraded(path: Path) -> str:
    return editing.upgraded(config.read_text(path), str(path))


def _kept_elsewhere() -> bool:
    if git.committed(paths.PARAMS):
        return True
    files, content = [FOLDER / name / paths.PARAMS.name for name in names()], paths.PARAMS.read_bytes()
    if any(content == file.read_bytes() for file in files):
        return True
    return any(_becomes(file, content) for file in files)


def _becomes(file: Path, content: bytes) -> bool:
    """Whether an experiment's file is put into place as `content`."""
    try:
        return _upgraded(file).encode() == content
    except ConfigError:  # what cannot be read was never put into place
        return False
