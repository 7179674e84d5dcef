"""Prints the table, writes results.json and the README's table; both sides of a ratio are measured in turn."""

import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline import quiet

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    quiet.start_tensorflow()
    from pipeline import records, reproducibility
    from tests.benchmarks import cases, growth, report
    from tests.benchmarks.setting import parameters

    compute = parameters().compute
    reproducibility.prepare(compute)
    native = {"avx512_bf16", "amx_bf16"} & reproducibility.cpu_flags()
    rows = cases.all_rows(bfloat16=bool(native))
    sizes, time_exponent, memory_exponent = growth.exponents()
    rows.append(cases.Row("extraction time: power of the number of images", None, None, time_exponent, "≈ 1"))
    rows.append(cases.Row("extraction memory: power of the number of images", None, None, memory_exponent, "≈ 0"))
    machine = {"cpu": _cpu(), "cores": str(os.cpu_count()), **reproducibility.environment(compute)}
    results = {"machine": machine, "rows": [asdict(row) for row in rows], "growth": sizes}
    records.write_json(RESULTS, results)
    records.write_text(report.README, report.with_table(report.README.read_text(encoding="utf-8"), results))
    _print(rows, machine)


def _print(rows: list, machine: dict[str, str]) -> None:
    table = Table(title=f"{machine['cpu']}, {machine['cores']} cores, TensorFlow {machine['tensorflow']}")
    for column in ("measured", "plain, s", "ours, s", "ratio", "aim"):
        table.add_column(column, justify="left" if column == "measured" else "right", overflow="fold")
    for row in rows:
        times = (f"{t:.2f}" if t else "" for t in (row.plain_seconds, row.our_seconds))
        table.add_row(row.name, *times, f"{row.ratio:.2f}", row.aim)
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
