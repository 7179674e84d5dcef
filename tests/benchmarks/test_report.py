"""The README's performance table is that of results.json."""

from pipeline.files import records
from tests.benchmarks import report
from tests.benchmarks.__main__ import RESULTS


def test_the_table_is_the_last_measurement():
    text = report.README.read_text(encoding="utf-8")
    assert report.with_table(text, records.read_json(RESULTS)) == text


def test_rows_have_an_order_and_both_sides_or_none():
    machine = {"cpu": "a CPU", "cores": "2", "tensorflow": "2.21.0"}
    row = {"name": "something", "plain_seconds": 10.0, "our_seconds": 0.5, "ratio": 20.0, "aim": "≥ 12"}
    alone = {"name": "a quotient", "plain_seconds": None, "our_seconds": None, "ratio": 0.9, "aim": ""}
    table = report.markdown({"machine": machine, "rows": {"growth": [alone], "frozen": [row]}})
    assert "| something | 10.00 | 0.50 | 20.00 | ≥ 12 |" in table
    assert "| a quotient |  |  | 0.90 |  |" in table
    assert table.index("something") < table.index("a quotient")
