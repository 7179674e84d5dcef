"""The page's table is that of results.json, and rows become it as they should."""

import json
from pathlib import Path

import pytest

from pipeline.files import records
from tests.faults import outcomes, report


def test_the_table_is_the_last_run():
    text = report.PAGE.read_text(encoding="utf-8")
    assert report.with_table(text, records.read_json(report.RESULTS)) == text


def test_what_is_noted_is_collected_and_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = tmp_path / "log"
    monkeypatch.setenv(outcomes.LOG, str(log))
    for place in ("train", "fetch", "train"):
        outcomes.note("killed", place, "goes on", kills=2, repairs=0)
    outcomes.note("a long sweep", "memory", "stays", MB_per_100_trials=0.25)
    rows = outcomes.collected(log)
    assert [(row["where"], row["figures"]) for row in rows] == [
        ("memory", {"MB_per_100_trials": 0.25}),
        ("fetch", {"kills": 2, "repairs": 0}),
        ("train", {"kills": 4, "repairs": 0}),
    ]
    table = report.markdown({"tests": rows[1:], "long runs": rows[:1]})
    assert table.splitlines()[0] == "In all: kills 6, repairs 0."
    assert "| killed | train | goes on | kills 4, repairs 0 |" in table
    assert "| a long sweep | memory | stays | MB per 100 trials 0.25 |" in table


def test_nothing_is_noted_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(outcomes.LOG, raising=False)
    monkeypatch.chdir(tmp_path)
    outcomes.note("killed", "train", "goes on")
    assert list(tmp_path.iterdir()) == []
    assert outcomes.collected(tmp_path / "none") == []


def test_a_source_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "page.md")
    report.PAGE.write_text("before\n<!-- faults -->\n<!-- /faults -->\nafter\n")
    for kills in (1, 2):
        row = {"fault": "killed", "where": "train", "result": "goes on", "figures": {"kills": kills}}
        report.update("tests", [row])
        report.update("long runs", [{**row, "fault": "long"}])
    assert {source: rows[0]["figures"] for source, rows in json.loads(report.RESULTS.read_text()).items()} == {
        "tests": {"kills": 2},
        "long runs": {"kills": 2},
    }
    assert report.PAGE.read_text().startswith("before\n<!-- faults -->\n\nIn all: kills 4.")
