"""The instruction set is named as this machine has it, and whatever makes oneDNN or Eigen choose another kernel."""

import platform
from types import SimpleNamespace

from pipeline.identity import instruction_set
from pipeline.identity.instruction_set import cpu_flags


def detected(monkeypatch, **cpu) -> str:
    found = SimpleNamespace(**{"name": "", "vendor": "", "cpu_part": "", "features": set()} | cpu)
    monkeypatch.setattr(instruction_set, "_detected", lambda: found)
    return instruction_set.instruction_set()


def test_this_machines_flags_are_those_of_its_system():
    """Any CPU that TensorFlow's packages are built for has these."""
    assert cpu_flags() & {"avx", "asimd"} or platform.system() == "Darwin"
    assert instruction_set.instruction_set().startswith(platform.machine())


def test_what_decides_kernels_is_named_in_one_order_and_nothing_else(monkeypatch):
    machine = platform.machine()
    intel = detected(monkeypatch, vendor="GenuineIntel", features={"amx_bf16", "avx2", "hypervisor", "fma"})
    assert intel == f"{machine} GenuineIntel avx2 fma amx_bf16"
    assert detected(monkeypatch, vendor="AuthenticAMD", features={"fma", "avx2"}) == f"{machine} AuthenticAMD avx2 fma"
    assert detected(monkeypatch, vendor="Apple", name="m2") == f"{machine} Apple m2"
    assert detected(monkeypatch, vendor="ARM", cpu_part="0xd4f", features={"sve2"}) == f"{machine} ARM 0xd4f sve2"
    assert detected(monkeypatch) == machine
