"""results.json as the README's performance table."""

from collections import Counter
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
    """Two tables, times as fast and other figures, with the machine and the days above them."""
    machine = results["machine"]
    where = f"{machine['cpu']}, {machine['cores']} cores, TensorFlow {machine['tensorflow']}"
    groups = sorted(results["rows"], key=ORDER.index)
    rows = [row for group in groups for row in results["rows"][group]]
    return "\n".join(
        [
            f"{where}; {_days(results, groups)}:",
            "",
            "| against the plain way | plain, s | ours, s | times as fast | aim |",
            "|---|---:|---:|---:|---|",
            *(_faster(row) for row in rows if not row["unit"]),
            "",
            "| measured | figure | aim |",
            "|---|---|---|",
            *(f"| {row['name']} | {row['ratio']:.2f} {row['unit']} | {row['aim']} |" for row in rows if row["unit"]),
        ]
    )


def _faster(row: dict[str, Any]) -> str:
    about = "≈ " if row["scaled"] else ""
    times = f"{about}{row['plain_seconds']:,.1f} | {row['our_seconds']:,.2f} | {about}{row['ratio']:,.{_digits(row)}f}"
    return f"| {row['name']} | {times} | {row['aim']} |"


def _digits(row: dict[str, Any]) -> int:
    return 0 if row["ratio"] >= 100 else 2


def _days(results: dict[str, Any], groups: list[str]) -> str:
    """When the groups were measured: all on the day of most of them, the later of two, but those that are named."""
    days = results["days"]
    counts = Counter(days[group] for group in groups)
    usual, *other = sorted(counts, key=lambda day: (counts[day], day), reverse=True)
    others = [f"{', '.join(group for group in groups if days[group] == day)} on {day}" for day in other]
    return "; ".join([f"measured on {usual}", *others])


def with_table(readme: str, results: dict[str, Any]) -> str:
    """The README's text with the table in its place."""
    return with_section(readme, "performance", markdown(results), README)
