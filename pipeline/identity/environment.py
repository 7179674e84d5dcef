"""What the bits of a run depend on beside its data, parameters and code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.identity import versions
from pipeline.identity.instruction_set import instruction_set

if TYPE_CHECKING:
    from pipeline.params.schema import Compute

# Packages whose version decides what training computes; those that made the images are in the images' digests.
_COMPUTING = ("keras", "numpy", "tensorflow")


def environment(compute: Compute) -> dict[str, str]:
    """What the bits of this run depend on beside data and parameters; the same on equal machines."""
    recorded = versions.recorded()
    return {
        **{package: recorded[package] for package in _COMPUTING},
        "instruction_set": instruction_set(),
        "precision": compute.precision,
        "threads": str(compute.threads),
    }
