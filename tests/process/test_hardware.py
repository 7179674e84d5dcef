"""The machine in words."""

import platform
from pathlib import Path

from pipeline.process import hardware


def test_processor_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nprocessor\t: 1\nmodel name\t: A CPU @ 2 GHz\n")
    assert hardware.cpu_model(file) == "A CPU @ 2 GHz"
    assert hardware.cpu_model(tmp_path / "absent") != ""


def test_a_machine_is_described() -> None:
    found = hardware.describe()
    assert found["python"] == platform.python_version()
    assert int(found["cores"]) >= 1
    assert found["memory"].endswith(" GiB")
    assert set(found) == {"cpu", "cores", "memory", "gpu", "system", "python"}
