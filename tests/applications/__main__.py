"""`python -m tests.applications [NAME …]` measures networks anew, or those not measured yet, and writes the table."""

import sys
from typing import Any

from pipeline.files import records
from pipeline.identity import determinism, libraries, variables
from pipeline.params import config

variables.settle()
libraries.start()

from pipeline.model import published  # noqa: E402 - TensorFlow is set up now

from . import report  # noqa: E402
from .measure import measure  # noqa: E402


def main(names: list[str]) -> None:
    """Each network is written as soon as it is measured: what was interrupted goes on."""
    params = config.load()
    determinism.prepare(params.compute)
    for name in names or [name for name in published.names() if name not in _results()]:
        row = measure(params, name)
        print(row, flush=True)
        results = {**_results(), name: row}  # read again: others may measure beside
        ordered = {name: results[name] for name in published.names() if name in results}
        records.write_json(report.RESULTS, ordered)
        page = report.PAGE.read_text(encoding="utf-8")
        records.write_text(report.PAGE, report.with_table(page, ordered))


def _results() -> dict[str, Any]:
    return dict(records.read_json(report.RESULTS)) if report.RESULTS.exists() else {}


if __name__ == "__main__":
    main(sys.argv[1:])
