"""Inputs that change while a stage runs or as it ends, and results that change after it: nothing false is certified."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.files import paths
from pipeline.filing import experiments
from tests.identity.certified import write_in_place
from tests.root import ROOT
from tests.test_pipeline import ENVIRONMENT, call

from .conftest import assert_as_undisturbed

pytestmark = pytest.mark.slow
REPRO = ("dvc", "repro", "--single-item")
NOTHING_CERTIFIED = "the stage fails and names it; nothing is certified"
NEXT_READER = "the next reader names it and withdraws the results; `dvc repro` makes them again"
REFUSED = "refused by name, DVC's cache cleared of it; `dvc repro` makes it again"


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def refusal(folder: Path, *command: str) -> str:
    """What a command that must fail says in its one message."""
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, said
    return lines[0]


def refused_when_changed(folder: Path, stage: str, begun: Callable[[str], bool], change: Callable[[], object]) -> str:
    """What `stage` says, run by DVC, if `change` is made once its output so far has `begun`; it must fail by it."""
    before = (folder / paths.LOCK).read_text()
    log = folder.parent / "log"
    with log.open("w") as file:
        running = subprocess.Popen([*REPRO, stage], cwd=folder, env=ENVIRONMENT, stdout=file, stderr=file)
        while not begun(log.read_text()):
            assert running.poll() is None, log.read_text()
            time.sleep(0.01)
        change()
        assert running.wait(300) != 0
    said = log.read_text()
    assert said.count("error: ") == 1, said
    assert "Traceback" not in said
    assert (folder / paths.LOCK).read_text() == before
    return said


CHANGES = {
    "parameters": (
        lambda f: edit(f / "params.yaml", "learning_rate: 1.0e-3 ", "learning_rate: 2.0e-2 "),
        "params.yaml: train.learning_rate was 0.001 when train began, is 0.02 now",
    ),
    "a module": (
        lambda f: edit(f / "pipeline/model/optimizers.py", '"""', '"""Other. '),
        "pipeline/model/optimizers.py was changed while train ran",
    ),
    "the branch, by git checkout": (
        lambda f: call(f, "git", "checkout", "--quiet", "other"),
        "pipeline/model/losses.py was changed while train ran",
    ),
}


@pytest.fixture
def long_training(project_copy: Path) -> Path:
    """As the undisturbed project, with a training that takes a while, and another branch."""
    edit(project_copy / "params.yaml", "  epochs: 2 ", "  epochs: 3000 ")
    call(project_copy, "git", "add", "params.yaml", "dvc.lock")
    call(project_copy, "git", "commit", "--quiet", "-m", "long")
    call(project_copy, "git", "checkout", "--quiet", "-b", "other")
    edit(project_copy / "pipeline/model/losses.py", '"""', '"""Other. ')
    call(project_copy, "git", "commit", "--quiet", "-am", "other")
    call(project_copy, "git", "checkout", "--quiet", "-")
    return project_copy


@pytest.mark.parametrize("what", CHANGES)
def test_an_input_that_changes_while_train_runs(what: str, long_training: Path, outcome: Callable) -> None:
    change, says = CHANGES[what]
    said = refused_when_changed(long_training, "train", lambda log: "epoch   1" in log, lambda: change(long_training))
    assert f"error: {says}" in said
    assert ": run dvc repro again" in said
    assert "epoch 3000" not in said  # it does not go on in vain
    outcome("changed while a stage runs", f"train: {what}", NOTHING_CERTIFIED, changes=1)


def photographs(folder: Path) -> Path:
    generator = np.random.default_rng(0)
    for name in ("rose", "tulip"):
        (folder / "photographs" / name).mkdir(parents=True)
        for i in range(300):
            pixels = generator.integers(0, 256, (100, 100, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "photographs" / name / f"{i}.png")
    edit(folder / "params.yaml", "source: digits ", "source: image_folder ")
    edit(folder / "params.yaml", "path: data/originals ", "path: photographs ")
    return folder / "photographs"


@pytest.mark.parametrize("how", ["added", "written", "removed"])
def test_a_photograph_that_changes_while_fetch_runs(how: str, project_copy: Path, outcome: Callable) -> None:
    target = photographs(project_copy) / ("tulip/new.png" if how == "added" else "tulip/299.png")

    def change() -> None:
        target.unlink() if how == "removed" else Image.new("RGB", (9, 9), "red").save(target)

    said = refused_when_changed(project_copy, "fetch", lambda _: (project_copy / "data/.raw.new").exists(), change)
    assert f"error: photographs: tulip/{target.name} was {how} while fetch ran: run dvc repro again" in said
    outcome("changed while a stage runs", f"fetch: a photograph {how}", NOTHING_CERTIFIED, changes=1)


def test_parameters_that_change_between_the_end_of_train_and_dvc_s_look(
    project_copy: Path, undisturbed: Path, outcome: Callable
) -> None:
    """`dvc commit` takes what is there now for what was used, as DVC does after every stage."""
    edit(project_copy / "params.yaml", "learning_rate: 1.0e-3 ", "learning_rate: 2.0e-2 ")
    call(project_copy, "dvc", "commit", "--force", "train")
    said = refusal(project_copy, "dvc", "repro")
    assert "models/training.json: dvc.lock vouches for parameters, images or code" in said
    assert "Running stage 'train'" in call(project_copy, "dvc", "repro")
    edit(project_copy / "params.yaml", "learning_rate: 2.0e-2 ", "learning_rate: 1.0e-3 ")
    assert_as_undisturbed(project_copy, undisturbed)
    outcome("changed as a stage ends", "train: parameters", NEXT_READER, changes=1)


def test_parameters_that_change_between_the_end_of_preprocess_and_dvc_s_look(
    project_copy: Path, outcome: Callable
) -> None:
    (project_copy / "change.py").write_text(
        "from pathlib import Path\nfile = Path('params.yaml')\n"
        "file.write_text(file.read_text().replace('  limit: 60 ', '  limit: 50 '))"
    )
    command = "cmd: python -m pipeline preprocess"
    edit(project_copy / "dvc.yaml", command, f"{command} && python change.py")
    call(project_copy, "dvc", "repro", "preprocess")
    said = refusal(project_copy, "herbarium", "check")
    assert "params.yaml: data.limit was 60 when preprocess ran, dvc.lock has 50: its results were removed" in said
    assert "Running stage 'preprocess'" in call(project_copy, "dvc", "repro", "preprocess")
    outcome("changed as a stage ends", "preprocess: parameters", NEXT_READER, changes=1)


ROT = {
    "reports/metrics.json": ("herbarium", "summary"),
    "reports/history.csv": ("herbarium", "publish"),
    "reports/predictions.csv": ("herbarium", "record", "digits"),
    "models/training.json": ("dvc", "repro", "--force", "--single-item", "evaluate"),
    "data/features/features.json": ("dvc", "repro", "--force", "--single-item", "train"),
    "data/images/train/images.npy": ("dvc", "repro", "--force", "--single-item", "extract-features"),
}


@pytest.fixture
def linked(project_copy: Path) -> Path:
    """As projects were made once: outputs are hard links into DVC's cache. Its parameters are an experiment, too."""
    experiment = project_copy / experiments.FOLDER / "digits"
    experiment.mkdir(parents=True)
    filed = ROOT / experiments.FOLDER / "digits"
    for file in (project_copy / "params.yaml", filed / "README.md", filed / "claim.yaml"):
        shutil.copy(file, experiment)
    call(project_copy, "dvc", "config", "--local", "cache.type", "hardlink")
    call(project_copy, "dvc", "checkout", "--relink")
    return project_copy


@pytest.mark.parametrize("name", ROT)
def test_a_result_written_in_place_through_a_hard_link(
    name: str, linked: Path, undisturbed: Path, outcome: Callable
) -> None:
    file = linked / name
    text = file.read_bytes()
    write_in_place(file, text[:-40] + text[-41:-40] * 40)
    if ROT[name][0] == "herbarium":
        assert "Running stage" not in call(linked, "dvc", "repro")  # DVC believes it
        assert file.read_bytes() != text
    said = refusal(linked, *ROT[name])
    assert f"{name} (of " in said
    assert "not what dvc.lock has, changed after it was made; DVC's cache had the same damage" in said
    assert_as_undisturbed(linked, undisturbed)
    assert file.read_bytes() == text
    outcome("written in place through a hard link", name, REFUSED, changes=1)


def test_check_mends_a_linked_project(linked: Path, undisturbed: Path, outcome: Callable) -> None:
    (linked / ".dvc/config.local").unlink()  # as after an update of the project
    text = (linked / paths.METRICS).read_text()
    write_in_place(linked / paths.METRICS, text.replace("0.", "9."))
    said = call(linked, "herbarium", "check")
    assert "reports/metrics.json: DVC's cache had it damaged and was cleared of it; dvc repro makes it again" in said
    assert "outputs were one file with DVC's cache" in said
    assert_as_undisturbed(linked, undisturbed)
    assert (linked / paths.METRICS).read_text() == text
    write_in_place(linked / paths.METRICS, text.replace("0.", "9."))
    assert_as_undisturbed(linked, undisturbed)  # from the cache, which the edit did not reach
    assert (linked / paths.METRICS).read_text() == text
    outcome(
        "hard links from an older project", "herbarium check", "damage is named and removed, links are cut", changes=1
    )
