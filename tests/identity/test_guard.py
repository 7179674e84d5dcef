"""What a stage begins with is what it ends with, or it fails with one message that names what is another now."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths
from pipeline.identity import certificate, declared, guard, inputs, stock, versions
from pipeline.identity.guard import ChangedError
from pipeline.identity.stock import Stock
from pipeline.process import loaded
from pipeline.process.errors import ConfigError, MachineError
from tests import shipped

from ..conftest import ROOT
from ..faults.bad_input import write_params

STAGE = """
stages:
  fetch:
    cmd: python -m pipeline fetch
    params:
      - data.path
      - data.name
      - images
      - pipeline/versions.json: [numpy]
    deps:
      - ${data.path}
      - data/classes.json
      - pipeline/process/errors.py
"""

OWN = {"data.path": "photos", "data.name": "ab"}


@pytest.fixture
def photos(project: Path) -> Path:
    """A project whose one stage depends on a folder, a small file, a module and some parameters."""
    write_params(OWN)
    paths.PIPELINE.write_text(STAGE)
    for name in ("a/1.png", "b/2.png", "b/deeper/3.png", ".hidden/4.png"):
        write(Path("photos") / name, name)
    write(Path("data/classes.json"), "[]")
    for name in ("process/errors.py", "versions.json"):
        (project / "pipeline" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "pipeline" / name, project / "pipeline" / name)
    return project / "photos"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def message_when(change) -> str:
    with pytest.raises(ChangedError) as caught, guard.guarded("fetch"):
        change()
    return str(caught.value)


def test_results_that_a_stage_withdraws_are_not_taken_for_a_change(photos):
    with pytest.raises(certificate.WithdrawnError, match="certified wrongly"), guard.guarded("fetch"):
        certificate.withdraw([Path("data/classes.json")], "certified wrongly")
    assert not Path("data/classes.json").exists()


def test_a_stage_that_nothing_disturbs_gets_the_keys_it_declares(photos):
    with guard.guarded("fetch") as taken:
        assert taken.params.data.path == "photos"
        assert not hasattr(taken.params, "train")
        assert taken.whole.train.seed == 1
        guard.look(taken)
    assert set(taken.data) == {"photos", "data/classes.json"}
    assert set(taken.data["photos"].files) == {"a/1.png", "b/2.png", "b/deeper/3.png"}


def test_a_parameter_that_changed_is_named_with_both_values(photos):
    said = message_when(lambda: edit(paths.PARAMS, "name: ab", "name: other"))
    assert said == "params.yaml: data.name was ab when fetch began, is other now: run dvc repro again"


def test_what_is_used_was_in_stock(photos):
    """The parameters a stage is given come from the bytes in stock, whenever it asks for them."""
    used = []

    def change_and_use(taken: Stock) -> None:
        edit(paths.PARAMS, "name: ab", "name: other")
        used.extend([taken.params.data.name, taken.whole.data.name])

    with pytest.raises(ChangedError), guard.guarded("fetch") as taken:
        change_and_use(taken)
    assert used == ["ab", "ab"]


def test_keys_of_a_section_are_named_one_by_one(photos):
    write_params({**OWN, "images.height": 9, "images.scale": "unit"})
    with pytest.raises(ChangedError) as caught, guard.guarded("fetch"):
        write_params({**OWN, "images.height": 10, "images.scale": "symmetric"})
    assert "images.height was 9 when fetch began, is 10 now" in str(caught.value)
    assert "images.scale was unit when fetch began, is symmetric now" in str(caught.value)


def test_parameters_no_stage_reads_may_change(photos):
    with guard.guarded("fetch"):
        edit(paths.PARAMS, "experiment: ", "experiment: other-")
        edit(paths.PARAMS, "dropout: ", "dropout:  ")


def test_parameters_that_cannot_be_read_any_more(photos):
    assert "not valid YAML" in message_when(lambda: paths.PARAMS.write_text("data: [1"))
    write_params(OWN)
    assert "data.name was ab when fetch began, is not there now" in message_when(paths.PARAMS.unlink)


CHANGES = {
    "photos/b/new.png": "photos: b/new.png was added while fetch ran: run dvc repro again",
    "photos/a/1.png": "photos: a/1.png was written while fetch ran: run dvc repro again",
    "data/classes.json": "data/classes.json: it was written while fetch ran: run dvc repro again",
    "pipeline/process/errors.py": "pipeline/process/errors.py was changed while fetch ran: run dvc repro again",
    "pipeline/versions.json": "pipeline/versions.json: numpy was",
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_written_meanwhile_is_named(photos, name):
    assert CHANGES[name] in message_when(lambda: write(Path(name), '{"numpy": "1"}'))


def test_what_is_removed_meanwhile_is_named(photos):
    assert "photos: b/2.png was removed" in message_when((photos / "b/2.png").unlink)
    assert "data/classes.json: it was removed" in message_when(Path("data/classes.json").unlink)


def test_a_file_replaced_by_one_of_the_same_size_and_time(photos):
    def replace() -> None:
        old = photos / "a/1.png"
        new = photos.parent / "new"
        new.write_text("A/1.PNG")
        os.utime(new, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))
        new.replace(old)

    assert "photos: a/1.png was written" in message_when(replace)


def test_a_small_file_written_back_was_another_in_between(photos):
    """The stage may have read it then."""

    def away_and_back() -> None:
        write(Path("data/classes.json"), "{}")
        time.sleep(0.02)
        write(Path("data/classes.json"), "[]")

    assert "data/classes.json: it was written" in message_when(away_and_back)


def test_a_module_written_back_is_the_one_that_runs(photos):
    """All code is loaded before the stage's work begins."""
    module = Path("pipeline/process/errors.py")
    with guard.guarded("fetch"):
        text = module.read_text()
        module.write_text("")
        module.write_text(text)


def test_hidden_and_ignored_files_are_no_photographs(photos):
    (photos.parent / ".dvcignore").write_text("# what programs leave\n*.tmp\n")
    with guard.guarded("fetch"):
        write(photos / "b/.DS_Store", "")
        write(photos / ".cache/x.png", "")
        write(photos / "b/upload.tmp", "")


def test_links_are_followed_and_circles_end(photos):
    outside = photos.parent / "outside"
    write(outside / "5.png", "5")
    (photos / "c").symlink_to(outside)
    (photos / "a/up").symlink_to(photos)
    assert "photos: c/5.png was written" in message_when(lambda: write(outside / "5.png", "55"))


def test_many_changes_are_one_short_message(photos):
    said = message_when(lambda: [write(photos / f"b/{i:03}.png", "new") for i in range(300)])
    assert "b/004.png was added" in said
    assert "and 295 more: run dvc repro again" in said
    assert len(said) < 500


def test_an_error_of_what_was_changed_is_the_change(photos):
    def change_and_fail() -> None:
        (photos / "a/1.png").unlink()
        raise FileNotFoundError("a/1.png")

    assert "photos: a/1.png was removed" in message_when(change_and_fail)


def test_another_error_stays_what_it_is(photos):
    with pytest.raises(ZeroDivisionError), guard.guarded("fetch"):
        raise ZeroDivisionError


def test_a_long_stage_can_look_in_between(photos):
    with guard.guarded("fetch") as taken:
        edit(paths.PARAMS, "name: ab", "name: other")
        with pytest.raises(ChangedError, match=r"data\.name was ab"):
            guard.look(taken)
        edit(paths.PARAMS, "name: other", "name: ab")


def test_other_versions_than_the_stage_is_filed_under_are_refused(photos, monkeypatch):
    monkeypatch.setattr(versions, "recorded", lambda: {"numpy": "1.0", "pillow": "0"})
    with pytest.raises(MachineError, match=r"installed is numpy .*, recorded 1\.0\. Install"):
        stock.take("fetch")


def test_a_package_installed_meanwhile_is_named(photos, monkeypatch):
    def install() -> None:
        monkeypatch.setattr(versions, "installed", lambda names: dict.fromkeys(names, "99"))

    assert "was installed when fetch began, 99 is now" in message_when(install)


def test_modules_here_that_are_not_those_that_run_are_refused(photos):
    edit(Path("pipeline/process/errors.py"), '"""', '"""Another. ')
    with pytest.raises(MachineError, match=r"pipeline/process/errors\.py: another one runs"), guard.guarded("fetch"):
        pytest.fail("it ran")


def test_a_module_written_since_the_process_began_may_have_been_loaded_before(photos, monkeypatch):
    module = loaded.PACKAGE / "process/errors.py"
    monkeypatch.setitem(loaded._AT_START, module, (1, 2, 3))
    with pytest.raises(ChangedError, match=r"errors\.py was written while fetch began"), guard.guarded("fetch"):
        pytest.fail("it ran")


def test_the_program_notes_its_modules_before_it_loads_them():
    code = (
        "import sys\nclass Watch:\n  def find_spec(self, name, path, target=None):\n"
        "    if name.startswith('pipeline.'): print(name)\nsys.meta_path.insert(0, Watch())\nimport pipeline.cli"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split()[:3] == ["pipeline.cli", "pipeline.process", "pipeline.process.loaded"]


# dvc.yaml


def test_everything_the_pipeline_declares_is_taken_stock_of(tmp_path, monkeypatch):
    monkeypatch.chdir(shipped.write_project(tmp_path))
    for stage, entry in declared.config.read_yaml(paths.PIPELINE)["stages"].items():
        found = declared.of_stage(stage, declared.config.read_yaml(paths.PARAMS))
        assert len(found.code) + len(found.data) == len(entry["deps"])
        assert len(found.keys["params.yaml"]) == sum(isinstance(key, str) for key in entry["params"])
        assert "numpy" in found.keys["pipeline/versions.json"]
        assert not [path for path in found.data if "$" in path]


def test_interpolations_are_filled_in_as_dvc_does(photos):
    paths.PIPELINE.write_text("stages: {a: {cmd: b, deps: ['${data.path}/${list[1].x}', {'c d': {}}]}}")
    found = declared.of_stage("a", {"data": {"path": "p"}, "list": [0, {"x": 3}]})
    assert found.data == ("p/3", "c d")
    with pytest.raises(ConfigError, match=r"dvc\.yaml: .*: params\.yaml has no data\.path"):
        declared.of_stage("a", {})
    with pytest.raises(ConfigError, match=r"has no stage other; found: a"):
        declared.of_stage("other", {})


def many_files(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    for i in range(5000):
        path = folder / f"{i}.jpg"
        path.touch()
        yield path


def test_a_folder_is_looked_at_and_not_read(tmp_path, monkeypatch):
    """So that a million photographs take seconds: nothing is opened."""
    assert len(list(many_files(tmp_path / "many"))) == 5000
    opened = Path.open

    def watched(path: Path, *arguments: Any, **options: Any) -> Any:
        assert path.suffix != ".jpg", f"{path} was read"
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", watched)
    assert len(inputs.state(tmp_path / "many").files) == 5000
