"""The TFDS directory every source becomes."""

import io

import pytest
from PIL import Image

from pipeline.data import raw
from pipeline.files import records
from tests import trees


def image(key: int, label: int = 0) -> raw.RawImage:
    buffer = io.BytesIO()
    Image.new("L", (2, 2), key % 256).save(buffer, "PNG")
    return raw.RawImage(key, buffer.getvalue(), label, f"image {key}")


def test_examples_come_back_whole_in_the_order_of_their_keys(tmp_path, read):
    written = [image(key << 100, key % 2) for key in (5, 3, 9, 1)]
    raw.write(tmp_path, "four", ["even", "odd"], {"train": written})
    found = read(tmp_path, "four")
    expected = sorted(written, key=lambda i: i.key)
    assert [(e.name, e.label, e.image) for e in found] == [(i.name, i.label, i.encoded) for i in expected]


@pytest.mark.parametrize("name", ["a-b.c_D", "3digits"])
def test_every_name_params_yaml_allows_is_a_data_set_s_name(tmp_path, read, name):
    raw.write(tmp_path, name, ["a", "b"], {"train": [image(1)], "test": [image(2), image(3)]})
    assert len(read(tmp_path, name, "train+test[1:]")) == 2


def test_the_same_images_are_the_same_bytes_in_another_folder(tmp_path, capsys):
    for folder in ("one", "another/place"):
        raw.write(tmp_path / folder, "four", ["a"], {"train": [image(key) for key in (4, 2)]})
    assert trees.digest(tmp_path / "one") == trees.digest(tmp_path / "another/place")
    assert capsys.readouterr().out == ""  # stdout is for the stage's summary


def test_features_are_stored_in_one_order(tmp_path):
    import tensorflow as tf
    from array_record.python.array_record_data_source import ArrayRecordDataSource

    raw.write(tmp_path, "four", ["a"], {"train": [image(key) for key in range(4)]})
    (record,) = tmp_path.rglob("*.array_record*")
    for stored in ArrayRecordDataSource(str(record)):
        # Without it protobuf's order differs between processes, and with it the data set's digest.
        assert stored == tf.train.Example.FromString(stored).SerializeToString(deterministic=True)


def test_notes_lose_times_and_paths(tmp_path):
    notes = tmp_path / "some" / "1.0.0" / "dataset_info.json"
    records.write_json(notes, {"name": "some", "dataSourceAccesses": [{"accessTimestampMs": "1"}]})
    raw.stabilise(tmp_path)
    assert records.read_json(notes) == {"name": "some"}


def test_content_keys_order_by_digest_then_copy():
    low, high = "0" * 63 + "1", "f" * 64
    assert raw.content_key(low, 0) < raw.content_key(low, 1) < raw.content_key(high, 0) < 2**128
