"""The documentation is true: its commands exist, its files are there, and what is cheap is run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import get_args

import dask.config
import distributed  # noqa: F401 - declares its settings
import pytest
import typer
from dvc.cli import parse_args
from PIL import Image

from pipeline.cli import app
from pipeline.commands import extraction_workers
from pipeline.data import images
from pipeline.params import config
from pipeline.params.data_section import Data
from tests import shipped

from .conftest import ROOT, shrunk
from .rendered import render

PAGES = sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
INLINE = re.compile(r"`((?:herbarium|make|dvc) [^`…<]+)`")
OTHERS = {"git", "pip", "python3", "touch", "curl", "mlflow", "dask", "pre-commit", "source", "helm"}
OTHERS |= {"createuser", "createdb", "base64", "tr", "sed"}  # PostgreSQL's, and the shell's
CHEAP = ["herbarium check", "herbarium versions", "herbarium list", "dvc status", "dvc params diff", "make help"]
# Run in order, with a small experiment, after `dvc repro`: all commands of ours on these pages but those named here.
WALKED = [Path("README.md"), Path("docs/air-gapped.md"), Path("docs/teams.md"), Path("docs/faq.md")]
NOT_WALKED = {
    "make": "minutes, or a server: .ci/run, tests/tracking/test_ui.py",
    "herbarium sweep": "minutes, or a scheduler of one's own: tests/sweep",
    "herbarium promote": "needs a sweep: tests/sweep/test_promote.py",
    "herbarium verify": "minutes: tests/review/test_verify.py",
    "herbarium versions --write": "changes what the others run with: tests/identity",
    "dvc remote": "names storage of one's own",
    "dvc push": "needs such storage",
    "dvc pull": "needs such storage",
}
IDENTITY = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
WRITTEN = {"dvc.lock", "data/", "models/", "reports/"}  # by runs; a checkout may be without


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall((ROOT / page).read_text()) if kind == language]


def commands(page: Path) -> Iterator[str]:
    """Every command of a page's bash blocks."""
    for line in "".join(blocks(page, "bash")).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        for is_end, command in groupby(words, lambda word: word in ("&&", ";", "|")):
            if not is_end:
                yield shlex.join(command)


def mentioned(page: Path) -> Iterator[str]:
    """Every command of ours in a page's sentences; a bare one stands for the command, not for a call of it."""
    inline = INLINE.findall(BLOCK.sub("", (ROOT / page).read_text()))
    for words in (part.split() for found in inline for part in found.split("&&")):
        yield " ".join([*words, "--help"] if len(words) == 2 and words[0] != "make" else words)


def check(command: str) -> None:
    """Raise if the command, its sub-command or an option of it does not exist."""
    program, *arguments = shlex.split(command)
    if program == "herbarium":
        group = typer.main.get_command(app)
        with typer.Context(group) as context:
            name, found, rest = group.resolve_command(context, arguments)
            found.make_context(name, list(rest), parent=context)
    elif program == "dvc":
        parse_args(arguments)
    elif program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert all(word in targets or "=" in word for word in arguments), f"no such target: {arguments}"
    elif program == "export":
        (setting,) = arguments
        name = setting.partition("=")[0]
        key = name.removeprefix("DASK_").lower().replace("__", ".")
        ours = name in (extraction_workers.WORKERS, extraction_workers.SCHEDULER)
        assert ours or dask.config.get(key) is not None, f"no setting of Dask: {key}"
    elif program == "python" and arguments[0] != "-m":
        assert (ROOT / arguments[0]).is_file(), f"no such script: {arguments[0]}"
    else:
        assert Path(program).name in OTHERS, f"unknown program: {program}"


@pytest.mark.parametrize(("page", "command"), [(page, command) for page in PAGES for command in commands(page)])
def test_every_command_exists(page: Path, command: str) -> None:
    check(command)


@pytest.mark.parametrize(("page", "command"), [(page, command) for page in PAGES for command in mentioned(page)])
def test_every_command_that_is_mentioned_exists(page: Path, command: str) -> None:
    if not command.endswith("--help"):
        check(command)
        return
    with pytest.raises((SystemExit, typer.Exit)) as end:
        check(command)
    assert getattr(end.value, "code", 0) == getattr(end.value, "exit_code", 0) == 0


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall((ROOT / page).read_text()) if "://" not in target]
    missing = [target for target in targets if not (ROOT / page.parent / target).exists()]
    assert not missing, f"{page} links to what is not there"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_that_is_named_exists(page: Path) -> None:
    prose = BLOCK.sub("", (ROOT / page).read_text())
    named = set(re.findall(r"`((?:pipeline|tests|docs)/[\w./-]+)`", prose))
    assert not {name for name in named if not (ROOT / name).exists()}


def test_what_decides_bits_is_held_by_tests_that_exist() -> None:
    """Each row of the table names one test at least, by file and function."""
    (table,) = re.findall(r"^\| what decides bits .*?(?=\n\n)", (ROOT / "docs/concepts.md").read_text(), re.M | re.S)
    for row in table.splitlines()[2:]:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, f"no test: {row}"
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / file).read_text(), f"{file} has no {test}"


def test_sources_and_formats_are_those_of_the_code() -> None:
    (drawn,) = re.findall(r'source\["(.+?)"\]', (ROOT / "docs/concepts.md").read_text())
    assert set(drawn.split(" · ")) == set(get_args(Data.model_fields["source"].annotation))
    assert f"Pillow ({', '.join(images.FORMATS)})" in (ROOT / "docs/security.md").read_text()


def test_the_tree_of_the_readme_is_that_of_the_project() -> None:
    trees = [block for block in blocks(Path("README.md"), "text") if block.startswith("pipeline/")]
    assert len(trees) == 1
    named = {word for line in trees[0].splitlines() for word in re.split(r"\s{2,}", line)[0].split()}
    assert named >= {"pipeline/", "params.yaml", "dvc.yaml", "experiments/", "tests/"}
    assert not {name for name in named - WRITTEN if not (ROOT / name).exists()}


def run_bare(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as the README says, prefixed with `.venv/bin/`: nothing is activated, there is hardly any PATH."""
    if Path(sys.prefix) != ROOT / ".venv" and not (Path(sys.prefix) / "unactivated").exists():
        pytest.skip("not in the environment that make sets up")
    bare = {name: os.environ[name] for name in ("HOME", "TF_CPP_MIN_LOG_LEVEL") if name in os.environ}
    program = command if command.startswith(("make", "git")) else f"{Path(sys.executable).parent}/{command}"
    environment = {**bare, "PATH": "/usr/bin:/bin"}
    return subprocess.run(program, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is shipped, under git, nothing run."""
    folder = shipped.write_project(tmp_path_factory.mktemp("copy"), "experiments/digits", "Makefile")
    for command in (["init", "--quiet"], ["add", "--all"], [*IDENTITY, "commit", "--quiet", "--message", "shipped"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    return folder


@pytest.mark.parametrize("command", CHEAP)
def test_cheap_commands_run_as_written(command: str, copy: Path) -> None:
    run = run_bare(command, copy)
    assert run.returncode == 0
    assert [line for line in run.stderr.splitlines() if not line.endswith(" …")] == []  # what takes seconds says so


def walk() -> list[str]:
    """The commands to be run, each once, in the order they are read in."""
    found = [c for page in WALKED for c in commands(page) if c.startswith(("herbarium ", "dvc ", "make "))]
    return [c for c in dict.fromkeys(found) if not c.startswith(tuple(NOT_WALKED))]


def test_every_command_of_ours_is_run_or_excused() -> None:
    """Those of the other pages are on these as well, or are run by the tests of their room."""
    assert {"dvc repro", "herbarium cuts", "herbarium publish --register flowers"} <= set(walk())
    read = [c for page in WALKED for c in commands(page)]
    assert not [start for start in NOT_WALKED if not any(c.startswith(start) for c in read)]


@pytest.mark.slow
def test_the_commands_run_as_written_one_after_the_other(tmp_path: Path) -> None:
    """Stages find their Python, `--temp` and `exp run` too, without the environment being activated."""
    folder = small_project(tmp_path / "project")
    (folder / "photographs").mkdir()
    for n in range(2):
        Image.new("L", (20, 20), 90 * n).save(folder / f"photographs/{n}.png")
    done = {c: run_bare(c, folder) for c in ["dvc repro", "git add dvc.lock", "git commit -qm run", *walk()]}
    assert not {c: run.stdout + run.stderr for c, run in done.items() if run.returncode}
    assert not [c for c, run in done.items() if "Traceback" in run.stderr]
    assert (folder / "answers.png").exists()
    assert (folder / "weights/mine.weights.h5").exists()


def small_project(folder: Path) -> Path:
    """A clone in which the experiment of params.yaml is small."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    for name, value in (("user.name", "n"), ("user.email", "e@example.org")):
        subprocess.run(["git", "-C", folder, "config", name, value], check=True)
    content = config.check(shrunk(shipped.content()), "params.yaml").model_dump()
    (folder / "params.yaml").write_text(render(content))
    subprocess.run(["git", "-C", folder, "commit", "--quiet", "--all", "--message", "small"], check=True)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "herbarium predikt x",
        "herbarium predict x --colour",
        "herbarium verify",
        "make everything",
        "dvc reprodu",
        "frob",
    ],
)
def test_a_wrong_command_is_noticed(command: str) -> None:
    with pytest.raises((Exception, SystemExit)) as noticed:
        check(command)
    assert getattr(noticed.value, "exit_code", 1) != 0
