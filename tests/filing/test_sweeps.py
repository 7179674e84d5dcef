"""The sweep behind a record: found by the training's fingerprint, filed with the run, told to readers."""

import shutil
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import ledger, reading, readme, sweeps, writing
from pipeline.identity import resources
from pipeline.params import config, editing
from pipeline.process.errors import DataError
from pipeline.results import sweep_settings
from tests.tracking.example import FINGERPRINT

COLUMNS = ["number", "state", "validation_accuracy", "epochs", "same_as", "fingerprint"]


def swept(*rows: tuple) -> None:
    records.write_csv(paths.TRIALS, COLUMNS, rows)
    sweep_settings.write(config.load().sweep.model_dump())
    audit = {"trial": 1, "seeds": [5, 6], "accuracies": [0.4, 0.5], "mean": 0.45, "sd": 0.07, "optimism": 0.05}
    records.write_json(paths.AUDIT, [audit])


def test_an_audit_on_other_images_is_told_with_its_interval(winner):
    found = behind()
    found["audit"] |= {"optimism": 0.02, "optimism_interval": [-0.01, 0.05]}
    told = sweeps.sentence(found)
    assert "selection optimism +2.00 points (2 fresh seeds, on images it was not selected on" in told
    assert "95 % interval -1.00 to +5.00)" in told
    records.write_json(paths.AUDIT, [found["audit"]])
    assert "no trial was selected on" in behind()["audit_says"]


def behind() -> dict | None:
    training, metrics = records.read_json(paths.TRAINING), records.read_json(paths.METRICS)
    return sweeps.behind(training, metrics)


def test_filed_again_where_the_sweep_is_no_more_the_record_still_tells_of_it(winner):
    """A winner that is filed from a fresh clone is the luckiest of many all the same."""
    folder = writing.file_results("digits")
    before = (folder / "sweep.json").read_bytes()
    shutil.rmtree(paths.TRIALS.parent)
    assert (writing.file_results("digits") / "sweep.json").read_bytes() == before
    records.write_json(folder / "training.json", records.read_json(folder / "training.json") | {"fingerprint": "0"})
    assert not (writing.file_results("digits") / "sweep.json").exists()  # of another network


def test_what_a_damaged_record_says_of_a_sweep_stops_no_filing(winner):
    folder = writing.file_results("digits")
    (folder / "sweep.json").write_text("{")
    shutil.rmtree(paths.TRIALS.parent)
    assert not (writing.file_results("digits") / "sweep.json").exists()


@pytest.fixture
def winner(finished: Path) -> Path:
    """The run here is trial 1 of four, which is the best."""
    swept(
        (0, "complete", 0.4, 2, "", "a"),
        (1, "complete", 0.5, 2, "", FINGERPRINT),
        (2, "pruned", "", 1, "", "b"),
        (3, "complete", 0.5, 2, 1, FINGERPRINT),
    )
    return finished


def test_it_is_filed_with_the_run_and_told(winner):
    folder = writing.file_results("digits")
    found = reading.filed("digits").sweep
    assert found == records.read_json(folder / "sweep.json")
    assert (found["trial"], found["rank"]) == (1, 1)
    assert found["trials"] == {"complete": 3, "pruned": 1}
    assert found["epochs"] == 5  # those of the third were looked up
    assert found["budget"] == config.load().sweep.model_dump()
    assert found["audit"]["optimism"] == 0.05
    assert "seed alone" in found["audit_says"]
    metrics = records.read_json(paths.METRICS)
    difference = metrics["validation_accuracy"] - metrics["test_accuracy"]
    assert found["not_selected_on"]["difference"] == pytest.approx(difference)
    text = readme.update("digits").read_text(encoding="utf-8")
    assert "It is the best of 3 complete among 4 trials of a sweep, by validation accuracy" in text
    assert "luck with the seed +5.00 points (2 fresh seeds)" in text
    assert "images that no trial was selected on" in text


def test_a_pruned_twin_that_came_first_hides_no_winner(finished):
    """It was stopped early, and the same was tried to its end later."""
    swept((0, "pruned", "", 1, "", FINGERPRINT), (1, "complete", 0.5, 2, "", FINGERPRINT))
    found = behind()
    assert (found["trial"], found["rank"]) == (1, 1)
    assert found["trials"] == {"complete": 1, "pruned": 1}


def set_sweep(**values: object) -> None:
    text = editing.with_values(config.read_text(paths.PARAMS), {f"sweep.{k}": v for k, v in values.items()}, "params")
    paths.PARAMS.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("changed", [{"objective": "macro_f1"}, {"folds": 5}, {"trials": 500, "sampler": "random"}])
def test_what_params_yaml_says_of_the_next_sweep_is_not_said_of_this_one(winner, changed):
    asked = config.load().sweep.model_dump()
    set_sweep(**changed)
    found = behind()
    assert (found["budget"], found["validation_accuracy"]) == (asked, 0.5)
    assert found["chosen_by"] == "validation accuracy of the kept epoch"


@pytest.mark.parametrize(
    ("measured", "key", "by"),
    [
        (["validation_accuracy"], "validation_accuracy", "validation accuracy of the kept epoch"),
        (["validation_accuracy", "validation_macro_f1"], "validation_macro_f1", None),
        (["folds_accuracy"], "folds_accuracy", "accuracy over folds"),
        (["folds_accuracy", "folds_worst_recall"], "folds_worst_recall", "worst class's recall over folds"),
    ],
)
@pytest.mark.parametrize("noted", ["nothing", "other trials"])
def test_of_a_sweep_that_noted_no_settings_the_columns_are_known_and_no_budget(winner, measured, key, by, noted):
    columns = [*COLUMNS[:2], *measured, "train.learning_rate", *COLUMNS[3:]]
    records.write_csv(paths.TRIALS, columns, [(1, "complete", *(0.5 for _ in measured), 1e-3, 2, "", FINGERPRINT)])
    if noted == "nothing":
        paths.SWEEP_SETTINGS.unlink()
    found = behind()
    assert "budget" not in found
    assert found[key] == 0.5
    assert by is None or found["chosen_by"] == by
    assert sweeps.sentence(found).startswith("the best of 1 complete among 1 trials of a sweep, by ")


def test_a_run_that_is_no_trial_has_no_sweep(finished):
    assert behind() is None
    swept((0, "complete", 0.4, 2, "", "another"), (1, "pruned", "", 1, "", FINGERPRINT))
    assert behind() is None
    assert not (writing.file_results("digits") / "sweep.json").exists()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (paths.TRIALS, f"number,fingerprint\n1,{FINGERPRINT}\n"),
        (paths.TRIALS, f"number;state;validation_accuracy;fingerprint\n1;complete;0.5;{FINGERPRINT}\n"),
        (paths.AUDIT, "{"),
        (paths.SWEEP_SETTINGS, "[]"),
    ],
)
def test_a_table_that_no_sweep_wrote_is_named(winner, file, content):
    """Of spreadsheets, for one: no hash vouches for what a sweep has left."""
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"reports/sweep/trials\.csv: damaged: .*; run `herbarium sweep` again"):
        writing.file_results("digits")
    assert not reading.exists("digits")


def test_a_trial_that_is_not_the_best_says_its_place(finished):
    swept((0, "complete", 0.9, 2, "", "a"), (1, "complete", 0.5, 2, "", FINGERPRINT))
    assert sweeps.sentence(behind()).startswith("number 2 of 2 complete among 2 trials")


def test_what_was_changed_by_hand_is_named(winner):
    folder = writing.file_results("digits")
    records.write_json(folder / "sweep.json", {"trials": 3})
    with pytest.raises(DataError, match=r"sweep\.json: damaged"):
        readme.update("digits")


def test_data_set_and_what_stages_took_are_filed(finished):
    took = {"seconds": 12.3, "cpu_seconds": 8.6, "peak_bytes": 2**30, "machine": {"cpu": "A CPU", "cores": "2"}}
    note = {**took, "outputs": {paths.METRICS.as_posix(): records.md5(paths.METRICS)}}
    records.write_json(resources.FOLDER / "evaluate.json", note)
    records.write_json(resources.FOLDER / "train.json", {**note, "outputs": {paths.METRICS.as_posix(): "0" * 32}})
    folder = writing.file_results("digits")
    assert reading.filed("digits").resources == {"evaluate": took}
    assert records.read_json(folder / "dataset.json") == records.read_json(paths.DATASET)
    text = readme.update("digits").read_text(encoding="utf-8")
    assert "It took: evaluate 12 s (9 s of CPU) and 1.0 GiB. Machine: A CPU, 2 cores." in text


def test_a_data_set_of_another_run_is_refused(finished):
    folder = writing.file_results("digits")
    records.write_json(folder / "dataset.json", {"classes": []})
    with pytest.raises(DataError, match=r"dataset\.json: not what dvc\.lock beside it names"):
        reading.filed("digits")


def test_the_ledger_counts_the_trials_of_a_sweep(winner):
    records.write_csv(paths.ids("validation"), ["name", "sha256"], [("a", "0" * 64)])
    ledger.note_sweep()
    assert ledger.trainings(split="validation") == 2
