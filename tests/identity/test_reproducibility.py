"""What decides the bits is set before TensorFlow starts, checked, and named in the fingerprint."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.files import paths, records
from pipeline.identity import reproducibility
from pipeline.params.schema import Compute, Params
from pipeline.process.errors import MachineError

from ..imports import ROOT

FLOAT32 = Compute(precision="float32", threads=2, storage="float32")
WITH_BFLOAT16 = frozenset({"avx2", "avx512f", "avx512_bf16"})


def in_new_process(code: str, **environment: str) -> Any:
    """What `code` prints as JSON last, run where TensorFlow has not started yet."""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout.splitlines()[-1])


def test_importing_the_module_does_not_import_tensorflow():
    code = "import sys; from pipeline.identity import reproducibility; print(str('tensorflow' in sys.modules).lower())"
    assert in_new_process(code) is False


@pytest.mark.parametrize(
    ("flags", "limit", "gpus", "reason"),
    [
        (WITH_BFLOAT16, "", 0, None),
        (WITH_BFLOAT16, "ALL", 0, None),
        (WITH_BFLOAT16, "AVX512_CORE_AMX", 0, None),
        (frozenset({"avx2"}), "", 1, None),
        (frozenset({"avx2"}), "", 0, "this CPU has neither"),
        (frozenset(), "", 0, "this CPU has neither"),
        (WITH_BFLOAT16, "AVX2", 0, "ONEDNN_MAX_CPU_ISA=AVX2 forbids it"),
    ],
)
def test_bfloat16_is_refused_where_it_is_not_native(monkeypatch, flags, limit, gpus, reason):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    if reason is None:
        reproducibility.check_bfloat16(flags, gpus)
        return
    with pytest.raises(MachineError, match=rf"bfloat16 needs a CPU with .*; {reason}: set float32"):
        reproducibility.check_bfloat16(flags, gpus)


def test_cpu_flags_are_read_as_linux_writes_them(tmp_path):
    (tmp_path / "x86").write_text("processor : 0\nflags\t\t: fpu avx2 fma\n\nprocessor : 1\nflags : other\n")
    (tmp_path / "arm").write_text("Features : asimd sve\n")
    assert {"avx2", "fma"} < reproducibility.cpu_flags(tmp_path / "x86")
    assert "other" not in reproducibility.cpu_flags(tmp_path / "x86")
    assert "sve" in reproducibility.cpu_flags(tmp_path / "arm")
    assert reproducibility.cpu_flags(tmp_path / "none") == frozenset()


def test_the_instruction_set_names_the_limit(monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    plain = reproducibility.instruction_set()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert reproducibility.instruction_set() == f"{plain} max=AVX2"


# Versions


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A versions.json of this test's own, in order."""
    path = tmp_path / "versions.json"
    records.write_json(path, reproducibility.installed_versions(["numpy", "pillow"]))
    monkeypatch.setattr(paths, "VERSIONS", path)
    return path


def test_other_versions_than_recorded_are_refused(recorded):
    reproducibility.check_versions()
    records.write_json(recorded, {"numpy": "1.0", "no-such-package": "3"})
    with pytest.raises(MachineError) as caught:
        reproducibility.check_versions()
    assert "installed is no-such-package not installed, recorded 3; numpy " in str(caught.value)
    assert "herbarium versions --write" in str(caught.value)


def test_installed_versions_can_be_taken(recorded):
    records.write_json(recorded, {"numpy": "1.0"})
    assert reproducibility.write_versions() == reproducibility.recorded_versions()
    reproducibility.check_versions()


def test_the_projects_own_versions_are_installed():
    reproducibility.check_versions()


# The fingerprint

FEATURES: dict[str, object] = {"digests": {"train": {"labels.npy": "aa"}}, "precision": "float32"}


def named(params: Params, features: dict[str, object] = FEATURES, **sections: dict[str, Any]) -> str:
    updates = {section: getattr(params, section).model_copy(update=values) for section, values in sections.items()}
    return reproducibility.fingerprint(params.model_copy(update=updates), features)


def test_the_fingerprint_follows_what_decides_the_result(params, monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    base = named(params)
    different = {
        named(params, train={"seed": 2}),
        named(params, train={"learning_rate": 0.5}),
        named(params, head={"units": [9]}),
        named(params, backbone={"layers": [8]}),
        named(params, images={"scale": "symmetric"}),
        named(params, compute={"threads": 3}),
        named(params, compute={"precision": "bfloat16"}),
        named(params, {**FEATURES, "digests": {"train": {"labels.npy": "ab"}}}),
    }
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    different.add(named(params))
    assert len(different | {base}) == 10


def test_the_fingerprint_does_not_follow_names_and_places(params):
    same = {
        named(params),
        named(params, data={"name": "other"}),
        named(params, tracking={"experiment": "other", "uri": "sqlite:///x.db"}),
        named(params, backbone={"path": "elsewhere.weights.h5"}),
    }
    assert len(same) == 1


def test_the_environment_names_what_computes_and_no_machine():
    found = reproducibility.environment(FLOAT32)
    assert {"tensorflow", "keras", "numpy", "instruction_set", "precision", "threads"} <= found.keys()
    assert found["threads"] == "2"
    import socket

    assert socket.gethostname() not in json.dumps(found)
