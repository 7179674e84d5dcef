"""The machine in words."""

import os
import platform
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("program", "said"), [("echo 'A GPU'", "A GPU"), ("exit 9", "unknown"), ("sleep 60", "unknown")]
)
def test_a_gpu_is_only_denied_where_nothing_would_know_of_one(
    program: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "nvidia-smi"
    file.write_text(f"#!/bin/sh\n{program}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(hardware, "_SECONDS", 0.5)
    assert hardware.gpus() == said
