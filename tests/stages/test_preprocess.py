"""The stage preprocess in a project folder of its own."""

import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.data import images
from pipeline.files import paths, records
from pipeline.params import config
from pipeline.params.data_section import Splits
from pipeline.process.errors import DataError
from pipeline.stages import fetch, preprocess
from tests import trees
from tests.undrawn import undrawn

FETCH = ["data.source", "data.name", "data.path", "data.table", "data.corrections", "data.on_bad_image"]
PREPROCESS = [
    *["data.name", "data.splits", "data.splitting", "data.limit", "data.deduplicate", "data.allow_leaks"],
    "data.near_duplicates",
    *["images.height", "images.width", "images.channels"],
]
PHOTOGRAPHS = os.environ.get("HERBARIUM_TEST_IMAGES")


@pytest.fixture
def run(params):
    """A function that runs fetch (if asked to) and preprocess (drawing if asked to) with other parameters of data and
    images."""

    def stages(fetching=True, size=(4, 6), channels=3, drawn=False, **data):
        height, width = size
        changed = params.model_copy(
            update={
                "data": params.data.model_copy(update={"limit": None, **data}),
                "images": params.images.model_copy(update={"height": height, "width": width, "channels": channels}),
            }
        )
        if fetching:
            fetch.run(config.narrow(changed, FETCH))
        with nullcontext() if drawn else undrawn():
            preprocess.run(config.narrow(changed, PREPROCESS))

    return stages


def paint(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def folder(project):
    """Three splits of two classes with four images each; keyword arguments that use them."""
    for i, (split, label, n) in enumerate((s, c, n) for s in ("train", "val", "test") for c in "ab" for n in range(4)):
        paint(project / "source" / split / label / f"{n}.png", seed=i)
    splits = Splits(train="train", validation="validation", test="test")
    return {"source": "image_folder", "name": "ab", "path": "source", "splits": splits}


def test_arrays_labels_and_ids_belong_together(project, run, folder, capsys):
    run(**folder)
    assert records.read_json(paths.CLASSES) == ["a", "b"]
    for split in paths.SPLITS:
        pixels, labels, ids = (
            records.read_npy(paths.images(split)),
            records.read_npy(paths.labels(split)),
            records.read_csv(paths.ids(split)),
        )
        assert (pixels.shape, pixels.dtype, labels.dtype) == ((8, 4, 6, 3), np.uint8, np.int64)
        for image, label, row in zip(pixels, labels, ids, strict=True):
            original = images.decode((project / "source" / row["name"]).read_bytes(), 3)
            assert row["name"].split("/")[1] == "ab"[label]
            assert row["sha256"] == images.pixel_digest(original)
            np.testing.assert_array_equal(image, images.resize(original, 4, 6))
    assert "2 classes; images: train 8, validation 8, test 8" in capsys.readouterr().out
    assert not list(paths.IMAGES.glob(".*"))


def test_repeating_gives_the_same_bytes(project, run, folder):
    run(**folder, drawn=True)
    before = [trees.digest(path) for path in (paths.IMAGES, paths.REPORTS)]
    run(**folder, drawn=True)
    assert [trees.digest(path) for path in (paths.IMAGES, paths.REPORTS)] == before


def test_digits_become_larger_grey_images(project, run):
    run(size=(28, 28), channels=1, drawn=True, source="digits", name="digits", limit=100)
    assert records.read_npy(paths.images("train")).shape == (100, 28, 28, 1)
    report = records.read_json(paths.DATASET)
    assert report["splits"]["test"]["images"] == 100
    assert report["duplicates"]["count"] == 0
    with Image.open(paths.SAMPLES_PICTURE) as picture:
        assert picture.width > 1000


def test_weights_of_a_table_belong_to_the_images_of_training_and_validation(project, run, capsys):
    rows = [(f"{n}.png", "ab"[n % 2], str(n / 4) if n < 9 else "") for n in range(12)]
    for n in range(12):
        paint(project / "source" / f"{n}.png", seed=n)
    table = project / "source/labels.csv"
    table.write_text("\n".join(map(",".join, [("file", "label", "weight"), *rows])))
    splits = Splits(train="train[:6]", validation="train[6:9]", test="train[9:]")
    source = {"source": "table", "name": "ab", "path": "source", "table": "labels.csv", "splits": splits}
    run(**source)
    for split in ("train", "validation"):
        names = [row["name"] for row in records.read_csv(paths.ids(split))]
        wanted = [float(weight or 1) for name in names for file, _, weight in rows if file == name]
        np.testing.assert_array_equal(records.read_npy(paths.weights(split)), np.array(wanted, np.float32))
    assert not paths.weights("test").exists()
    assert "training images count" in capsys.readouterr().out
    assert records.read_json(paths.DATASET)["weights"]["images"] <= 6
    table.write_text("\n".join(map(",".join, [("file", "label", "weight"), *((f, c, "0") for f, c, _ in rows)])))
    with pytest.raises(DataError, match="the weights of all training images of a, b are 0"):
        run(**source)
    of_a = [(f, c, "0" if c == "a" else "2") for f, c, _ in rows]
    table.write_text("\n".join(map(",".join, [("file", "label", "weight"), *of_a])))
    with pytest.raises(DataError, match="the weights of all training images of a are 0, so that the network would"):
        run(**source)
    table.write_text("\n".join(map(",".join, [("file", "label"), *((f, c) for f, c, _ in rows)])))
    run(**source)
    assert not any(paths.weights(split).exists() for split in paths.SPLITS)


def leak(project: Path) -> None:
    """One training image in test too, and one under both labels within training."""
    shutil.copy(project / "source/train/a/0.png", project / "source/test/a/leak.png")
    shutil.copy(project / "source/train/a/1.png", project / "source/train/b/wrong.png")


def test_leaks_stop_unless_they_are_allowed(project, run, folder):
    leak(project)
    with pytest.raises(DataError, match=r"test: test/a/leak\.png \(a\) = train: train/a/0\.png \(a\)"):
        run(**folder)
    assert not paths.images("train").exists()
    run(**folder, fetching=False, allow_leaks=True)
    found = records.read_json(paths.DATASET)["duplicates"]
    assert (found["count"], found["leaking"], found["contradicting"], found["dropped_images"]) == (2, 1, 1, 0)
    assert len(records.read_npy(paths.images("train"))) == 9


def test_deduplication_keeps_the_test_image_and_drops_contradictions(project, run, folder):
    leak(project)
    run(**folder, deduplicate=True)
    names = {split: {row["name"] for row in records.read_csv(paths.ids(split))} for split in paths.SPLITS}
    assert "test/a/leak.png" in names["test"]
    assert not {"train/a/0.png", "train/a/1.png", "train/b/wrong.png"} & names["train"]
    assert len(names["train"]) == len(records.read_npy(paths.images("train"))) == 6
    assert len(names["test"]) == 9
    report = records.read_json(paths.DATASET)
    assert report["splits"]["train"]["images_per_class"] == {"a": 2, "b": 4}
    assert report["duplicates"]["dropped_images"] == 3


def test_a_class_without_training_images_stops_and_elsewhere_is_reported(project, run, folder, capsys):
    shutil.rmtree(project / "source/test/b")
    run(**folder)
    assert "test has no image of: b" in capsys.readouterr().out
    assert records.read_json(paths.DATASET)["splits"]["test"]["missing_classes"] == ["b"]
    shutil.rmtree(project / "source/train/b")
    with pytest.raises(DataError, match="no training image: b"):
        run(**folder)


def test_overlapping_slices_stop_before_any_image_is_read(project, run, folder):
    folder["splits"] = Splits(train="train[:5]", validation="train[50%:]", test="test")
    with pytest.raises(DataError, match="share 1 images"):
        run(**folder)
    assert not paths.IMAGES.exists()


def test_preprocess_without_fetch_says_so(project, run, folder):
    with pytest.raises(DataError, match=r"data/raw/ab: found 0 data sets.*run the stage fetch"):
        run(**folder, fetching=False)


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOGRAPHS, reason="HERBARIUM_TEST_IMAGES names no folder of flower photographs")
def test_real_photographs_hold_six_duplicates_four_of_them_contradicting(project, run):
    run(source="image_folder", name="flowers", path=PHOTOGRAPHS, size=(160, 160), deduplicate=True)
    report = records.read_json(paths.DATASET)
    assert (report["duplicates"]["count"], report["duplicates"]["contradicting"]) == (6, 4)
    assert report["duplicates"]["dropped_images"] == 2 + 2 * 4
    assert sum(split["images"] for split in report["splits"].values()) == 4064 - 10
    assert report["splits"]["train"]["imbalance"] < 1.6


@pytest.fixture
def plants(project, params):
    """One split: two classes of 20 and 10 plants with two photographs each; keyword arguments that use them."""
    for i, (label, plant, n) in enumerate((c, p, n) for c, k in (("a", 20), ("b", 10)) for p in range(k) for n in "xy"):
        paint(project / "source" / label / f"{label}{plant:02}{n}.png", seed=i)
    splits = Splits(train="train[:60%]", validation="train[60%:80%]", test="train[80%:]")
    return {"source": "image_folder", "name": "ab", "path": "source", "splits": splits}


def splitting(params, **changes):
    return params.data.splitting.model_copy(update=changes)


def table() -> dict[str, str]:
    return {row["name"]: row["split"] for row in records.read_csv(paths.SPLIT_TABLE)}


def per_class(split: str) -> dict[str, int]:
    return records.read_json(paths.DATASET)["splits"][split]["images_per_class"]


def test_stratified_splits_have_each_class_in_proportion(project, run, plants, params):
    run(**plants, splitting=splitting(params, method="stratified"))
    assert [per_class(split) for split in paths.SPLITS] == [{"a": 24, "b": 12}, {"a": 8, "b": 4}, {"a": 8, "b": 4}]
    rows = records.read_csv(paths.SPLIT_TABLE)
    assert rows[0].keys() == {"name", "class", "group", "split"}
    for split in paths.SPLITS:
        assert [r["name"] for r in records.read_csv(paths.ids(split))] == [
            r["name"] for r in rows if r["split"] == split
        ]
    for row in rows:
        assert row["class"] == row["name"][0]


def test_groups_are_in_one_split_each(project, run, plants, params):
    run(**plants, splitting=splitting(params, method="stratified", group=r"([ab]\d+)[xy]"))
    assert [per_class(split) for split in paths.SPLITS] == [{"a": 24, "b": 12}, {"a": 8, "b": 4}, {"a": 8, "b": 4}]
    split_of = table()
    assert all(split_of[f"{n[:-5]}x.png"] == split_of[f"{n[:-5]}y.png"] for n in split_of)
    with pytest.raises(DataError, match=r"(?s)groups have images in more than one split:.*method: stratified"):
        run(fetching=False, **plants, splitting=splitting(params, group=r"([ab]\d+)[xy]"))


def test_stable_splits_move_no_image_when_others_are_added(project, run, plants, params):
    run(**plants, splitting=splitting(params, method="stable"))
    before = table()
    for n in range(40):
        paint(project / f"source/b/new{n}.png", seed=1000 + n)
    run(**plants, splitting=splitting(params, method="stable"))
    after = table()
    assert len(after) == len(before) + 40
    assert {name: after[name] for name in before} == before
    assert len(set(before.values())) == 3


def test_identical_images_are_drawn_into_one_split(project, run, plants, params):
    for n in range(0, 20, 2):
        shutil.copy(project / f"source/a/a{n:02}x.png", project / f"source/a/copy{n:02}.png")
    run(**plants, splitting=splitting(params, method="random"))
    report = records.read_json(paths.DATASET)["duplicates"]
    assert (report["count"], report["leaking"]) == (10, 0)


def test_the_source_s_own_test_split_stays_and_only_the_rest_is_drawn(project, run, folder, params):
    folder["splits"] = Splits(train="train[:75%]", validation="train[75%:]", test="test")
    run(**folder, splitting=splitting(params, method="stratified"))
    assert [per_class(split) for split in paths.SPLITS] == [{"a": 3, "b": 3}, {"a": 1, "b": 1}, {"a": 4, "b": 4}]
    assert {name.split("/")[0] for name, split in table().items() if split == "test"} == {"test"}


def test_a_limit_keeps_the_shares(project, run, plants, params):
    run(**plants | {"limit": 12}, splitting=splitting(params, method="stratified"))
    assert [len(records.read_npy(paths.labels(split))) for split in paths.SPLITS] == [12, 4, 4]


def test_no_split_has_more_images_than_the_limit_whatever_way_it_is_drawn(project, run, plants, params):
    """Shares that hold on the average would leave more: those beyond the limit are in no split."""
    left_out = 0
    for seed in (1, 2, 3):
        run(**plants | {"limit": 20}, splitting=splitting(params, method="stable", seed=seed))
        assert max(len(records.read_npy(paths.labels(split))) for split in paths.SPLITS) <= 20
        left_out += list(table().values()).count("")
    assert left_out


def test_splits_that_groups_leave_empty_say_how_many_there_are(project, run, plants, params):
    with pytest.raises(
        DataError, match=r"no image is left in validation, test: groups are not cut .*, and these .* of 2"
    ):
        run(**plants, splitting=splitting(params, method="stratified", group="folder"))


def test_a_class_or_all_that_corrections_drop_is_named(project, run, plants, params):
    names = [path.relative_to(project / "source").as_posix() for path in (project / "source").rglob("*.png")]
    for dropped, said in (
        ("a/", r"have no training image: a \(none: data\.corrections, "),
        ("", "no image is left in"),
    ):
        rows = [f"{name},drop" for name in names if name.startswith(dropped)]
        (project / "source/corrections.csv").write_text("\n".join(["name,correction", *rows]))
        for method in ("stratified", "slices"):
            with pytest.raises(DataError, match=said):
                run(**plants, corrections="corrections.csv", splitting=splitting(params, method=method))


def test_a_table_s_groups_are_in_one_split_each(project, run, plants, params):
    photographs = sorted(path.relative_to(project / "source") for path in (project / "source").rglob("*.png"))
    lines = [f"{path},{path.parts[0]},{path.name[:3]}" for path in photographs]
    (project / "source/labels.csv").write_text("\n".join(["file,label,group", *lines]))
    drawn = splitting(params, method="stratified", group="column")
    run(**plants | {"source": "table", "table": "labels.csv"}, splitting=drawn)
    assert [per_class(split) for split in paths.SPLITS] == [{"a": 24, "b": 12}, {"a": 8, "b": 4}, {"a": 8, "b": 4}]
    rows = records.read_csv(paths.SPLIT_TABLE)
    assert len({row["group"] for row in rows}) == len({(row["group"], row["split"]) for row in rows}) == 30


@pytest.fixture
def copied(project, plants):
    """Of each plant the second photograph is the first one, mirrored and smaller."""
    for n, first in enumerate(sorted((project / "source").rglob("*x.png"))):
        rng = np.random.default_rng(n)
        picture = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((60, 60))
        picture.save(first)
        mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((30, 40))
        mirrored.save(first.with_name(first.name.replace("x", "y")))
    return plants


def test_near_duplicates_are_reported_refused_or_kept_together(project, run, copied, params, capsys):
    run(**copied, near_duplicates="report", splitting=splitting(params, method="stratified"))
    report = records.read_json(paths.DATASET)["near_duplicates"]
    assert (report["count"], report["contradicting"]) == (30, 0)
    assert report["leaking"] > 0
    assert (
        f"30 pairs of near-duplicates: 0 with contradicting labels, {report['leaking']} in" in capsys.readouterr().out
    )
    with pytest.raises(
        DataError, match=r"(?s)data\.near_duplicates: \d+ pairs of images .* are in two splits:.*together"
    ):
        run(fetching=False, **copied, near_duplicates="error", splitting=splitting(params, method="stratified"))
    run(fetching=False, **copied, near_duplicates="together", splitting=splitting(params, method="stratified"))
    assert [per_class(split) for split in paths.SPLITS] == [{"a": 24, "b": 12}, {"a": 8, "b": 4}, {"a": 8, "b": 4}]
    assert records.read_json(paths.DATASET)["near_duplicates"]["leaking"] == 0


@pytest.mark.parametrize("near_duplicates", ["together", "ignore"])
def test_groups_that_share_an_image_are_together(project, run, plants, params, near_duplicates):
    """Identical images are no near-duplicates of each other, and copies all the same."""
    for n in range(0, 20, 2):
        shutil.copy(project / f"source/a/a{n:02}x.png", project / f"source/a/a{n + 1:02}z.png")
    by_plant = splitting(params, method="stratified", group=r"([ab]\d+)[xyz]")
    run(**plants, near_duplicates=near_duplicates, splitting=by_plant)
    report = records.read_json(paths.DATASET)
    assert (report["duplicates"]["count"], report["duplicates"]["leaking"]) == (10, 0)
    assert report.get("near_duplicates", {"leaking": 0})["leaking"] == 0
    split_of = table()
    for n in range(0, 20, 2):
        joined = {f"a/a{n:02}x.png", f"a/a{n:02}y.png", f"a/a{n + 1:02}x.png", f"a/a{n + 1:02}z.png"}
        assert len({split_of[name] for name in joined}) == 1


def test_stable_splits_join_no_groups_and_say_which_images_they_share(project, run, plants, params):
    """By another copy two groups would become one, and images that were there might move."""
    for n in range(19):
        shutil.copy(project / f"source/a/a{n:02}x.png", project / f"source/a/a{n + 1:02}z.png")
    with pytest.raises(DataError, match=r"identical images are in more than one split:\n.*a/a\d\dx\.png"):
        run(**plants, splitting=splitting(params, method="stable", group=r"([ab]\d+)[xyz]"))


def test_keeping_one_of_each_joins_no_groups_either(project, run, plants, params):
    """The other images of the plant would stay in both splits."""
    for n in range(19):
        shutil.copy(project / f"source/a/a{n:02}x.png", project / f"source/a/a{n + 1:02}z.png")
    stable = splitting(params, method="stable", group=r"([ab]\d+)[xyz]")
    with pytest.raises(DataError, match=r"(?s)several groups that are in different splits:.*Give these groups one"):
        run(**plants, splitting=stable, deduplicate=True)
    run(**plants, splitting=stable, deduplicate=True, allow_leaks=True)


def test_keeping_one_of_each_joins_no_groups_of_the_source_s_own_splits(project, run, folder, params):
    shutil.copy(project / "source/train/a/0.png", project / "source/test/a/copy.png")
    files = [path.relative_to(project / "source").as_posix() for path in sorted(project.glob("source/*/*/*.png"))]
    rows = [f"{f},{f.split('/')[1]},{f.split('/')[0]},{f.split('/')[0]}-{f.split('/')[1]}" for f in files]
    (project / "source/t.csv").write_text("\n".join(["file,label,split,group", *rows]))
    table = folder | {"source": "table", "table": "t.csv", "deduplicate": True}
    for method in ("slices", "stratified"):
        how = splitting(params, method=method, group="column")
        with pytest.raises(DataError, match="identical images are of several groups that are in different splits"):
            run(**table, splitting=how)
        run(**table, splitting=how, allow_leaks=True)


def test_groups_of_different_splits_that_look_the_same_are_refused(project, run, folder, params):
    """One plant, written in two ways, would be learned and asked about."""
    rows = [f"{file.relative_to(project / 'source').as_posix()}" for file in sorted(project.glob("source/*/*/*.png"))]
    lines = [
        f"{row},{row.split('/')[1]},{row.split('/')[0]},{'p1 ' if row.startswith('test') else 'p1'}" for row in rows
    ]
    (project / "source/labels.csv").write_text("\n".join(["file,label,split,group", *lines]))
    with pytest.raises(DataError, match=r"column finds groups that look the same: 'p1' and 'p1 '"):
        run(**folder | {"source": "table", "table": "labels.csv"}, splitting=splitting(params, group="column"))


def test_nobody_looks_for_near_duplicates_unless_asked_to(run, plants):
    run(**plants)
    assert "near_duplicates" not in records.read_json(paths.DATASET)


def test_corrected_labels_are_those_that_are_learned(project, run, plants, params, capsys):
    (project / "source/corrections.csv").write_text("name,correction\na/a00x.png,b\na/a01x.png,drop\n")
    run(**plants, corrections="corrections.csv", splitting=splitting(params, method="stratified"))
    rows = {row["name"]: row["class"] for row in records.read_csv(paths.SPLIT_TABLE)}
    assert (len(rows), rows["a/a00x.png"], "a/a01x.png" in rows) == (59, "b", False)
    assert sum(per_class(split)["b"] for split in paths.SPLITS) == 21
    assert records.read_json(paths.DATASET)["corrections"] == {"labelled": 1, "dropped": 1}
    assert "labels corrected by a person: 1; left out: 1\n" in capsys.readouterr().out


def test_where_one_of_each_is_kept_a_correction_is_of_all_copies(project, run, plants, params):
    """Whoever corrects it sees the one that is kept: the other must not come back, nor contradict it."""
    for n in (0, 1):
        shutil.copy(project / f"source/a/a0{n}x.png", project / f"source/a/copy{n}.png")
    file = project / "source/corrections.csv"
    file.write_text("name,correction\na/a00x.png,b\na/a01x.png,drop\n")
    how = plants | {"deduplicate": True, "corrections": "corrections.csv"}
    for method in ("stratified", "slices"):
        run(**how, splitting=splitting(params, method=method), drawn=True)
        rows = {row["name"]: (row["class"], row["split"]) for row in records.read_csv(paths.SPLIT_TABLE)}
        twins = [rows["a/a00x.png"], rows["a/copy0.png"]]
        assert [label for label, _ in twins] == ["b", "b"]
        assert sum(bool(split) for _, split in twins) == 1
        assert not {"a/a01x.png", "a/copy1.png"} & rows.keys()
        for split in paths.SPLITS:
            pixels = records.read_npy(paths.images(split))
            for image, row in zip(pixels, records.read_csv(paths.ids(split)), strict=True):
                original = images.decode((project / "source" / row["name"]).read_bytes(), 3)
                np.testing.assert_array_equal(image, images.resize(original, 4, 6))
    assert records.read_json(paths.DATASET)["corrections"] == {"labelled": 1, "dropped": 1}
    file.write_text("name,correction\na/a00x.png,b\na/copy0.png,drop\n")
    with pytest.raises(DataError, match=r"by another row that is of an identical image; with data\.deduplicate: true"):
        run(**how)


def test_the_disk_has_room_for_the_copy_of_what_is_left_out(project, run, plants, params, capsys):
    """Of a split from which a person dropped an image the others are copied, as its file had a row too many."""
    (project / "source/corrections.csv").write_text("name,correction\na/a01x.png,drop\n")
    taken = []
    for corrections in (None, "corrections.csv"):
        run(**plants, corrections=corrections)
        (said,) = [line for line in capsys.readouterr().out.splitlines() if "of the disk" in line]
        taken.append(float(said.split(" take ")[1].split()[0]))
    assert taken[1] == 2 * taken[0]


def test_corrections_of_what_is_not_there_stop_and_leave_what_was(project, run, plants):
    run(**plants)
    before = {path: path.read_bytes() for path in paths.RAW.rglob("*") if path.is_file()}
    (project / "source/corrections.csv").write_text("name,correction\na/a99x.png,b\n")
    with pytest.raises(DataError, match=r"data\.corrections: 1 images it names are not in the source: a/a99x\.png"):
        run(**plants, corrections="corrections.csv")
    assert {path: path.read_bytes() for path in paths.RAW.rglob("*") if path.is_file()} == before
