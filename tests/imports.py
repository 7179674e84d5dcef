"""Which modules of the package a module imports, read off the source."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]


def module_file(name: str) -> Path | None:
    """The file of module `name` (pipeline.…) relative to the project, None if it is a package or no module."""
    path = Path(*name.split(".")).with_suffix(".py")
    return path if (ROOT / path).is_file() else None


def direct(file: Path) -> set[str]:
    """Dotted names a file imports, wherever in it: `from a import b` counts as a and a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def transitive(file: Path) -> set[Path]:
    """The files inside the package that `file` needs to run, itself included."""
    found, waiting = set(), [file]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += [path for name in direct(current) if (path := module_file(name))]
    return found
