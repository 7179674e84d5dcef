"""The bill of materials is the lock; an audit that could not ask does not pass."""

from pathlib import Path

import pytest

from pipeline.files import records
from tests import supply_chain


def test_every_package_of_the_lock_is_on_the_bill_with_its_hashes():
    text = supply_chain.LOCK.read_text()
    found = supply_chain.packages(text)
    pinned = {line.split(" ")[0].split("[")[0] for line in text.splitlines() if "==" in line and line[:1].isalnum()}
    assert {entry["bom-ref"] for entry in found} == {name.lower() for name in pinned}
    hashes = [p["value"] for entry in found for p in entry["properties"] if p["name"] == "herbarium:sha256"]
    assert len(hashes) == text.count("--hash=sha256:")
    assert len({entry["purl"] for entry in found}) == len(found) > 100


def test_the_bill_is_the_same_bytes_each_time():
    text = supply_chain.LOCK.read_text()
    assert records.canonical(supply_chain.bill(text)) == records.canonical(supply_chain.bill(text))


LINE = "x==1 \\\n    --hash=sha256:" + "0" * 64 + "\n"
BAD = {"name": "jinja2", "version": "2.10", "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}]}
GOOD = {"name": "x", "version": "1", "vulns": []}
SKIPPED = {"name": "x", "skip_reason": "not found"}
ANSWERS = [
    ([BAD], [GOOD], 0),
    ([BAD], [BAD, GOOD], 1),
    ([BAD], [SKIPPED], 2),
    ([{**BAD, "vulns": []}], [GOOD], 2),  # a mirror without advisories
    (None, None, 2),
]


@pytest.mark.parametrize(("known", "found", "expected"), ANSWERS)
def test_no_answer_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: list | None, found: list | None, expected: int
) -> None:
    """What pip-audit says is given here: its service is not reachable from everywhere."""
    lock = tmp_path / "lock"
    lock.write_text(LINE)
    answers = {"--no-deps": known, "--require-hashes": found}
    said = f"json.dumps({{'dependencies': next(a for o, a in {answers!r}.items() if o in sys.argv)}})"
    program = "raise SystemExit('no route to host')" if known is None else f"import json, sys\nprint({said})"
    (tmp_path / "pip_audit.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert supply_chain.audit(lock) == expected
