"""`make audit` and `make sbom`: what the lock brings, and what is known against it.

An audit that could not ask is not passed: exit code 0 is "asked, nothing known", 1 "something is known", 2 "not asked".
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipeline import records

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
SBOM = ROOT / "sbom.json"
_PACKAGE = re.compile(
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE
)
_SECONDS = 600


def audit(lock: Path = LOCK) -> int:
    """Ask the advisory service about every package of `lock`, without installing; returns the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--require-hashes"]
    try:
        run = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return _not_asked(f"no answer in {_SECONDS} s")
    said = run.stderr.strip().splitlines()
    if run.returncode == 0 and any("No known vulnerabilities found" in line for line in said):
        print(f"{len(packages(lock.read_text(encoding='utf-8')))} packages: no known vulnerabilities")
        return 0
    if run.returncode == 1 and run.stdout.startswith("Name"):
        print(run.stdout.strip())
        return 1
    return _not_asked(said[-1] if said else f"pip-audit ended with {run.returncode}")


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
