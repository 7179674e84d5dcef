"""Whatever the locale, text is UTF-8 and everything can be printed; the code is that of the folder one stands in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.process import startup
from pipeline.process.startup import OthersCodeError
from tests import shipped
from tests.conftest import ROOT

# Python itself leaves the C locale for UTF-8, unless it is told not to; a Latin-1 locale it takes as it is.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
HERBARIUM = (str(Path(sys.executable).with_name("herbarium")),)
MODULE = (sys.executable, "-m", "pipeline")


def run(*command: str, folder: Path = ROOT, encoding: str = "utf-8", **environment: str):
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONUTF8")}
    settings = {**inherited, **environment}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, encoding=encoding, check=False)


@pytest.fixture
def latin1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Latin-1 locale, made here."""
    folder = tmp_path_factory.mktemp("locales")
    make = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(folder / "en_US.ISO-8859-1")]
    if shutil.which("localedef") is None or subprocess.run(make, capture_output=True).returncode > 1:
        pytest.skip("this machine cannot make locales")
    return {"LOCPATH": str(folder), "LC_ALL": "en_US.ISO-8859-1"}


PRINTED = "from pipeline.process import startup; startup.print_anything(); print('\\xb1 \\u2013 \\xe9 \\ud55c \\udce9')"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "± – é 한 \\udce9"),
        ("latin-1", "± - é \\ud55c \\udce9"),
        ("cp1252", "± – é \\ud55c \\udce9"),
        ("ascii", "+/- - e \\ud55c \\udce9"),
        ("ascii:strict", "+/- - e \\ud55c \\udce9"),
    ],
)
def test_what_the_encoding_has_no_letter_for_is_spelled(encoding: str, shown: str) -> None:
    """Also half a letter, as the name of a file may hold one that is no text."""
    done = run(sys.executable, "-c", PRINTED, encoding=encoding.partition(":")[0], PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{shown}\n", "")


@pytest.mark.parametrize("locale", ["as it is", "latin1"])
def test_a_file_s_name_on_standard_input_is_that_of_an_argument(locale: str, request: pytest.FixtureRequest) -> None:
    """Also one that is no UTF-8."""
    around = {**os.environ, **(request.getfixturevalue("latin1") if locale == "latin1" else {})}
    code = f"{SETTLED}startup.print_anything(); import os; print(os.fsencode(sys.stdin.read()), ascii(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, b"r\xe9"], input=b"r\xe9", env=around, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [repr(b"r\xe9"), ascii(os.fsdecode(b"r\xe9"))]


def test_a_command_prints_in_the_c_locale(project: Path) -> None:
    """Of one experiment, without a record: all of ours take seconds to read."""
    without = shutil.ignore_patterns("record")
    shutil.copytree(ROOT / "experiments/digits", project / "experiments/digits", ignore=without)
    done = run(*HERBARIUM, "list", folder=project, encoding="ascii", **ASCII)
    assert (done.returncode, done.stderr) == (0, "reading the experiments on file ...\n")
    assert re.search(r"not measured here +\S+ +- +- +-$", done.stdout, re.MULTILINE)  # a dash elsewhere


def test_a_latin_1_terminal_gets_its_own_letters(latin1: dict[str, str]) -> None:
    code = f"{SETTLED}{PRINTED}"
    assert run(sys.executable, "-c", code, encoding="latin-1", **latin1).stdout == "± - é \\ud55c \\udce9\n"


SETTLED = "import sys; from pipeline.process import startup; startup.settle(); "
ASKED = "import locale, os, sys; (name,) = os.listdir(sys.argv[1]); text = open(f'{sys.argv[1]}/{name}').read(); "
ASKED += "print(ascii([name, text, locale.getpreferredencoding()]))"


@pytest.mark.parametrize("locale", ["C", "Latin-1"])
def test_names_and_files_are_read_alike_in_every_locale(locale: str, tmp_path: Path, request) -> None:
    """They get into results: `ids.csv`, class names."""
    (tmp_path / "é").write_text("ß", encoding="utf-8")
    environment = ASCII if locale == "C" else request.getfixturevalue("latin1")
    done = run(sys.executable, "-c", SETTLED + ASKED, str(tmp_path), **environment)
    assert done.stderr == ""
    assert done.stdout.strip().lower() == ascii(["é", "ß", "utf-8"])


# Whose code


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout of the project, whose `herbarium summary` says so."""
    folder = tmp_path / "another"
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "experiments").mkdir()
    (folder / "below").mkdir()
    shutil.copy(ROOT / "dvc.yaml", folder)
    (folder / paths.PARAMS).write_text(shipped.PARAMS, encoding="utf-8")
    (folder / "pipeline/results/overview.py").write_text("def of_results():\n    return 'of the other checkout'\n")
    for file in (paths.METRICS, paths.TRAINING):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("{}")
    return folder


@pytest.mark.parametrize(("command", "below"), [(HERBARIUM, ""), (HERBARIUM, "below"), (MODULE, ""), (MODULE, "below")])
def test_the_code_is_that_of_the_folder_one_stands_in(checkout: Path, command: tuple[str, ...], below: str) -> None:
    """As under `dvc repro`, also where the environment was installed for another checkout (a second worktree)."""
    done = run(*command, "summary", folder=checkout / below)
    assert (done.returncode, done.stdout, done.stderr) == (0, "of the other checkout\n", "")


def test_what_it_starts_runs_that_code_as_well(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout / "below")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", str(checkout)]))
    started = []
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments))
    startup.settle()
    ((program, arguments, environment),) = started
    assert (program, arguments[0]) == (sys.executable, sys.executable)
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(checkout), "/elsewhere"]
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    startup.settle()
    assert len(started) == 1, "and it is not tried twice, if Python was told not to look there"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users have no numbers here")
def test_a_strangers_code_is_not_run_for_standing_in_his_folder(checkout: Path, monkeypatch) -> None:
    monkeypatch.chdir(checkout)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(OthersCodeError, match="belongs to another user"):
        startup.settle()


def test_a_checkout_whose_path_python_could_not_be_told_is_refused(checkout: Path, monkeypatch) -> None:
    """A path in PYTHONPATH ends at a colon: Python would be started with it again and again."""
    odd = checkout.with_name("run 12:00")
    checkout.rename(odd)
    monkeypatch.chdir(odd)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("started anew"))
    with pytest.raises(OthersCodeError, match="run 12:00: a path with ':' cannot be told to Python"):
        startup.settle()


def test_a_project_without_code_of_its_own_runs_the_installed_one(project: Path, monkeypatch) -> None:
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("started anew"))
    startup.settle()


def test_json_stays_json(tmp_path: Path) -> None:
    """What cannot be shown is escaped as JSON escapes, not spelled."""
    code = "import json, sys; from pathlib import Path; from pipeline.serving import predict; "
    code += "print(predict._json(predict.Answer(Path('é×'), error='한')))"
    done = run(sys.executable, "-c", code, PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout) == {"image": "é×", "error": "한"}
