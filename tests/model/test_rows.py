"""A file that grows row by row is begun again, or goes on, wherever it was cut off."""

import numpy as np

from pipeline.model.rows import Rows


def test_a_file_killed_before_its_header_was_written_is_begun_again(tmp_path):
    whole = Rows(tmp_path / "whole.npy", 3, (2,), "float32")
    for content in (b"", b"\x93NUMPY"):
        (tmp_path / "cut.npy").write_bytes(content)
        assert Rows(tmp_path / "cut.npy", 3, (2,), "float32").complete(64) == 0
        assert (tmp_path / "cut.npy").read_bytes() == whole.path.read_bytes()


def test_whole_chunks_stay_and_the_rest_goes(tmp_path):
    rows = Rows(tmp_path / "a.npy", 5, (2,), "float32")
    rows.append(np.ones((3, 2), np.float32))
    assert Rows(tmp_path / "a.npy", 5, (2,), "float32").complete(2) == 2
    rows.truncate(2)
    rows.append(np.zeros((3, 2), np.float32))
    assert rows.complete(2) == 5
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), [[1, 1], [1, 1], [0, 0], [0, 0], [0, 0]])
