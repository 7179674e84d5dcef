"""The README's performance tables are those of results.json."""

from pipeline.files import records
from tests.benchmarks import report
from tests.benchmarks.__main__ import RESULTS

MACHINE = {"cpu": "a CPU", "cores": "2", "tensorflow": "2.21.0"}
FASTER = {
    "name": "something",
    "plain_seconds": 1000.0,
    "our_seconds": 0.5,
    "ratio": 2000.0,
    "aim": "≥ 12",
    "unit": "",
    "scaled": True,
}
FIGURE = {"name": "a quotient", "plain_seconds": None, "our_seconds": None, "ratio": 0.9, "aim": "", "unit": "s"}


def test_the_tables_are_the_last_measurement():
    text = report.README.read_text(encoding="utf-8")
    assert report.with_table(text, records.read_json(RESULTS)) == text


def test_what_is_faster_stands_apart_from_figures_and_what_was_scaled_says_so():
    rows = {"growth": [FIGURE], "frozen": [FASTER, {**FASTER, "name": "measured whole", "scaled": False, "ratio": 2.0}]}
    days = {"growth": "2026-01-02", "frozen": "2026-01-03"}
    table = report.markdown({"machine": MACHINE, "rows": rows, "days": days})
    assert "2.21.0; measured on 2026-01-03; growth on 2026-01-02:" in table
    assert "| something | ≈ 1,000.0 | 0.50 | ≈ 2,000 | ≥ 12 |" in table
    assert "| measured whole | 1,000.0 | 0.50 | 2.00 | ≥ 12 |" in table
    assert "| a quotient | 0.90 s |  |" in table
    assert table.index("something") < table.index("a quotient")
