"""What the CPU computes with: another instruction set gives other last bits."""

import platform
import warnings
from functools import cache
from typing import Any

# CPU features, as Linux names them, that make oneDNN, Eigen or NumPy choose another kernel.
_DECIDING = (
    *("avx", "f16c", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16"),
    *("avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "amx_fp16", "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2"),
)


def cpu_flags() -> frozenset[str]:
    """The CPU's features as Linux names them, on every system; empty where they cannot be read."""
    return frozenset(_detected().features)


def instruction_set() -> str:
    """What this machine computes with, e.g. "x86_64 AuthenticAMD avx avx2 fma"."""
    cpu, flags = _detected(), cpu_flags()
    names = [platform.machine(), cpu.vendor, cpu.name, cpu.cpu_part, *(flag for flag in _DECIDING if flag in flags)]
    return " ".join(dict.fromkeys(name for name in names if name))


@cache
def _detected() -> Any:
    from archspec.cpu.detect import detected_info

    with warnings.catch_warnings(action="ignore"):  # said where nothing can be detected
        return detected_info()
