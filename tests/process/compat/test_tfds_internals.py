"""TensorFlow Datasets still needs them, and they still work."""

import inspect
import subprocess
import sys
import tempfile
import time

import pytest
import requests
import tensorflow_datasets as tfds
from tensorflow_datasets.core import example_serializer
from tensorflow_datasets.core.download import downloader
from tensorflow_datasets.core.example_serializer import ExampleSerializer

from pipeline.process.compat import tfds_internals

WRITE = """
import sys
from google.protobuf import struct_pb2
message = struct_pb2.Struct()
message.update({f"feature {i}": i for i in range(16)})
sys.stdout.buffer.write(message.SerializeToString(deterministic=len(sys.argv) > 1))
"""


def written(*arguments):
    """What eight processes write of one message."""
    command = [sys.executable, "-c", WRITE, *arguments]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(8)]
    return {process.communicate()[0] for process in processes}


def test_protobuf_still_orders_a_map_anew_in_each_process_and_tfds_still_lets_it():
    assert len(written()) > 1
    assert len(written("deterministic")) == 1
    assert "deterministic" not in inspect.getsource(example_serializer)


def test_examples_are_serialized_in_order_inside_only():
    before = ExampleSerializer.serialize_example
    with tfds_internals.equal_bytes():
        assert ExampleSerializer.serialize_example is not before
    assert ExampleSerializer.serialize_example is before


def builder(folder):
    features = tfds.features.FeaturesDict({"label": tfds.features.ClassLabel(num_classes=2)})
    return tfds.dataset_builders.AdhocBuilder(
        name="two", version="1.0.0", data_dir=folder, features=features, split_datasets={"train": []}
    )


def test_a_builder_still_leaves_an_empty_folder_and_inside_does_not(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with tfds_internals.nothing_left_behind():
        builder(tmp_path / "inside")
    assert list(temporary.iterdir()) == []
    builder(tmp_path / "outside")
    assert [list(left.iterdir()) for left in temporary.iterdir()] == [[]]


def test_downloads_still_have_many_retries_and_no_time_limit():
    assert downloader.MAX_RETRIES > 5
    assert "timeout" not in inspect.getsource(downloader)


def test_a_silent_server_is_given_up_soon(silent_port):
    before = downloader.MAX_RETRIES, downloader._open_url
    began = time.monotonic()
    with (
        pytest.raises(requests.RequestException),
        tfds_internals.impatient_downloads(retries=0, connect_seconds=0.3, read_seconds=0.3),
        downloader._open_url(f"http://127.0.0.1:{silent_port}/"),
    ):
        pass
    assert time.monotonic() - began < 5
    assert (downloader.MAX_RETRIES, downloader._open_url) == before
