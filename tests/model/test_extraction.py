"""Activations at the cuts: what is stored, and that neither kills nor chunks nor positions change a byte."""

import shutil

import keras
import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.model import augmentation, backbones, chunks, extraction, features, heads, wanted
from pipeline.model.rows import Rows
from pipeline.params.schema import Params
from pipeline.process import limits
from pipeline.process.errors import MachineError

from .conftest import changed
from .killed import killed_at


def augmented(params: Params, **changes) -> Params:
    settings = (
        params.images.augmentation.model_dump()
        | {"rotation": 30.0, "shift": 0.2, "flip": True, "erasing": 0.5, "randaugment": 2}
        | changes
    )
    return changed(params, images={"augmentation": settings})


def activations(split: str, name: str = "pool2.npy") -> np.ndarray:
    return records.read_npy(paths.FEATURES / split / name, memory_map=False)


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in paths.FEATURES.rglob("*") if path.is_file()}


@pytest.fixture
def two_cuts(params: Params) -> Params:
    """Activations below the upper convolution, and the pooled output."""
    return changed(params, backbone={"max_unfrozen_layers": 1})


def test_stored_activations_are_what_the_network_computes(stored, extracted, two_cuts):
    index = extracted(two_cuts)
    network = backbones.build(two_cuts.backbone, two_cuts.images)
    pooled = heads.pool(network.output.tensor, "average")
    whole = keras.Model(network.input.tensor, [network.at("pool2").tensor, pooled])
    for split in paths.SPLITS:
        inner, output = whole.predict(records.read_npy(paths.images(split)), verbose=0)
        np.testing.assert_allclose(activations(split), inner, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(activations(split, "pooled.npy"), output, rtol=1e-4, atol=1e-6)
    assert [(cut["layer"], cut["shape"]) for cut in index["cuts"]] == [("pool2", [8, 8, 32]), ("pool4", [64])]


def test_files_are_as_numpy_writes_them(stored, extracted, two_cuts, tmp_path):
    extracted(two_cuts)
    path = paths.FEATURES / "train" / "pool2.npy"
    records.write_npy(tmp_path / "numpy.npy", activations("train"))
    assert path.read_bytes() == (tmp_path / "numpy.npy").read_bytes()


def test_repeating_gives_the_same_bytes(stored, extracted, two_cuts):
    first = (extracted(two_cuts), files())
    assert (extracted(two_cuts), files()) == first


def test_nothing_is_stored_where_the_images_are_the_cut(stored, extracted, params):
    params = changed(params, backbone={"max_unfrozen_layers": 2, "weights": "none"})
    index = extracted(params)
    assert [cut["file"] for cut in index["cuts"]] == [None]
    assert set(index["digests"]["train"]) == {"images.npy", "labels.npy"}
    assert {path.name for path in paths.FEATURES.rglob("*") if path.is_file()} == {"features.json", "split.json"}


def test_half_precision_storage(stored, extracted, two_cuts):
    extracted(two_cuts)
    full = activations("validation")
    extracted(changed(two_cuts, compute={"storage": "float16"}))
    assert activations("validation").dtype == np.float16
    np.testing.assert_array_equal(activations("validation"), full.astype(np.float16))


# Random views


def test_views_follow_the_images_and_only_training_has_them(stored, extracted, two_cuts):
    params = augmented(two_cuts, views=2)
    extracted(params)
    counts = {split: len(records.read_npy(paths.labels(split))) for split in paths.SPLITS}
    rows = {split: len(activations(split)) for split in paths.SPLITS}
    assert rows == counts | {"train": 3 * counts["train"]}

    images, identities = records.read_npy(paths.images("train")), wanted.image_identities("train")
    moved = [
        augmentation.apply(images, augmentation.drawn(params.images.augmentation, identities, view, (16, 16, 1)))
        for view in (1, 2)
    ]
    network = backbones.build(params.backbone, params.images)
    below = keras.Model(network.input.tensor, network.at("pool2").tensor)
    for view, seen in enumerate([images, *moved]):
        part = activations("train")[view * counts["train"] : (view + 1) * counts["train"]]
        np.testing.assert_allclose(part, below.predict(np.asarray(seen), verbose=0), rtol=1e-4, atol=1e-6)
    assert not np.array_equal(moved[0], moved[1])


def test_a_view_does_not_depend_on_its_chunk_or_place(stored, two_cuts):
    params = augmented(two_cuts, views=2)

    def views(size: int) -> dict[str, list[bytes]]:
        splits = {"train": wanted.Wanted.of("train", params)}
        parts = list(wanted.chunks(splits, wanted.parts((("train", row) for row in range(111)), size)))
        names = [row["name"] for row in records.read_csv(paths.ids("train"))]
        by_name: dict[str, list[bytes]] = {}
        for name, image in zip(names * 3, np.concatenate(parts), strict=True):
            by_name.setdefault(name, []).append(image.tobytes())
        return by_name

    before = views(64)
    order = np.random.default_rng(0).permutation(len(records.read_npy(paths.labels("train"))))
    rows = records.read_csv(paths.ids("train"))
    images = records.read_npy(paths.images("train"), memory_map=False)
    records.write_npy(paths.images("train"), images[order])
    records.write_csv(paths.ids("train"), ["name", "sha256"], [(rows[i]["name"], rows[i]["sha256"]) for i in order])
    assert views(5) == before


# Kills


@pytest.mark.parametrize("chunks_before_the_kill", [0, 2, 6])
def test_a_killed_extraction_goes_on_where_it_stopped(stored, extracted, two_cuts, monkeypatch, chunks_before_the_kill):
    monkeypatch.setattr(chunks, "MOST_IMAGES", 8)
    undisturbed = (extracted(two_cuts), files())
    one_file_more = 2 * chunks_before_the_kill + 1  # it has a chunk that the other has not
    with killed_at(monkeypatch, "append", one_file_more) as appended:
        extracted(two_cuts)

    append = Rows.append
    done = sum(appended[1::2])
    appended_again: list[int] = []
    monkeypatch.setattr(Rows, "append", lambda self, rows: (appended_again.append(len(rows)), append(self, rows)))
    assert (extracted(two_cuts), files()) == undisturbed
    assert sum(appended_again[::2]) == 37 + 18 + 11 - done
    assert not extraction.UNFINISHED.exists()


# Before any work


def test_a_full_disk_is_noticed_before_any_work(stored, two_cuts, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=limits.SPARE_BYTES + 1000))
    monkeypatch.setattr(extraction, "lower_of", None)
    with pytest.raises(
        MachineError, match=r"66 images at pool2, pool4 need 5[0-9]\d\.\d kB.*the disk has .*storage: float16"
    ):
        extraction.extract(two_cuts)
    assert not paths.STATE.exists()


def test_the_bytes_needed_are_those_taken(stored, extracted, two_cuts, tmp_path_factory):
    params, tmp_path = augmented(two_cuts, views=1), tmp_path_factory.mktemp("work")
    index = extracted(params)
    entries = [extraction.Stored(c["layer"], tuple(c["shape"]), c["file"]) for c in index["cuts"]]
    needed = extraction.check_disk(params, entries, index["images"], [tmp_path])
    header = 128
    assert needed == sum(len(content) - header for name, content in files().items() if name.endswith(".npy"))
    (tmp_path / "pooled.npy").write_bytes(bytes(1000))  # what an interrupted extraction has written is not needed
    assert extraction.check_disk(params, entries, index["images"], [tmp_path]) == needed - 1000


# What the index says


def test_the_index_names_what_the_bytes_come_from(stored, extracted, two_cuts):
    index = extracted(two_cuts)
    assert index["sources"] == {split: records.file_digest(paths.images(split)) for split in paths.SPLITS}
    other = extracted(changed(two_cuts, backbone={"weights": "none"}))
    assert other["weights"] != index["weights"]
    assert features.read_index() == other
