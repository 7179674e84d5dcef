"""Rows of text in columns, as wide as a terminal shows them: Chinese and emoji take two places a letter."""

from collections.abc import Collection, Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 100_000  # nothing is folded: what is too long for a terminal is the terminal's to break


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """`rows`, equally long, as lines with two spaces between columns; those with a number in `right` are set right."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for number in range(len(rows[0])):
        table.add_column(justify="right" if number in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(file=StringIO(), width=_WIDE, color_system=None)
    with console.capture() as printed:
        console.print(table)
    return [line.rstrip() for line in printed.get().splitlines()]
