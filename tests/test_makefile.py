"""The environment that make sets up: of a Python that runs, where the project is now, and usable without activation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT
from .hostile_names import EVERYTHING

STUB = """#!/bin/sh
case "$1" in -c) exec "{python}" "$@" ;; esac
echo "{name} $*" >> "{log}"
exit 1
"""


@pytest.fixture(params=["project", EVERYTHING.replace("\\", "").replace(":", "")])  # PATH divides at colons
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project as far as make's environment is concerned."""
    found = tmp_path / request.param
    found.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, found)
    return found


def make(folder: Path, target: str, programs: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*([str(programs)] if programs else []), "/usr/bin", "/bin"])
    environment = {"HOME": str(folder), "PATH": path}
    return subprocess.run(["make", target], cwd=folder, env=environment, capture_output=True, text=True)


def environment_in(folder: Path) -> Path:
    """An environment as make leaves it, without packages."""
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "place").write_text(f"{folder}\n")
    (venv / "installed").touch()
    return venv


def test_a_python_that_does_not_run_or_is_too_old_is_passed_over(folder: Path, tmp_path: Path) -> None:
    """pyenv's shims are there for every version, and end with an error for those that are not chosen."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    (programs / "python3.13").write_text("#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n")
    (programs / "python3.12").write_text("#!/bin/sh\nexit 1\n")
    (programs / "python3.11").write_text(STUB.format(python=sys.executable, name="python3.11", log=log))
    for program in programs.iterdir():
        program.chmod(0o755)
    make(folder, ".venv/installed", programs)
    assert log.read_text() == "python3.11 -m venv .venv\n"


@pytest.fixture
def no_python(tmp_path: Path) -> Path:
    """Programs of which none is a Python that runs."""
    programs = tmp_path / "none"
    programs.mkdir()
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    return programs


def test_without_any_it_says_what_to_install(folder: Path, no_python: Path) -> None:
    done = make(folder, ".venv/installed", no_python)
    assert done.returncode != 0
    assert "Herbarium needs Python 3.11, 3.12 or 3.13" in done.stderr


def test_its_programs_find_each_other_without_activation(folder: Path) -> None:
    """`.venv/bin/dvc` starts `python`: from cron, with hardly any PATH, and from an IDE with another one on it."""
    venv = environment_in(folder)
    assert make(folder, ".venv/unactivated").returncode == 0
    ask = "import subprocess; print(subprocess.check_output('command -v python', shell=True, text=True), end='')"
    for path in ("/usr/bin:/bin", f"/usr/bin:{venv}/bin", ""):
        environment = {"PATH": path} if path else {}
        command = [str(venv / "bin/python"), "-c", ask]
        assert subprocess.check_output(command, env=environment, text=True) == f"{venv}/bin/python\n"


@pytest.mark.parametrize("target", ["start", "run", "repro", "verify", "test", "lint", "ui"])
def test_every_target_has_it_so(target: str) -> None:
    done = subprocess.run(["make", "-n", "-W", "Makefile", target], cwd=ROOT, capture_output=True, text=True)
    assert "touch .venv/unactivated" in done.stdout


def test_one_target_leaves_the_sweep_out() -> None:
    runs, repro = (subprocess.check_output(["make", "-n", target], cwd=ROOT, text=True) for target in ("run", "repro"))
    for step in ("herbarium check", "dvc repro", "herbarium publish", "herbarium summary"):
        assert step in runs
        assert step in repro
    assert "herbarium sweep" in runs
    assert "herbarium sweep" not in repro


def test_an_environment_from_another_folder_is_made_anew(folder: Path, no_python: Path) -> None:
    venv = environment_in(folder)
    moved = folder.with_name("moved")
    folder.rename(moved)
    done = make(moved, ".venv/installed", no_python)
    assert ".venv is from another folder: it is made anew" in done.stdout
    assert not (moved / ".venv").exists()
    assert not venv.exists()


def test_one_that_is_in_its_place_or_elsewhere_on_purpose_stays(folder: Path) -> None:
    venv = environment_in(folder)
    assert "up to date" in make(folder, ".venv/installed").stdout
    other = folder.with_name("other")
    other.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy2(folder / name, other)
    (other / ".venv").symlink_to(venv)
    assert "up to date" in make(other, ".venv/installed").stdout
    assert (venv / "place").exists()


def test_clean_leaves_what_nothing_brings_back(folder: Path) -> None:
    kept = ["reports/seeds/2/metrics.json", "reports/replicate.json", "reports/data/suspected.csv"]
    kept += [
        "models/base.weights.h5",  # one's own, by export-backbone
        "reports/folds.json",
        "reports/verdict/digits.certificate.json",
        "reports/sweep/trials.csv",
        ".herbarium/sweeps/a b.db",
        ".herbarium/ledger.jsonl",
    ]
    gone = ["reports/metrics.json", "reports/data/page.html", "models/model.keras", "data/images/classes.json"]
    gone += [".herbarium/receipts/x", "reports/sweep.txt"]
    for name in (*kept, *gone):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "reports/curves.png").symlink_to("metrics.json")
    for _ in range(2):
        assert make(folder, "clean").returncode == 0
        left = {path for top in ("reports", "models", "data", ".herbarium") for path in (folder / top).rglob("*")}
        assert {str(path.relative_to(folder)) for path in left if not path.is_dir()} == set(kept)
    (folder / "models/base.weights.h5").unlink()
    assert make(folder, "clean").returncode == 0
    assert not (folder / "models").exists()
