"""What the bits of a run depend on beside its data, parameters and code."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

from pipeline.identity import variables, versions
from pipeline.identity.accelerator import accelerator
from pipeline.identity.instruction_set import instruction_set

if TYPE_CHECKING:
    from pipeline.params.schema import Compute

# Packages whose version decides what training computes; those that made the images are in the images' digests.
_COMPUTING = ("keras", "numpy", "tensorflow")


def environment(compute: Compute) -> dict[str, str]:
    """What the bits of this run depend on, the same on equal machines; capital letters name environment variables."""
    recorded = versions.recorded()
    return {
        **{package: recorded[package] for package in _COMPUTING},
        "accelerator": accelerator(),
        "instruction_set": instruction_set(),
        "platform": operating_system(),
        "precision": compute.precision,
        "threads": str(compute.threads),
        **variables.on_record(),
    }


def operating_system() -> str:
    """The system with its C library, which computes exponentials and the like, e.g. "Linux glibc 2.36"."""
    system = platform.system()
    if system == "Linux":
        return f"{system} {_c_library()}"
    release = platform.mac_ver()[0] if system == "Darwin" else platform.version()
    return f"{system} {release}"


def _c_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "glibc"
    except (ValueError, OSError):
        return "another C library"
