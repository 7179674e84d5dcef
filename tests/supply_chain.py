"""`make audit` and `make sbom`: what the lock brings, and what is known against it.

An audit that could not ask is not passed: exit code 0 is "asked, nothing known", 1 "something is known", 2 "not asked".
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline.files import records

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
SBOM = ROOT / "sbom.json"
_PACKAGE = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE
)
_SECONDS = 600
KNOWN = "jinja2==2.10"  # CVE-2019-10906 and others


def audit(lock: Path = LOCK) -> int:
    """Ask the advisory service about every package of `lock`, without installing; returns the exit code.

    First about one with known vulnerabilities: a mirror that has no advisories finds nothing wrong with anything.
    """
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "known.txt"
        probe.write_text(f"{KNOWN}\n")
        try:
            known, found = (
                _asked(file, *options) for file, options in ((probe, ["--no-deps"]), (lock, ["--require-hashes"]))
            )
        except (subprocess.TimeoutExpired, ValueError) as error:
            return _not_asked(str(error))
    if not any(entry.get("vulns") for entry in known):
        return _not_asked(f"it knows nothing against {KNOWN}, so it has no advisories")
    skipped = [f"{entry['name']} ({entry['skip_reason']})" for entry in found if "skip_reason" in entry]
    wrong = [(entry, advisory) for entry in found for advisory in entry.get("vulns", [])]
    for entry, advisory in wrong:
        fixed = ", ".join(advisory["fix_versions"]) or "no release"
        print(f"{entry['name']} {entry['version']}: {advisory['id']}, fixed in {fixed}")
    if skipped:
        return _not_asked(f"{len(skipped)} packages were skipped: {', '.join(skipped[:3])}")
    print(f"{len(found)} packages, {len(wrong)} known vulnerabilities")
    return 1 if wrong else 0


def _asked(requirements: Path, *options: str) -> list[dict[str, Any]]:
    """pip-audit's findings, one a package. Raises ValueError with its last words if there are none."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements), "--disable-pip", *options]
    command += ["--format", "json", "--progress-spinner", "off"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(run.stdout)["dependencies"]
    except (ValueError, LookupError):
        last = (run.stderr.strip().splitlines() or [f"pip-audit ended with {run.returncode}"])[-1]
        raise ValueError(last) from None
    return found


def _not_asked(reason: str) -> int:
    print(
        f"not audited: the advisory service could not be asked: {reason[:300]}; try again with a network",
        file=sys.stderr,
    )
    return 2


def packages(lock: str) -> list[dict[str, Any]]:
    """The packages of a lock file's text, by name: CycloneDX components with every file's hash."""
    return [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name.lower()}@{version}",
            "bom-ref": f"{name.lower()}=={version}",
            "properties": [
                *([{"name": "herbarium:marker", "value": marker}] if marker else []),
                *(
                    {"name": "herbarium:sha256", "value": digest}
                    for digest in re.findall(r"sha256:([0-9a-f]{64})", files)
                ),
            ],
        }
        for name, version, marker, files in _PACKAGE.findall(lock)
    ]


def bill(lock: str) -> dict[str, Any]:
    """CycloneDX 1.6 of a lock file's text: the same bytes for the same lock, so without time and serial number."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "herbarium"}},
        "components": packages(lock),
    }


def main() -> int:
    if sys.argv[1:] == ["audit"]:
        return audit()
    content = bill(LOCK.read_text(encoding="utf-8"))
    records.write_json(SBOM, content)
    print(f"wrote {SBOM.name}: {len(content['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
