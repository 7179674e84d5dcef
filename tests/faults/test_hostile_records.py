"""Records and experiments from elsewhere: they lead nowhere, run nothing, and are not believed if they contradict."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import experiments, reading, readme, writing
from pipeline.params import config
from pipeline.process import git
from pipeline.process.errors import ConfigError, DataError, HerbariumError
from pipeline.review import subjects, table, workspace
from tests import trees
from tests.conftest import ROOT
from tests.filing import conftest as reviewing
from tests.filing.conftest import finished  # noqa: F401 - a fixture
from tests.review import conftest as repository

Note = Callable[..., None]
RECORD = Path("experiments/digits/record")


@pytest.fixture
def filed(finished: Path) -> Path:  # noqa: F811
    """A project whose experiment `digits` has a record; returns the record's folder."""
    writing.file_results("digits")
    return finished / RECORD


# What was taken out


@pytest.mark.parametrize("name", ["predictions.csv", "validation_predictions.csv", "training.json"])
def test_what_is_gone_from_a_record_is_named(filed: Path, name: str) -> None:
    """With the predictions goes what the accuracy follows from."""
    (filed / name).unlink()
    for ask in (lambda: reading.filed("digits"), table.on_record, lambda: subjects.record_of("digits")):
        with pytest.raises(DataError, match=rf"record: {name}: not there, and dvc.lock beside it names it"):
            ask()


@pytest.mark.parametrize("name", ["predictions.csv", "validation_predictions.csv"])
def test_what_is_gone_from_a_seed_of_a_record_is_named(finished: Path, name: str) -> None:  # noqa: F811
    reviewing.replicated(1)
    writing.file_results("digits")
    (finished / RECORD / "seeds/2" / name).unlink()
    with pytest.raises(DataError, match=rf"seeds/2: {name}: not there, and dvc.lock beside it names it"):
        reading.filed("digits")


def test_what_a_lock_never_named_may_be_absent(filed: Path) -> None:
    """Runs of before there were pictures of curves; no figure follows from them."""
    for name in ("curves.png", "dataset.json"):
        (filed / name).unlink()
    lock = config.read_yaml(filed / "dvc.lock")
    for stage in lock["stages"].values():
        stage["outs"] = [out for out in stage["outs"] if out["path"] != "reports/curves.png"]
    records.write_text(filed / "dvc.lock", records.canonical(lock))
    assert reading.filed("digits").predictions is not None


# Names and links


@pytest.mark.parametrize("name", ["../../x", "/etc", "..", ".", "digits/record", "digits/../digits", "", "a\0b"])
def test_a_name_is_no_path(filed: Path, name: str) -> None:
    for ask in (experiments.use, writing.file_results, reading.filed, readme.update, experiments.folder):
        with pytest.raises(ConfigError, match="no experiment"):
            ask(name)


@pytest.mark.parametrize("what", ["digits", "digits/record", "digits/record/params.yaml", "digits/params.yaml"])
def test_a_link_in_an_experiment_is_not_followed(filed: Path, tmp_path: Path, what: str, outcome: Note) -> None:
    """Followed, `record` would write, and `use` and `verify` would read, outside the project."""
    inside, outside = Path("experiments") / what, tmp_path / "outside"
    inside.rename(outside)
    inside.symlink_to(outside)
    before = trees.digest(outside) if outside.is_dir() else outside.read_bytes()
    for ask in (experiments.use, writing.file_results, reading.filed, readme.update, subjects.resolve):
        with pytest.raises(ConfigError, match="symbolic link"):
            ask("digits")
    with pytest.raises(ConfigError, match="symbolic link"):
        table.on_record()
    assert (trees.digest(outside) if outside.is_dir() else outside.read_bytes()) == before
    outcome("a link in an experiment from elsewhere", "use, record, verify, table", "refused by name", links=1)


@pytest.mark.parametrize("path", ["..", "../..", ".", "../../pipeline", "a/../.."])
def test_a_path_that_leads_out_of_the_copy_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, outcome: Note
) -> None:
    """The copy's place for an input is emptied first: outside the copy that would be somebody's files."""
    project = tmp_path / "home/project"
    precious = [project / "file", project / ".herbarium/ledger.jsonl", tmp_path / "pipeline/x", project / "pipeline/x"]
    for file in (*precious, project / "a/file"):
        records.write_text(file, "precious")
    monkeypatch.chdir(project)
    (project / ".herbarium/review-1/project/a").mkdir(parents=True)
    with pytest.raises(ConfigError, match="a review runs in a copy"):
        workspace._share(Path(path), Path(".herbarium/review-1/project"))
    assert all(file.read_text() == "precious" for file in precious)
    outcome("a path of params.yaml that leads out of the copy", "verify, replicate", "refused", paths=1)


def test_photographs_beside_the_project_are_shared_and_the_link_goes_with_the_copy(project: Path) -> None:
    records.write_text(project.parent / "photographs/rose/1.txt", "photograph")
    folder = Path(".herbarium/review-1/project")
    folder.mkdir(parents=True)
    workspace._share(Path("../photographs"), folder)
    assert (folder / "../photographs/rose/1.txt").read_text() == "photograph"
    assert Path(".herbarium/review-1/photographs").is_symlink()


def test_a_revision_whose_links_lead_out_is_not_laid_out(project: Path, tmp_path: Path) -> None:
    repository.git("init", "--quiet")
    Path("escape").symlink_to("/etc")
    repository.commit()
    with pytest.raises(HerbariumError, match="cannot be laid out"):
        git.export(git.commit(), tmp_path)


# Commands


def test_no_parameter_reaches_a_shell() -> None:
    """The stages' commands are constants; parameters are interpolated into paths DVC watches, never into a command."""
    for stage in config.read_yaml(ROOT / paths.PIPELINE)["stages"].values():
        assert "$" not in stage["cmd"]
    for file in (ROOT / "pipeline").rglob("*.py"):
        text = file.read_text()
        assert "shell=True" not in text, file
        assert "os.system" not in text, file
        assert "yaml.load" not in text or "yaml = YAML()" in text, file  # ruamel's round trip, which builds no objects
        assert "unsafe" not in text, file
        assert "pickle.load" not in text, file
        assert "allow_pickle=True" not in text, file
        assert "safe_mode=False" not in text, file


# What they say


def changed(folder: Path, name: str, change: Callable[[dict], None]) -> None:
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content))


LIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a better accuracy": (
        lambda f: changed(f, "metrics.json", lambda m: m.update(test_accuracy=0.99)),
        r"test_accuracy is 0\.99, from predictions\.csv 0\.16",
    ),
    "more images": (
        lambda f: changed(f, "metrics.json", lambda m: m.update(test_images=6000)),
        "test_images is 6000, from predictions.csv 6",
    ),
    "a better validation accuracy": (
        lambda f: changed(f, "metrics.json", lambda m: m.update(validation_accuracy=0.99)),
        r"validation_accuracy is 0\.99, from validation_predictions\.csv 0\.5",
    ),
    "no number": (
        lambda f: changed(f, "metrics.json", lambda m: m.update(test_accuracy="0.5")),
        r"metrics\.json: test_accuracy: missing, or no figure",
    ),
    "not a number": (
        lambda f: changed(f, "metrics.json", lambda m: m.update(validation_accuracy=float("nan"))),
        r"validation_accuracy: missing, or no figure",
    ),
    "another curve": (
        lambda f: (f / "history.csv").write_text("epoch\n"),
        r"history\.csv: not what dvc\.lock beside it names",
    ),
    "other classes": (
        lambda f: changed(f, "training.json", lambda t: t.update(classes=["c/d", "oak", "a*b|<i>"])),
        "is of the classes .* the files are not of one run",
    ),
    "a seed that did better": (
        lambda f: records.write_json(f / "seeds.json", seeds(0.9)),
        r"seed 1 among the seeds are not of one run: .*test_accuracy",
    ),
    "an impossible seed": (lambda f: records.write_json(f / "seeds.json", seeds(90.0)), r"found the accuracy 90\.0"),
    "no json": (lambda f: (f / "metrics.json").write_text("{"), r"metrics\.json: damaged"),
    "deep json": (lambda f: (f / "metrics.json").write_text("[" * 100_000), r"metrics\.json: damaged"),
    "a list": (lambda f: (f / "training.json").write_text("[1]"), r"training\.json: damaged"),
    "a long cell": (
        lambda f: (f / "predictions.csv").write_text("name,label,predicted\n" + "x" * 200_000 + ",a,a\n"),
        r"predictions\.csv: damaged",
    ),
    "a bomb": (
        lambda f: (
            (f / "predictions.csv").unlink(),
            (f / "predictions.csv.gz").write_bytes(gzip.compress(bytes(20_000_000))),
        ),
        "over 100 times larger unpacked",
    ),
    "cut off": (
        lambda f: (
            (f / "predictions.csv").unlink(),
            (f / "predictions.csv.gz").write_bytes(gzip.compress(b"name,label" * 99)[:-9]),
        ),
        r"predictions\.csv\.gz: damaged",
    ),
    "a lock of something else": (lambda f: (f / "dvc.lock").write_text("stages: [1]"), "not as in the dvc.lock"),
    "a path for a hash": (
        lambda f: (f / "dvc.lock").write_text("stages: {a: {outs: [{path: b, md5: ../../x}]}}"),
        "not as in the dvc.lock",
    ),
    "commands to the terminal": (
        lambda f: (f / "dvc.lock").write_text('stages: {a: {outs: [{path: "\\e[2J"}]}}'),
        "not as in the dvc.lock",
    ),
    "an alias bomb": (
        lambda f: (f / "dvc.lock").write_text(
            "a: &a [1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"{n}: &{n} [{','.join([f'*{o}'] * 9)}]\n" for o, n in zip("abcdefg", "bcdefgh", strict=True))
            + "stages: {x: {params: {params.yaml: {y: *h}}}}\n"
        ),
        "its aliases stand for more values",
    ),
}


def seeds(accuracy: float) -> dict[str, object]:
    one = {"seed": 1, "fingerprint": "f", "best_epoch": 1, "validation_accuracy": 0.5, "test_accuracy": accuracy}
    return {"experiment": "x", "seeds": [one], "validation": {"images": 6}, "test": {"images": 6}}


@pytest.mark.parametrize("lie", LIES)
def test_a_record_that_contradicts_itself_is_shown_nowhere(filed: Path, lie: str, outcome: Note) -> None:
    damage, said = LIES[lie]
    damage(filed)
    for ask in (lambda: reading.filed("digits"), lambda: subjects.record_of("digits"), table.on_record):
        with pytest.raises((DataError, ConfigError), match=said):
            ask()
    outcome("a record that was changed or made up", "table, compare, verify", "refused, the file named", changes=1)


def test_results_that_contradict_themselves_are_not_filed(finished: Path) -> None:  # noqa: F811
    changed(Path(), str(paths.METRICS), lambda m: m.update(test_accuracy=0.99))
    reviewing.write_lock()
    with pytest.raises(DataError, match=r"test_accuracy is 0\.99"):
        writing.file_results("digits")
    assert not (finished / RECORD).exists()


def test_the_record_of_another_experiment_is_consistent_and_stays_readable(filed: Path) -> None:
    """The checks refuse what is wrong, not what is filed."""
    shutil.copytree("experiments/digits", "experiments/other")
    assert [row.measured for row in table.rows(table.on_record())] == ["16.67 % test (3.0 to 56.4, 6 images)"] * 2


# What they are shown as


def test_what_a_lock_names_is_text_in_the_report() -> None:
    from pipeline.filing import divergence
    from pipeline.review import sentences
    from pipeline.tracking.description import escaped

    before = {"stages": {"train": {"outs": [{"path": "[x](javascript:y) <script>", "md5": "0" * 32}]}}}
    after = {"stages": {"train": {"cmd": "c", "outs": [{"path": "m", "md5": "1" * 32}]}}}
    (stage,) = divergence.compare(before, after, {}, {})
    shown = escaped(sentences.stage(stage))
    assert "<script>" not in shown
    assert "[x]" not in shown
