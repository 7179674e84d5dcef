"""Columns line up on a terminal, whatever is in them, and nothing in them is taken for a style."""

from rich.cells import cell_len

from pipeline.process import tables


def test_columns_line_up():
    assert tables.aligned([("a", "bb"), ("ccc", "d")]) == ["a    bb", "ccc  d"]
    assert tables.aligned([("a", "bb"), ("ccc", "d")], right=[0, 1]) == ["  a  bb", "ccc   d"]


def test_wide_letters_take_two_places():
    first, second = tables.aligned([("사진", "x"), ("photo", "x")])
    assert cell_len(first) == cell_len(second)


def test_brackets_colons_and_length_are_text():
    long = "x" * 500
    assert tables.aligned([("[red]a[/red]", ":smile:", long)]) == [f"[red]a[/red]  :smile:  {long}"]


def test_empty_cells_keep_their_column():
    assert tables.aligned([("a", "", "b"), ("", "c", "")]) == ["a     b", "   c"]
