"""TensorFlow Datasets: examples as equal bytes, no folders left behind, and downloads that give up soon."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.process.compat.replacing import replaced, require


@contextmanager
def equal_bytes() -> Iterator[None]:
    """Inside, TFDS writes equal examples as equal bytes: protobuf orders their features anew in each process.

    Seen in tensorflow-datasets 4.9.10; tensorflow/tensorflow#3640, protocolbuffers/protobuf#5668.
    """
    from tensorflow_datasets.core.example_serializer import ExampleSerializer

    with replaced(ExampleSerializer, "serialize_example", _serialize_in_order):
        yield


def _serialize_in_order(serializer: Any, example: Any) -> bytes:
    encoded: bytes = serializer.get_tf_example(example).SerializeToString(deterministic=True)
    return encoded


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Inside, builders of data sets that are yet to be written leave no empty folder in the system's temporary one.

    Seen in tensorflow-datasets 4.9.10: DatasetInfo.initialize_from_bucket makes it before it finds that Google's bucket
    is not to be asked, and never removes it; no report upstream is known.
    """
    from tensorflow_datasets.core.dataset_info import DatasetInfo

    with replaced(DatasetInfo, "initialize_from_bucket", lambda info: None):
        yield


@contextmanager
def impatient_downloads(retries: int, connect_seconds: float, read_seconds: float) -> Iterator[None]:
    """Inside, TFDS tries a download `retries` times more and waits so long; by itself it takes minutes to give up.

    Seen in tensorflow-datasets 4.9.10, which retries ten times and has no time limit; no report upstream is known.
    """
    from tensorflow_datasets.core.download import downloader

    patience = functools.partial(require(downloader, "_open_url"), timeout=(connect_seconds, read_seconds))
    with replaced(downloader, "MAX_RETRIES", retries), replaced(downloader, "_open_url", patience):
        yield
