"""results.json as the table of docs/backbones.md."""

from pathlib import Path
from typing import Any

from pipeline.filing.readme import with_section
from pipeline.model import published

from .measure import SIDE, UNFROZEN

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs/backbones.md"
_COLUMNS = ("layers", "cuts", f"KB at cut {UNFROZEN}", "KB at the output", f"GFLOP at {SIDE}²", "M parameters")


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """The table, and which networks are not on it yet; `results`: name → row."""
    head = f"| network | smallest | {' | '.join(_COLUMNS)} | input |"
    lines = [head, f"|---|---:|{'---:|' * len(_COLUMNS)}---|"]
    for row in results.values():
        numbers = [
            *(str(row[key]) for key in ("smallest_side", "layers", "cuts")),
            *(f"{row[key] / 1e3:,.1f}" for key in ("bytes_cut", "bytes_output")),
            f"{2 * row['multiply_adds'] / 1e9:.2f}",
            f"{row['parameters'] / 1e6:.1f}",
        ]
        lines.append(f"| {row['name']} | {' | '.join(numbers)} | {row['scaling']} |")
    missing = [name for name in published.names() if name not in results]
    return "\n".join([*lines, *(["", f"Not measured yet: {', '.join(missing)}."] if missing else [])])


def with_table(page: str, results: dict[str, dict[str, Any]]) -> str:
    """The page's text with the table in its place."""
    return with_section(page, "applications", markdown(results), PAGE)
