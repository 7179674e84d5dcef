"""Only what has changed of the splits is extracted again, with the bytes of an extraction of everything."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.identity import cache, code
from pipeline.model import chunks, reuse
from pipeline.model.known import Known
from pipeline.model.lower import Lower
from pipeline.model.rows import Rows

from .conftest import changed
from .killed import killed_at


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
    into_the_cache()
    appended.clear()
    return files()


def into_the_cache() -> None:
    for path in paths.FEATURES.rglob("*.npy"):
        place = cache.place(cache.folder(Path()), records.md5(path))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def files() -> dict[str, bytes]:
    return {path.relative_to(paths.FEATURES).as_posix(): path.read_bytes() for path in paths.FEATURES.rglob("*.*")}


def write_over(path: Path, row: int, value: int) -> None:
    array = records.read_npy(path, memory_map=False)
    array[row] = value
    records.write_npy(path, array)


def test_of_a_changed_image_its_split_is_extracted_again(before, extracted, params, appended, capsys, outcome):
    write_over(paths.images("test"), 3, 200)
    extracted(params)
    assert sum(appended) == 1
    assert "train, validation: nothing of it has changed" in capsys.readouterr().out
    partly = files()
    assert {name for name in before if before[name] != partly[name]} == {"test/pooled.npy", "test/split.json"}
    reuse.NOTES.unlink()
    extracted(params)
    assert files() == partly
    outcome(
        "a test image is changed",
        "extract-features",
        "it alone is computed, and all bytes are those of a full run",
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


def test_of_other_layers_with_the_same_weights_nothing_is_taken(before, extracted, params, appended):
    """Pooled where it was not pooled before: names, weights and shapes at the cut are the same."""
    write_over(paths.images("test"), 3, 200)
    other = changed(params, backbone={"layers": [32, 64, "pool", "pool"]})
    extracted(other)
    assert sum(appended) == 37 + 18 + 11
    found = files()
    assert found["train/pooled.npy"] != before["train/pooled.npy"]
    reuse.NOTES.unlink()
    extracted(other)
    assert files() == found


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
    assert sum(appended) == 37 + 18 + 1
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


def test_only_new_images_are_computed(before, extracted, params, appended, capsys, outcome):
    """Whatever is taken away, put elsewhere or into another split; the bytes are those of a full run."""
    images = {split: records.read_npy(paths.images(split), memory_map=False) for split in paths.SPLITS}
    rows = records.read_csv(paths.ids("test"))
    new = np.random.default_rng(7).integers(0, 256, (3, 16, 16, 1), dtype=np.uint8)
    moved = np.concatenate([new[:2], images["train"][20:5:-1], images["test"][:4], new[2:]])
    records.write_npy(paths.images("train"), moved)
    records.write_npy(paths.labels("train"), np.arange(len(moved)) % 3)
    records.write_csv(paths.ids("train"), ["name", "sha256"], [(f"{i}", f"{i:064x}") for i in range(len(moved))])
    records.write_npy(paths.images("test"), images["test"][4:])
    records.write_npy(paths.labels("test"), np.arange(7) % 3)
    records.write_csv(paths.ids("test"), ["name", "sha256"], [tuple(row.values()) for row in rows[4:]])
    extracted(params)
    assert sum(appended) == len(new)
    assert "train: 19 of 22 were computed before" in capsys.readouterr().out
    found = files()
    reuse.NOTES.unlink()
    extracted(params)
    assert files() == found
    outcome("images are added, moved, taken away", "extract-features", "only new ones are computed", changes=3)


def test_what_is_new_in_all_splits_is_one_chunk(before, extracted, params, monkeypatch):
    """With the known images it is compared with: a handful of new ones costs one chunk, not two for each split."""
    for split in paths.SPLITS:
        write_over(paths.images(split), 3, 200)
    computed: list[int] = []
    call = Lower.__call__
    monkeypatch.setattr(Lower, "__call__", lambda self, images: (computed.append(len(images)), call(self, images))[1])
    extracted(params)
    assert computed == [3 + 2 * 3]  # the first and the last known one of each split
    found = files()
    reuse.NOTES.unlink()
    extracted(params)
    assert files() == found


@pytest.mark.parametrize("writes_before_the_kill", range(5))
def test_killed_among_new_images_it_ends_with_the_same_bytes(
    before, extracted, params, monkeypatch, writes_before_the_kill
):
    """While new ones are computed, chunk by chunk, and while they are put between known ones, split by split."""
    monkeypatch.setattr(chunks, "MOST_IMAGES", 8)
    for split, rows in (("train", range(12)), ("test", (1, 5))):
        for row in rows:
            write_over(paths.images(split), row, 200 + row)
    with killed_at(monkeypatch, "copy", writes_before_the_kill):
        extracted(params)
    extracted(params)
    found = files()
    reuse.NOTES.unlink()
    extracted(params)
    assert files() == found


def test_views_of_known_images_are_known(stored, extracted, params, appended):
    settings = params.images.augmentation.model_dump() | {"views": 1, "shift": 0.2}
    params = changed(params, backbone={"max_unfrozen_layers": 1})
    extracted(changed(params, images={"augmentation": settings}))
    into_the_cache()
    for views, computed in ((1, 2), (2, 37)):
        if views == 1:
            write_over(paths.images("train"), 5, 9)
            rows = records.read_csv(paths.ids("train"))
            rows[5]["sha256"] = "9" * 64
            records.write_csv(paths.ids("train"), ["name", "sha256"], [tuple(row.values()) for row in rows])
        appended.clear()
        extracted(changed(params, images={"augmentation": settings | {"views": views}}))
        assert sum(appended) == 2 * computed  # of two cuts
        into_the_cache()
    whole = files()
    reuse.NOTES.unlink()
    extracted(changed(params, images={"augmentation": settings | {"views": 2}}))
    assert files() == whole


def test_where_bits_depend_on_the_chunk_everything_is_computed(
    before, extracted, params, appended, monkeypatch, capsys
):
    """As if a kernel had other bits for an image next to others: the probe sees it."""
    write_over(paths.images("test"), 3, 200)
    monkeypatch.setattr(Known, "put", lambda self, rows, file, into: into.fill(0.5))
    extracted(params)
    assert sum(appended) == 11
    assert "other bits, next to other images" in capsys.readouterr().out
