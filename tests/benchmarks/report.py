"""results.json as the README's performance table."""

from pathlib import Path
from typing import Any

from pipeline.filing.readme import with_section

# What matters most to a user comes first.
ORDER = (
    "frozen",
    "frozen-command",
    "commands",
    "sweep-frozen",
    "block5",
    "sweep-mixed",
    "sweep-overhead",
    "head",
    "extraction",
    "extraction-command",
    "serving",
    "growth",
    "data-growth",
    "sweep-growth",
)
README = Path(__file__).parents[2] / "README.md"


def markdown(results: dict[str, Any]) -> str:
    """The table, with the machine it was measured on above it."""
    machine = results["machine"]
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, TensorFlow {machine['tensorflow']}:",
        "",
        "| measured | plain, s | ours, s | ratio | aim |",
        "|---|---:|---:|---:|---|",
    ]
    groups = sorted(results["rows"], key=ORDER.index)
    for row in (row for group in groups for row in results["rows"][group]):
        times = [f"{row[side]:.2f}" if row[side] else "" for side in ("plain_seconds", "our_seconds")]
        lines.append(f"| {row['name']} | {times[0]} | {times[1]} | {row['ratio']:.2f} | {row['aim']} |")
    return "\n".join(lines)


def with_table(readme: str, results: dict[str, Any]) -> str:
    """The README's text with the table in its place."""
    return with_section(readme, "performance", markdown(results), README)
