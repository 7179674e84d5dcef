"""What the CPU computes with: another instruction set gives other last bits."""

import os
import platform
from pathlib import Path

# CPU flags that make oneDNN or Eigen choose another kernel.
_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "asimd", "sve")


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The CPU's feature flags as Linux names them; empty where they cannot be read."""
    try:
        lines = cpuinfo.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith(("flags", "Features"))), "").split())


def instruction_set() -> str:
    """What this machine computes with, e.g. "x86_64 avx2 avx512f fma": another one gives other last bits."""
    flags = cpu_flags()
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    parts = [platform.machine(), *(flag for flag in _FLAGS if flag in flags), *([f"max={limit}"] if limit else [])]
    return " ".join(parts)
