"""Catalogue data sets: without a network, with wrong originals, and with Fashion-MNIST's real ones."""

import errno
import threading
import time
import zipfile
from pathlib import Path

import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core import constants
from tensorflow_datasets.core.download import downloader

from pipeline.data import reading, tfds_source
from pipeline.process.errors import DataError
from tests import trees
from tests.fashion_mnist import DEBIAN, restore_originals


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    """Every request goes to a proxy that is not there; downloads would land in this test's folder."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path / "tfds"))


@pytest.fixture
def originals(tmp_path):
    (tmp_path / "originals").mkdir()
    return tmp_path / "originals"


@pytest.fixture
def target(tmp_path):
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


def test_without_a_network_the_ways_to_go_on_are_named_soon(target, originals, tmp_path):
    before = downloader.MAX_RETRIES, downloader._open_url
    start = time.monotonic()
    with pytest.raises(DataError) as raised:
        tfds_source.write(target, "tf_flowers", originals)
    assert time.monotonic() - start < 100  # by itself TFDS takes more than three minutes
    message = str(raised.value)
    assert "tf_flowers could not be downloaded" in message
    assert f"put flower_photos.tgz (218.21 MiB) into {originals}" in message
    assert str(tmp_path / "tfds/downloads/tf_flowers") in message
    assert "data.source: digits" in message
    assert not list((tmp_path / "tfds").rglob("*.tmp.*"))
    assert (downloader.MAX_RETRIES, downloader._open_url) == before


def test_two_processes_download_a_data_set_one_after_the_other(tmp_path, capsys):
    """The second would remove what the first has half, as if a failed download had left it."""
    with tfds_source._alone(tmp_path / "tfds/downloads", "tf_flowers"):
        entered = threading.Event()

        def second() -> None:
            with tfds_source._alone(tmp_path / "tfds/downloads", "tf_flowers"):
                entered.set()

        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(20)
    assert entered.is_set()
    assert capsys.readouterr().err == "waiting for another process that downloads tf_flowers\n"


def test_downloads_that_cannot_be_written_are_not_waited_for(tmp_path):
    (tmp_path / "downloads").write_text("no folder")
    with tfds_source._alone(tmp_path / "downloads", "tf_flowers"):
        pass


def test_an_original_with_other_content_is_refused(target, originals):
    (originals / "flower_photos.tgz").write_bytes(b"not what it was")
    with pytest.raises(DataError, match=r"(?s)tf_flowers has another content than TFDS lists.*flower_photos\.tgz"):
        tfds_source.write(target, "tf_flowers", originals)


@pytest.mark.parametrize("error", [ValueError("odd"), zipfile.BadZipFile("cut off"), NotImplementedError("beam")])
def test_whatever_a_data_set_of_the_catalogue_raises_is_one_message(target, originals, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(DataError, match=rf"cannot prepare mnist: {type(error).__name__}: {error}"):
        tfds_source.write(target, "mnist", originals)


def test_a_full_disk_is_not_the_data_sets_fault(target, originals, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(OSError, match="No space left"):
        tfds_source.write(target, "mnist", originals)


def test_an_unknown_name_gets_a_near_one(target, originals):
    with pytest.raises(DataError, match=r"no tf_flower; did you mean tf_flowers\?"):
        tfds_source.write(target, "tf_flower", originals)


def test_a_data_set_without_images_is_refused_before_any_download(target, originals):
    with pytest.raises(DataError, match="imdb_reviews has the features label, text"):
        tfds_source.write(target, "imdb_reviews", originals)


def test_a_missing_folder_of_originals_is_refused(target, tmp_path):
    with pytest.raises(DataError, match=r"data\.path: found no folder .*missing"):
        tfds_source.write(target, "mnist", tmp_path / "missing")


@pytest.mark.slow
@pytest.mark.skipif(not DEBIAN.is_dir(), reason=f"{DEBIAN} is missing: install Debian's dataset-fashion-mnist")
def test_fashion_mnist_comes_from_its_restored_originals(tmp_path):
    digests = []
    for place in ("one", "two"):
        folder = tmp_path / place
        restore_originals(DEBIAN, folder / "originals")
        (folder / "raw").mkdir()
        tfds_source.write(folder / "raw", "fashion_mnist", folder / "originals")
        digests.append(trees.digest(folder / "raw"))
    info = reading.open_raw(Path(tmp_path / "two/raw"), "fashion_mnist").info
    assert {name: split.num_examples for name, split in info.splits.items()} == {"train": 60_000, "test": 10_000}
    assert reading.classes(info)[9] == "Ankle boot"
    assert digests[0] == digests[1]
    assert not list((tmp_path / "two/raw").glob("tmp*"))  # unpacked originals are not kept
