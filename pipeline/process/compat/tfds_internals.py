"""TensorFlow Datasets: examples as equal bytes, and downloads that give up soon."""

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
def impatient_downloads(retries: int, connect_seconds: float, read_seconds: float) -> Iterator[None]:
    """Inside, TFDS tries a download `retries` times more and waits so long; by itself it takes minutes to give up.

    Seen in tensorflow-datasets 4.9.10, which retries ten times and has no time limit; no report upstream is known.
    """
    from tensorflow_datasets.core.download import downloader

    patience = functools.partial(require(downloader, "_open_url"), timeout=(connect_seconds, read_seconds))
    with replaced(downloader, "MAX_RETRIES", retries), replaced(downloader, "_open_url", patience):
        yield
