"""The same bits and the same behaviour on every promised Python, in every locale and folder: what the code avoids."""

import ast
import math
from collections.abc import Iterator

import pytest

from .root import ROOT

FILES = sorted((ROOT / "pipeline").rglob("*.py"))
WHOLE = {"int", "len", "round"}  # calls that give a whole number
# From Python 3.12 on `sum` compensates what floats lose: other last digits than on 3.11. Of whole numbers it is exact.
FLOAT_SUM = "sum(): of floats it depends on Python's version; use math.fsum or numpy, or show that it counts: int(…)"


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of the built-in `name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def is_whole(node: ast.expr) -> bool:
    """True if it can be seen to be a whole number: a comparison, a count, a literal, or something made one."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in WHOLE and len(node.args) == 1
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return isinstance(node, ast.Compare) or negated or (isinstance(node, ast.Constant) and isinstance(node.value, int))


def float_sums(text: str) -> list[int]:
    """Lines on which floats may be added up by the built-in."""
    return [call.lineno for call in calls(ast.parse(text), "sum") if not counts(call.args[0])]


def counts(added: ast.expr) -> bool:
    """True if what is added up can be seen to be whole numbers."""
    if isinstance(added, ast.Call) and isinstance(added.func, ast.Name) and added.func.id == "map":
        return isinstance(added.args[0], ast.Name) and added.args[0].id in WHOLE
    return isinstance(added, ast.GeneratorExp | ast.ListComp) and is_whole(added.elt)


@pytest.mark.parametrize("text", ["sum(a)", "sum(x.y for x in a)", "sum([0.1, b])", "sum(round(x, 2) for x in a)"])
def test_a_sum_that_may_be_of_floats_is_noticed(text: str):
    assert float_sums(text) == [1]


@pytest.mark.parametrize(
    "text", ["sum(x == y for x in a)", "sum(1 for x in a)", "sum(len(x) for x in a)", "sum(map(len, a))", "a.sum()"]
)
def test_a_sum_that_counts_is_allowed(text: str):
    assert not float_sums(text)


def test_the_sums_used_instead_are_the_same_everywhere():
    """What 3.11 and 3.12 add up differently."""
    values = [0.1] * 10
    assert math.fsum(values) == 1.0
    plain = 0.0
    for value in values:
        plain += value
    assert plain == 0.9999999999999999


def varying(text: str) -> list[str]:
    """What is used of the libraries whose floats changed between versions. A median picks, or halves the sum of two."""
    tree = ast.parse(text)
    imports = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    imports += [
        f"{node.module}.{alias.name}" if node.module == "statistics" else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    return [name for name in imports if name.split(".")[0] in ("random", "statistics") and name != "statistics.median"]


def test_nothing_else_is_used_that_differs_between_versions():
    assert not [f"{file}: {what}" for file in FILES for what in varying(file.read_text("utf-8"))]


@pytest.mark.parametrize("text", ["import random", "import statistics as s", "from statistics import median, stdev"])
def test_what_differs_is_noticed(text: str):
    assert len(varying(text)) == 1


def test_the_working_directory_is_changed_at_the_edge_only():
    """Commands go to their project; everything below is told where that is, or works where it stands."""
    named = {"chdir", "fchdir"}
    found = [
        file.relative_to(ROOT).as_posix()
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if getattr(node, "id", getattr(node, "attr", None)) in named
    ]
    assert found == ["pipeline/commands/setup.py"]
