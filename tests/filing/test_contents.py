"""A record's files, as they were written or compressed."""

import gzip

import pytest

from pipeline.filing import contents
from pipeline.process.errors import DataError

HEADER = "name,label,predicted,p_cat,p_dog\n"


def test_an_error_in_a_compressed_table_names_its_file(tmp_path):
    packed = tmp_path / "predictions.csv.gz"
    packed.write_bytes(gzip.compress(f"{HEADER}a.jpg,cat,dog,0.75,0.25\n".encode()))
    with pytest.raises(DataError) as caught:
        contents.read_predictions(tmp_path / "predictions.csv")
    assert str(caught.value).startswith(f"{packed}: a.jpg: predicted is 'dog'")
