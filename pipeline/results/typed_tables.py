"""A table in Parquet beside the one in CSV: the same rows with their types, a third of the bytes, read in a moment.

As text, the probabilities of 1,000 classes are 22 MB for every 1,000 images: of so many the CSV has none.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np

from pipeline.files import records
from pipeline.process.errors import DataError, in_one_line

Location = TypeVar("Location", bound=PurePath)
_ROWS_BYTES = 1 << 26  # written at once
_MOST_EXPANDED = 100  # times a file's size: probabilities shrink by a tenth


def beside(table: Location) -> Location:
    """Where the one of the CSV at `table` is."""
    return table.with_suffix(".parquet")


def write(path: Path, texts: Mapping[str, Sequence[str]], columns: Sequence[str], numbers: np.ndarray) -> None:
    """Columns of `texts`, N each, by name, then the `columns` of `numbers` float64 (N, K).

    The bytes are the same for the same content and release of pyarrow.
    """
    import pyarrow
    from pyarrow import parquet

    fields = [*((name, pyarrow.string()) for name in texts), *((name, pyarrow.float64()) for name in columns)]
    schema = pyarrow.schema(fields)
    rows = max(1, _ROWS_BYTES // (8 * max(1, len(columns))))
    # Of numbers that all differ a dictionary is longer than they are; their highest bytes by themselves are alike.
    packed = {"compression": "zstd", "use_dictionary": list(texts), "use_byte_stream_split": list(columns)}
    with records.atomic(path) as temporary, parquet.ParquetWriter(temporary, schema, **packed) as file:
        for start in range(0, len(numbers), rows):
            part = slice(start, start + rows)
            values = [*(list(text[part]) for text in texts.values()), *np.ascontiguousarray(numbers[part].T)]
            file.write_table(pyarrow.table(values, schema=schema))


def read(path: Path, texts: Sequence[str]) -> tuple[dict[str, list[str]], list[str], np.ndarray]:
    """The columns `texts` by name, the names of the others, and their numbers float64 (N, K): what `write` wrote.

    Raises DataError, naming the file, if it is not there or is anything else.
    """
    from pyarrow import ArrowException, parquet, types

    try:
        with parquet.ParquetFile(path) as file:
            columns = [name for name in file.schema_arrow.names if name not in texts]
            kinds = {field.name: field.type for field in file.schema_arrow}
            strange = [name for name in columns if not types.is_float64(kinds[name])]
            if strange or any(name not in kinds or "string" not in str(kinds[name]) for name in texts):
                raise DataError(f"{path}: found the columns {', '.join(kinds)[:200]}; needed: what evaluate writes")
            if 8 * file.metadata.num_rows * len(columns) > _MOST_EXPANDED * path.stat().st_size:
                raise DataError(f"{path}: is over {_MOST_EXPANDED} times larger unpacked; needed: what evaluate writes")
            found = file.read(list(texts))
            numbers = _numbers(file, columns)
    except FileNotFoundError:
        raise DataError(f"{path}: not found, and the CSV beside it has no probabilities; run dvc repro") from None
    except (ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path}: damaged: {in_one_line(error)}; run dvc repro") from None
    return {name: found[name].to_pylist() for name in texts}, columns, numbers


def _numbers(file: Any, columns: Sequence[str]) -> np.ndarray:
    found = np.empty((file.metadata.num_rows, len(columns)))
    start = 0
    for part in file.iter_batches(batch_size=4096, columns=columns):
        for place, values in enumerate(part.columns):
            found[start : start + len(part), place] = values.to_numpy()
        start += len(part)
    return found
