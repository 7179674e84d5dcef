"""A TFDS directory in the format tfrecord: where there is no array_record."""

from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow_datasets as tfds

from pipeline.process.errors import DataError


def rows(
    builder: Any, text: str, count: int, wanted: Sequence[str], undecoded: Sequence[str]
) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """As `array_records.rows`."""
    import tensorflow as tf

    decoders = {name: tfds.decode.SkipDecoding() for name in undecoded}
    dataset = builder.as_dataset(
        split=text,
        read_config=tfds.ReadConfig(interleave_cycle_length=1, add_tfds_id=True, try_autocache=False),
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(wanted, True), decoders=decoders),
    )
    try:
        for row in dataset.take(count).as_numpy_iterator():
            yield row["tfds_id"], row
    except tf.errors.OpError as error:
        raise DataError(f"{builder.data_path}: damaged ({error.message}): run the stage fetch again") from None
