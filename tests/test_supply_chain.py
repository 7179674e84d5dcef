"""The bill of materials is the lock; an audit that could not ask does not pass."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import records
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
ANSWERS = [
    (0, "", "No known vulnerabilities found", 0),
    (1, "Name Version ID Fix Versions\nx 1 PYSEC-1 2\n", "Found 1 known vulnerability", 1),
    (1, "", "Traceback\nrequests.exceptions.ConnectionError: no route", 2),
    (0, "", "", 2),
]


@pytest.mark.parametrize(("code", "out", "err", "expected"), ANSWERS)
def test_no_answer_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, out: str, err: str, expected: int
) -> None:
    """What pip-audit says is given here: its service is not reachable from everywhere."""
    lock = tmp_path / "lock"
    lock.write_text(LINE)
    program = f"import sys; print({out!r}); print({err!r}, file=sys.stderr); sys.exit({code})"
    (tmp_path / "pip_audit.py").write_text(program.replace(f"print({out!r})", f"print({out!r}, end='')"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert supply_chain.audit(lock) == expected
    assert subprocess.run([sys.executable, "-m", "pip_audit"], check=False, capture_output=True).returncode == code
