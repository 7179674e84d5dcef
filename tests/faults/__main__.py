"""Runs every test that provokes a fault, wherever it is, and writes results.json and the table of what came of them."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults import outcomes, report

KILLS = "30"


class Skipped:
    """Remembers which tests were skipped: a table without their rows would not be the whole."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.names.append(report.nodeid)


def main() -> None:
    skipped = Skipped()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "outcomes.jsonl"
        os.environ |= {outcomes.LOG: str(log), "HERBARIUM_KILLS": KILLS}
        code = pytest.main(["tests", "-q", "-m", "slow or not slow", *sys.argv[1:]], plugins=[skipped])
        rows = outcomes.collected(log)
    if code or skipped.names:
        why = "a test failed" if code else "tests were skipped: " + ", ".join(skipped.names)
        sys.exit(f"{report.PAGE} was not written: {why}")
    report.update("tests", rows)
    print(f"wrote {report.RESULTS} and {report.PAGE}")


if __name__ == "__main__":
    main()
