"""The code of a stage as one digest, which follows what the code does and not how it is worded or laid out.

Comments, docstrings, layout and what errors say change no number. The
digest is the same on every Python the project runs on, whose own dumps of a syntax tree differ from each other.
"""

import ast
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.identity import modules
from pipeline.process import loaded
from pipeline.process.errors import MachineError


@cache
def digest(stage: str) -> str:
    """SHA-256 over the modules that a stage of dvc.yaml runs, hexadecimal; see `of_modules`."""
    return of_modules(tuple(modules.of_stage(stage)))


@cache
def of_modules(computing: tuple[Path, ...]) -> str:
    """SHA-256 over modules, relative to the project, hexadecimal.

    Raises MachineError if one of them was written after this process began: it may have been loaded before.
    """
    written = [path.as_posix() for path in computing if loaded.written_since(modules.PACKAGE.parent / path)]
    if written:
        raise MachineError(
            f"{', '.join(written)}: written while this process ran, by what was there before: start again"
        )
    content = [[path.as_posix(), normal_form(modules.source(path))] for path in computing]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def normal_form(source: str) -> Any:
    """What Python source does, as nested lists of plain values."""
    return _plain(_Wordless().visit(ast.parse(source)))


class _Wordless(ast.NodeTransformer):
    """Takes out what decides no result."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Docstrings, and other statements that say something and do nothing."""
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return self.generic_visit(_Silent().visit(node))

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return self.generic_visit(ast.Assert(node.test, None))


class _Silent(ast.NodeTransformer):
    """Takes the words out of an error that is raised."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("")

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node


def _plain(value: Any) -> Any:
    if isinstance(value, ast.Constant):
        return [type(value.value).__name__, ascii(value.value)]  # repr goes by the Unicode tables of its Python
    if isinstance(value, ast.JoinedStr):
        return ["JoinedStr", *_joined(value.values)]
    if isinstance(value, ast.AST):
        fields = ((name, _plain(field)) for name, field in ast.iter_fields(value))
        return [type(value).__name__, *([name, field] for name, field in fields if _says(field))]
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _says(field: Any) -> bool:
    """Whether a field is there at all: Pythons differ in what they list of the absent ones."""
    return field is not None and field != [] and field != ["JoinedStr"]


def _joined(parts: list[ast.expr]) -> list[Any]:
    """The parts of an f-string; Pythons differ in where they divide its text."""
    joined: list[Any] = []
    for part in parts:
        if not isinstance(part, ast.Constant):
            joined.append(_plain(part))
        elif joined and isinstance(joined[-1], str):
            joined[-1] += str(part.value)
        elif part.value:
            joined.append(part.value)
    return joined
