"""Runs every test that provokes a fault, wherever it is, and writes results.json and the table of what came of them."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults import outcomes, report

KILLS = "30"


class OnlyFaults:
    """Leaves the tests that note an outcome, and remembers which of them were skipped."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        others = [item for item in items if "outcome" not in getattr(item, "fixturenames", [])]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)


def main() -> None:
    plugin = OnlyFaults()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "outcomes.jsonl"
        os.environ |= {outcomes.LOG: str(log), "HERBARIUM_KILLS": KILLS}
        code = pytest.main(["tests", "-q", "-m", "slow or not slow", *sys.argv[1:]], plugins=[plugin])
        rows = outcomes.collected(log)
    if code or plugin.skipped:
        skipped = "".join(f"\n  {name}" for name in plugin.skipped)
        sys.exit(f"{report.PAGE} was not written: {'a test failed' if code else f'tests were skipped:{skipped}'}")
    report.update("tests", rows)
    print(f"wrote {report.RESULTS} and {report.PAGE}")


if __name__ == "__main__":
    main()
