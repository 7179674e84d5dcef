"""A TFDS directory in the format array_record, read without TensorFlow."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from pipeline.process.errors import DataError, in_one_line

_BATCH = 64  # records a call, read by several threads


def rows(
    builder: Any, text: str, count: int, wanted: Sequence[str], undecoded: Sequence[str]
) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Id and `wanted` features of the first `count` examples of split string `text`, in the order they are stored.

    `undecoded` are left as encoded bytes. Raises DataError if a file is damaged.
    """
    features = tfds.features.FeaturesDict({name: builder.info.features[name] for name in wanted})
    decoders = {name: tfds.decode.SkipDecoding() for name in undecoded}
    identities = _identities(builder.info.splits[text].file_instructions)
    try:
        source = builder.as_data_source(split=text, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES)
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            for record, identity in zip(source.__getitems__(numbers), islice(identities, len(numbers)), strict=True):
                yield identity, features.deserialize_example_np(record, decoders=decoders)
    except Exception as error:  # of the file's format, of its compression, of what a record holds
        raise DataError(f"{builder.data_path}: damaged ({in_one_line(error)}): run the stage fetch again") from error


def _identities(stretches: Any) -> Iterator[bytes]:
    """TFDS's ids of the examples: the file of each, and its place in it.

    A file is called as TFRecord has it: an image has one name, whatever format it is kept in.
    """
    for stretch in stretches:
        file = Path(stretch.filename).name.replace(".array_record", ".tfrecord")
        for place in range(stretch.skip, stretch.skip + stretch.take):
            yield f"{file}__{place}".encode()
