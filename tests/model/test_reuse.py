"""Only what has changed of the splits is extracted again, with the bytes of an extraction of everything."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.identity import cache, code
from pipeline.model import reuse
from pipeline.model.rows import Rows

from .conftest import changed


@pytest.fixture
def appended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of rows that have been computed, chunk by chunk."""
    rows: list[int] = []
    append = Rows.append
    monkeypatch.setattr(Rows, "append", lambda self, new: (rows.append(len(new)), append(self, new)))
    return rows


@pytest.fixture
def before(stored: Path, extracted: Callable, params, appended: list[int]) -> dict[str, bytes]:
    """An extraction that DVC has taken into its cache; returns the files."""
    extracted(params)
    for path in paths.FEATURES.rglob("*.npy"):
        place = cache.place(cache.folder(Path()), records.md5(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    appended.clear()
    return files()


def files() -> dict[str, bytes]:
    return {path.relative_to(paths.FEATURES).as_posix(): path.read_bytes() for path in paths.FEATURES.rglob("*.*")}


def write_over(path: Path, row: int, value: int) -> None:
    array = records.read_npy(path, memory_map=False)
    array[row] = value
    records.write_npy(path, array)


def test_of_a_changed_image_its_split_is_extracted_again(before, extracted, params, appended, capsys, outcome):
    write_over(paths.images("test"), 3, 200)
    extracted(params)
    assert sum(appended) == 11
    assert "train, validation: nothing of it has changed" in capsys.readouterr().out
    partly = files()
    assert {name for name in before if before[name] != partly[name]} == {"test/pooled.npy", "test/split.json"}
    reuse.NOTES.unlink()
    extracted(params)
    assert files() == partly
    outcome(
        "a test image is changed",
        "extract-features",
        "its split alone is computed, with the same bytes",
        changes=1,
    )


def test_of_a_changed_label_or_name_nothing_is(before, extracted, params, appended):
    write_over(paths.labels("test"), 3, 1)
    extracted(params)
    assert appended == []
    assert {name for name in before if before[name] != files()[name]} == {"test/split.json"}
    rows = records.read_csv(paths.ids("train"))
    records.write_csv(paths.ids("train"), ["name", "sha256"], [(f"other-{r['name']}", r["sha256"]) for r in rows])
    extracted(params)
    assert appended == []


def test_views_follow_from_the_table_of_images(stored, params):
    seen = params.images.augmentation.model_copy(update={"views": 1}).model_dump()
    index = {"sources": dict.fromkeys(paths.SPLITS, "s"), "augmentation": seen}
    plain = reuse.keys({**index, "augmentation": None}, params.compute)
    first = reuse.keys(index, params.compute)
    assert [split for split in paths.SPLITS if first[split] != plain[split]] == ["train"]
    records.write_csv(paths.ids("train"), ["name", "sha256"], [])
    assert reuse.keys(index, params.compute)["train"] != first["train"]


def test_where_nothing_has_changed_it_is_computed_again(before, extracted, params, appended):
    extracted(params)
    assert sum(appended) == 37 + 18 + 11
    assert files() == before


def test_what_the_cache_lost_or_damaged_is_computed(before, extracted, params, appended):
    write_over(paths.images("test"), 3, 200)
    lost, damaged = (
        cache.place(cache.folder(Path()), records.md5(paths.FEATURES / split / "pooled.npy"))
        for split in ("train", "validation")
    )
    lost.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    extracted(params)
    assert sum(appended) == 37 + 18 + 11
    assert files()["train/pooled.npy"] == before["train/pooled.npy"]
    assert files()["validation/pooled.npy"] == before["validation/pooled.npy"]


def test_notes_that_are_cut_off_are_none(before, extracted, params, appended):
    reuse.NOTES.write_text('{"last"')
    write_over(paths.images("test"), 3, 200)
    extracted(params)
    assert sum(appended) == 37 + 18 + 11


def test_other_arithmetic_weights_images_and_code_have_other_keys(params, monkeypatch):
    index = {"sources": {"train": "a", "test": "b"}, "weights": "w", "augmentation": None, "images": {"train": 1}}

    def keys(index=index, **compute) -> tuple[str, ...]:
        return tuple(reuse.keys(index, changed(params, compute=compute).compute).values())

    found = {keys(), keys(threads=1), keys(precision="bfloat16"), keys({**index, "weights": "v"})}
    assert keys({**index, "digests": {"train": {}}}) in found
    (train, test), (train_too, other) = keys(), keys({**index, "sources": {"train": "a", "test": "c"}})
    assert train == train_too
    assert test != other
    monkeypatch.setattr(code, "digest", lambda stage: "other")
    found.add(keys())
    assert len(found) == 5
    assert np.unique([key for pair in found for key in pair]).size == 10
