"""What libraries say, on one line."""

import pytest

from pipeline.process.errors import in_one_line


@pytest.mark.parametrize(
    ("error", "line"),
    [(ValueError(" two\n\tlines "), "two lines"), (KeyError(), "KeyError"), (OSError("x" * 999), "x" * 300)],
)
def test_an_error_is_one_line_of_bounded_length(error, line):
    assert in_one_line(error) == line
