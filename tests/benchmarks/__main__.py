"""Prints the table, writes results.json and the README's table; both sides of a ratio are measured in turn.

`python -m tests.benchmarks head growth` measures those groups again and leaves the other rows as they are, if they
come from the same kind of machine and the same versions.
"""

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.identity import libraries

RESULTS = Path(__file__).with_name("results.json")


def main(names: list[str]) -> None:
    libraries.start()
    from pipeline.files import records
    from pipeline.identity import determinism
    from pipeline.identity.environment import environment
    from pipeline.identity.instruction_set import cpu_flags
    from tests.benchmarks import report
    from tests.benchmarks.setting import parameters

    compute = parameters().compute
    determinism.prepare(compute)
    groups = _groups(bfloat16=bool({"avx512_bf16", "amx_bf16"} & cpu_flags()))
    if unknown := set(names) - groups.keys():
        sys.exit(f"{', '.join(sorted(unknown))}: no such group; allowed: {', '.join(groups)}")
    machine = {"cpu": _cpu(), "cores": str(os.cpu_count()), **environment(compute)}
    before = records.read_json(RESULTS)
    kept = names and before["machine"] == machine
    rows, days = (before["rows"], before["days"]) if kept else ({}, {})
    for name in names or report.ORDER:
        rows[name], days[name] = [asdict(row) for row in groups[name]()], date.today().isoformat()
        results = {"machine": machine, "days": days, "rows": {group: rows[group] for group in groups if group in rows}}
        records.write_json(RESULTS, results)
        records.write_text(report.README, report.with_table(report.README.read_text(encoding="utf-8"), results))
        _print(name, rows[name])


def _groups(bfloat16: bool) -> dict[str, Callable[[], list[Any]]]:
    """What can be measured, by name."""
    from tests.benchmarks import (
        cases,
        commands,
        data_growth,
        extraction_command,
        frozen_command,
        growth,
        serving,
        sweep_growth,
        sweep_overhead,
        sweeps,
    )

    precisions = ["float32", "bfloat16"] if bfloat16 else ["float32"]

    def each(case: Callable[[str], list[Any]]) -> Callable[[], list[Any]]:
        return lambda: [row for precision in precisions for row in cases.at(precision, case)]

    return {
        "frozen": each(cases.frozen_vgg16),
        "frozen-command": frozen_command.rows,
        "block5": each(cases.block5),
        "extraction": each(cases.extraction_rate),
        "extraction-command": extraction_command.rows,
        "head": cases.head,
        "serving": serving.rows,
        "growth": growth.rows,
        "data-growth": data_growth.rows,
        "sweep-frozen": each(sweeps.frozen),
        "sweep-mixed": each(sweeps.mixed),
        "sweep-overhead": sweep_overhead.rows,
        "sweep-growth": sweep_growth.rows,
        "commands": commands.rows,
    }


def _print(group: str, rows: list[dict[str, Any]]) -> None:
    table = Table(title=group)
    for column in ("measured", "plain, s", "ours, s", "ratio", "", "aim"):
        table.add_column(column, justify="left" if column == "measured" else "right", overflow="fold")
    for row in rows:
        times = (f"{row[side]:.2f}" if row[side] else "" for side in ("plain_seconds", "our_seconds"))
        table.add_row(row["name"], *times, f"{row['ratio']:.2f}", row["unit"], row["aim"])
    Console(width=None if sys.stdout.isatty() else 110).print(table)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
