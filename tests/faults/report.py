"""results.json as the table of docs/reliability.md."""

from pathlib import Path
from typing import Any

from pipeline.files import records
from pipeline.filing.readme import with_section

from .outcomes import Row, merged

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs/reliability.md"


def update(source: str, rows: list[Row]) -> None:
    """Replace what `source` (the tests, or a script that runs for longer) found, in results.json and on the page."""
    before = records.read_json(RESULTS) if RESULTS.exists() else {}
    results = {**before, source: merged(rows)}
    text = with_table(PAGE.read_text(encoding="utf-8"), results)
    records.write_json(RESULTS, results)
    records.write_text(PAGE, text)


def with_table(page: str, results: dict[str, list[Row]]) -> str:
    """The page's text with the table in its place."""
    return with_section(page, "faults", markdown(results), PAGE)


def markdown(results: dict[str, list[Row]]) -> str:
    """A sentence of totals and the table. `results`: source → rows."""
    rows = merged(row for part in results.values() for row in part)
    lines = [
        f"In all: {_shown(_totals(rows))}.",
        "",
        "| fault | where | what happens | last run |",
        "|---|---|---|---|",
    ]
    lines += [f"| {r['fault']} | {r['where']} | {r['result']} | {_shown(r['figures'])} |" for r in rows]
    return "\n".join(lines)


def _totals(rows: list[Row]) -> dict[str, int]:
    """Counts, added up; measurements (fractions) cannot be."""
    totals: dict[str, int] = {}
    for name, value in ((n, v) for row in rows for n, v in row["figures"].items() if isinstance(v, int)):
        totals[name] = totals.get(name, 0) + value
    return totals


def _shown(figures: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:,}" if isinstance(value, int) else f"{name.replace('_', ' ')} {value:.3g}"
        for name, value in figures.items()
    )
