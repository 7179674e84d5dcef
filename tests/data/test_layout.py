"""What a folder of photographs means; and that nothing is guessed where it could mean two things."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data import layout
from pipeline.process.errors import DataError


def folders(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).mkdir(parents=True)
    return root


@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize("validation", ["val", "valid", "Validation", "DEV"])
@pytest.mark.parametrize("test", ["test", "Testing", "holdout"])
def test_folders_called_like_splits_are_splits(tmp_path, train, validation, test):
    source = folders(tmp_path, *(f"{split}/rose" for split in (test, train, validation)))
    found = layout.of(source)
    assert found == {"train": source / train, "validation": source / validation, "test": source / test}
    assert list(found) == ["train", "validation", "test"]


def test_other_folders_are_classes(tmp_path):
    assert layout.of(folders(tmp_path, "rose", "tulip")) == {"train": tmp_path}


@pytest.mark.parametrize(
    ("train", "test"),
    [("training_set", "test_set"), ("seg_train", "seg_test"), ("train-images", "Test Images"), ("Trainset", "testset")],
)
def test_other_words_beside_the_name_of_a_split_make_it_no_class(tmp_path, train, test):
    """As archives of courses and competitions are laid out: else a network learns to tell training from test images."""
    found = layout.of(folders(tmp_path, f"{train}/rose", f"{test}/rose"))
    assert found == {"train": tmp_path / train, "test": tmp_path / test}


@pytest.mark.parametrize("name", ["steam train", "crash test dummy", "set", "images", "train 2", "testimonial", ""])
def test_names_of_classes_are_no_names_of_splits(name):
    assert layout.split_called(name) is None


def test_a_part_of_the_splits_is_enough(tmp_path):
    assert list(layout.of(folders(tmp_path, "Test/rose", "dev/rose"))) == ["validation", "test"]


CASED = st.sampled_from(
    ["train", "training", "val", "valid", "validation", "dev", "test", "testing", "holdout"]
).flatmap(lambda n: st.sampled_from([n, n.upper(), n.title()]))


@settings(max_examples=50)
@given(
    like=st.sets(CASED, min_size=1), others=st.sets(st.sampled_from(["rose", "bus", "trains", "test 2"]), min_size=1)
)
def test_a_mixture_is_refused_with_both_readings(tmp_path_factory, like, others):
    source = folders(tmp_path_factory.mktemp("mixture"), *(f"{name}/a" for name in like | others))
    with pytest.raises(DataError) as raised:
        layout.of(source)
    message = str(raised.value)
    assert "if all are classes, put them into one folder" in message
    assert "are splits, put" in message
    assert all(name in message for name in like | others)


@pytest.mark.parametrize("two", [("train", "Train"), ("val", "valid"), ("test", "holdout"), ("dev", "Validation")])
def test_two_folders_for_one_split_are_refused(tmp_path, two):
    with pytest.raises(DataError, match=f"{min(two)} and {max(two)} .* are called like one split"):
        layout.of(folders(tmp_path, *(f"{name}/rose" for name in two)))


def test_a_split_of_loose_images_is_offered_to_predict(tmp_path):
    folders(tmp_path, "train/rose", "train/tulip", "test")
    (tmp_path / "test/1.jpg").touch()
    with pytest.raises(
        DataError, match=r"test is called like a split and holds 1 files, .*`herbarium predict .*/test`"
    ):
        layout.of(tmp_path)
    (tmp_path / "test/1.jpg").unlink()
    with pytest.raises(DataError, match="test is empty"):
        layout.of(tmp_path)


def test_what_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("gone")
    for name, found in (("missing", "nothing"), ("file", "a file"), ("link", "a link that leads nowhere")):
        with pytest.raises(DataError, match=rf"data\.path: found {found} at .*{name}"):
            layout.of(tmp_path / name)


def test_splits_inside_classes_are_refused(tmp_path):
    source = folders(tmp_path, "rose/train", "rose/test", "tulip/train", "daisy/close/test")
    with pytest.raises(DataError, match="turn them inside out"):
        layout.refuse_splits_in_classes(source, sorted(source.iterdir()))
    layout.refuse_splits_in_classes(source, [source / "tulip", source / "daisy"])


def test_a_folder_too_high_is_noticed(tmp_path):
    folders(tmp_path, "photos/rose", "photos/tulip", "__MACOSX/photos")
    assert "give herbarium start, or data.path, that folder" in layout.one_too_high({"train": [tmp_path / "photos"]})
    assert layout.one_too_high({"train": [tmp_path / "photos/rose"]}) == ""
