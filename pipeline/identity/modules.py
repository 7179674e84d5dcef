"""Which of the package's modules a module runs, read off the sources: nothing is imported for it."""

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def of_stage(stage: str) -> list[Path]:
    """The modules that the stage called `stage` in dvc.yaml runs, relative to the project, sorted."""
    return sorted(closure(Path(PACKAGE.name, "stages", f"{stage.replace('-', '_')}.py")))


def closure(module: Path) -> set[Path]:
    """The modules that `module` (relative to the project) needs to run, itself included."""
    found, waiting = set(), [module]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += [path for name in imported(current, of_types=False) if (path := file_of(name))]
    return found


def imported(module: Path, of_types: bool = True) -> set[str]:
    """Dotted names a module imports, wherever in it: `from a import b` counts as a and a.b.

    Without `of_types` not what stands under `if TYPE_CHECKING:`, which never runs.
    """
    tree = ast.parse(source(module))
    return set(_names(tree if of_types else _Running().visit(tree), ".".join(module.parts[:-1])))


def source(module: Path) -> str:
    return (PACKAGE.parent / module).read_text(encoding="utf-8")


def file_of(name: str) -> Path | None:
    """The file of a dotted name relative to the project; None if it is a package, or no module of this one."""
    path = Path(*name.split(".")).with_suffix(".py")
    return path if path.parts[0] == PACKAGE.name and (PACKAGE.parent / path).is_file() else None


class _Running(ast.NodeTransformer):
    """Takes out what only a type checker reads."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return node.orelse if typing else self.generic_visit(node)


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
