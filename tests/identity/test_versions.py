"""The packages that decide results are those that results are filed under."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.identity import versions
from pipeline.process.errors import MachineError


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A versions.json of this test's own, in order."""
    path = tmp_path / "versions.json"
    records.write_json(path, versions.installed(["numpy", "pillow"]))
    monkeypatch.setattr(paths, "VERSIONS", path)
    return path


def test_other_versions_than_recorded_are_refused(recorded):
    versions.check()
    records.write_json(recorded, {"numpy": "1.0", "no-such-package": "3"})
    with pytest.raises(MachineError) as caught:
        versions.check()
    assert "installed is no-such-package not installed, recorded 3; numpy " in str(caught.value)
    assert "herbarium versions --write" in str(caught.value)


def test_installed_versions_can_be_taken(recorded):
    records.write_json(recorded, {"numpy": "1.0"})
    assert versions.take_installed() == versions.recorded()
    versions.check()


def test_the_projects_own_versions_are_installed():
    versions.check()
