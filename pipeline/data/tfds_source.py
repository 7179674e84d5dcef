"""The tfds source: any image-classification data set of TensorFlow Datasets, downloaded or from originals at hand."""

import contextlib
import shutil
import sys
import tempfile
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import tensorflow_datasets as tfds
from filelock import FileLock, Timeout
from tensorflow_datasets.core import constants
from tensorflow_datasets.core.download import download_manager
from tensorflow_datasets.core.download.util import DownloadError

from pipeline.data import raw, reading
from pipeline.params.suggestions import did_you_mean
from pipeline.process import machine
from pipeline.process.compat import tfds_internals
from pipeline.process.errors import DataError, in_one_line

_OFFLINE = (requests.RequestException, urllib.error.URLError, DownloadError)
_RETRIES, _CONNECT_SECONDS, _READ_SECONDS = 1, 4, 30


def write(folder: Path, name: str, originals: Path) -> None:
    """Write the data set that TFDS's catalogue calls `name` below `folder`, in its default configuration.

    Files of the right name in `originals` are used if their SHA-256 is the one TFDS lists; others are downloaded to
    TFDS's usual place (TFDS_DATA_DIR, else ~/tensorflow_datasets). Raises DataError: unknown name, not images with
    labels, `originals` is no folder, an original with other content, no network.
    """
    if not originals.is_dir():
        raise DataError(
            f"data.path: found no folder {originals}; allowed: a folder, empty or with {name}'s original files"
        )
    builder = _builder(folder, name)
    reading.image_and_label(builder.info)
    downloads = Path(constants.DATA_DIR).expanduser() / "downloads"
    with (
        raw.writing(sys.stderr),
        tfds_internals.impatient_downloads(_RETRIES, _CONNECT_SECONDS, _READ_SECONDS),
        _alone(downloads, name),
        _tidied(downloads / name),
        tempfile.TemporaryDirectory(dir=folder) as extracted,
    ):
        config = tfds.download.DownloadConfig(
            manual_dir=originals,
            extract_dir=extracted,  # TFDS finds old extractions by file name only, and MNIST's has Fashion-MNIST's
            try_download_gcs=False,
        )
        _prepare(builder, downloads, config, originals)
    raw.stabilise(folder)


def _builder(folder: Path, name: str) -> Any:
    known = tfds.list_builders(with_community_datasets=False)
    if name not in known:
        raise DataError(f"data.name: TensorFlow Datasets has no {name}{did_you_mean(name, known)}")
    try:
        with tfds_internals.nothing_left_behind():
            return tfds.builder(name, data_dir=folder, file_format=raw.FORMAT)
    except ImportError as error:
        raise DataError(f"data.name: {name} needs a package that is not installed: {error}") from None
    except Exception as error:  # as when it is prepared
        raise DataError(f"data.name: TensorFlow Datasets cannot open {name}: {_reason(error)}") from error


def _prepare(builder: Any, downloads: Path, config: Any, originals: Path) -> None:
    try:
        builder.download_and_prepare(download_dir=downloads, download_config=config)
    except download_manager.NonMatchingChecksumError as error:
        raise DataError(
            f"data.path: an original file of {builder.name} has another content than TFDS lists.\n{error}\n"
            f"Take it out of {originals} to have it downloaded, or put the listed file there."
        ) from None
    except _OFFLINE as error:
        raise DataError(_offline(builder, downloads, originals, error)) from None
    except Exception as error:  # each data set has code of its own: packages are missing, archives cut off
        if machine.explained(error):
            raise
        raise DataError(f"data.name: TensorFlow Datasets cannot prepare {builder.name}: {_reason(error)}") from error


def _offline(builder: Any, downloads: Path, originals: Path, error: Exception) -> str:
    files = [f"{info.filename} ({info.size})" for info in builder.url_infos.values() if info.filename]
    return "\n".join(
        [
            f"data.name: the originals of {builder.name} could not be downloaded ({_reason(error)}).",
            "Without a network:",
            f"  put {', '.join(files) or 'its original files'} into {originals} (data.path),",
            f"  or copy {downloads / builder.name} from a machine that has downloaded it,",
            "  or run `dvc pull` if a remote has data/raw,",
            "  or use data.source: image_folder with your own images, or data.source: digits, which needs no network.",
        ]
    )


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {in_one_line(error, most=160)}"


@contextlib.contextmanager
def _alone(downloads: Path, name: str) -> Iterator[None]:
    """Wait until no other process downloads `name`: what that has half, this one would tidy away, and needs soon."""
    lock = FileLock(downloads / f".{name}.lock")
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # where nothing can be written nothing can be downloaded either
            downloads.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                print(f"waiting for another process that downloads {name}", file=sys.stderr)
                lock.acquire()
            held.callback(lock.release)
        yield


@contextlib.contextmanager
def _tidied(downloads: Path) -> Iterator[None]:
    """Remove what a failed download leaves in `downloads`: temporary folders, and the folder itself if it is empty."""
    before = set(downloads.rglob("*.tmp.*"))
    try:
        yield
    finally:
        for path in set(downloads.rglob("*.tmp.*")) - before:
            shutil.rmtree(path, ignore_errors=True)
        with contextlib.suppress(OSError):
            downloads.rmdir()
