"""What a record's lock vouches for: files by the path a stage wrote them to, and nothing else."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.filing import reading, seed_runs, vouching, writing
from pipeline.params import config
from pipeline.process.errors import DataError

from .conftest import replicated

RECORD = Path("experiments/digits/record")


@pytest.fixture
def filed(finished: Path) -> Path:
    writing.file_results("digits")
    return RECORD


def relocked(folder: Path, stages: dict) -> None:
    """Add `stages` to the record's lock."""
    lock = config.read_yaml(folder / "dvc.lock")
    records.write_text(folder / "dvc.lock", records.canonical({**lock, "stages": {**lock["stages"], **stages}}))


@pytest.mark.parametrize("below", ["more", "reports/more"])
def test_a_file_of_that_name_elsewhere_vouches_for_nothing(filed, below):
    """A changed figure is not made good by a stage that was added to the lock, and wrote one of that name."""
    table = filed / "history.csv"
    table.write_text(table.read_text().replace("0.", "1."))
    relocked(filed, {"more": {"outs": [{"path": f"{below}/history.csv", "md5": records.md5(table)}]}})
    with pytest.raises(DataError, match=r"history\.csv: not what dvc\.lock beside it names"):
        reading.vouched(filed)


def test_an_output_of_two_stages_is_refused(filed):
    relocked(filed, {"more": {"outs": [{"path": "reports/metrics.json", "md5": "0" * 32}]}})
    with pytest.raises(DataError, match=r"reports/metrics\.json is an output twice"):
        reading.vouched(filed)


@pytest.mark.parametrize("path", [paths.METRICS, paths.HISTORY, paths.DATASET])
def test_what_the_lock_does_not_name_is_not_vouched_for(path):
    lock = {"stages": {"evaluate": {"outs": [{"path": path.name, "md5": "0" * 32}]}}}
    with pytest.raises(DataError, match=rf"{path.name}: dvc\.lock beside it does not name it"):
        vouching.check_files(RECORD, lock, {path: b"content"})


@pytest.mark.parametrize("table", seed_runs.TABLES)
@pytest.mark.parametrize("seed", ["", "seeds/2"])
def test_a_figure_without_the_predictions_it_follows_from_is_refused(finished, table, seed):
    """Whoever takes them out of the lock as well may write any figure."""
    replicated(1)
    folder = writing.file_results("digits") / seed
    (folder / table.name).unlink()
    lock = config.read_yaml(folder / "dvc.lock")
    evaluate = lock["stages"]["evaluate"]
    outs = [out for out in evaluate["outs"] if out["path"] != table.as_posix()]
    relocked(folder, {"evaluate": {**evaluate, "outs": outs}})
    with pytest.raises(DataError, match=rf"{table.name}: dvc\.lock beside it does not name it"):
        reading.vouched(RECORD)


def test_parameters_that_no_stage_has_read_are_refused(filed):
    lock = config.read_yaml(filed / "dvc.lock")
    stages = {name: {key: stage[key] for key in ("cmd", "outs")} for name, stage in lock["stages"].items()}
    records.write_text(filed / "dvc.lock", records.canonical({"stages": stages}))
    with pytest.raises(DataError, match=r"not of one run: backbone\.layers is .*, 'nothing' in dvc\.lock; "):
        reading.vouched(filed)
