"""Everything that decides the bits of a result, set and named in one place before TensorFlow initialises.

On a CPU the bits depend on seeds, on the size of the thread pool (not on the number of cores), on the instruction set
oneDNN uses, on the precision and on the versions of a few packages; on nothing else.
"""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.files import paths, records
from pipeline.params.schema import Compute, Params
from pipeline.process.errors import MachineError

# Packages whose version decides what training computes; those that made the images are in the images' digests.
_COMPUTING = ("keras", "numpy", "tensorflow")
# CPU flags that make oneDNN or Eigen choose another kernel.
_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "asimd", "sve")


def prepare(compute: Compute) -> None:
    """Fix threads, op determinism and precision for this process. Call before any TensorFlow operation.

    Raises MachineError if the packages are not those the cache key names, if the CPU cannot do the precision, or if
    TensorFlow has already started with another thread pool.
    """
    check_versions()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # the default on x86 Linux only: it decides the bits, so it is said
    import keras
    import tensorflow as tf

    _set_threads(tf, compute.threads)
    tf.config.experimental.enable_op_determinism()
    if compute.precision == "bfloat16":
        check_bfloat16(cpu_flags(), gpus=len(tf.config.list_physical_devices("GPU")))
    keras.config.set_dtype_policy("mixed_bfloat16" if compute.precision == "bfloat16" else "float32")
    keras.utils.set_random_seed(0)  # op determinism asks for a global seed; every layer and order has its own


def _set_threads(tf: object, threads: int) -> None:
    threading = tf.config.threading  # type: ignore[attr-defined]
    try:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        found = threading.get_intra_op_parallelism_threads()
        raise MachineError(
            f"compute.threads: {threads} asked for, but TensorFlow already runs with {found}: start a new process"
        ) from None


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The CPU's feature flags as Linux names them; empty where they cannot be read."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith(("flags", "Features"))), "").split())


def check_bfloat16(flags: frozenset[str], gpus: int) -> None:
    """Raise MachineError unless bfloat16 runs natively: emulated it is slow, and below AVX-512 oneDNN crashes."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")
    native = flags & {"avx512_bf16", "amx_bf16"} and limit in (
        "",
        "ALL",
        "DEFAULT",
        "AVX512_CORE_BF16",
        "AVX512_CORE_AMX",
    )
    if not native and not gpus:
        why = f"ONEDNN_MAX_CPU_ISA={limit} forbids it" if limit else "this CPU has neither"
        raise MachineError(
            f"compute.precision: bfloat16 needs a CPU with avx512_bf16 or amx_bf16, or a GPU; {why}: set float32"
        )


def instruction_set() -> str:
    """What this machine computes with, e.g. "x86_64 avx2 avx512f fma": another one gives other last bits."""
    flags = cpu_flags()
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    parts = [platform.machine(), *(flag for flag in _FLAGS if flag in flags), *([f"max={limit}"] if limit else [])]
    return " ".join(parts)


def recorded_versions() -> dict[str, str]:
    """Package → version as pipeline/versions.json has them: DVC watches it, so it is the versions' cache key."""
    versions: dict[str, str] = records.read_json(paths.VERSIONS)
    return versions


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Package → installed version, "not installed" where there is none."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def check_versions() -> None:
    """Raise MachineError if a package that decides results is not the one its results would be filed under."""
    recorded = recorded_versions()
    installed = installed_versions(recorded)
    wrong = [
        f"{name} {installed[name]}, recorded {recorded[name]}" for name in recorded if installed[name] != recorded[name]
    ]
    if wrong:
        raise MachineError(
            f"{paths.VERSIONS}: installed is {'; '.join(wrong)}. Install requirements.lock, or run `herbarium versions"
            " --write` to take the installed ones (dvc repro then runs again what they compute)"
        )


def write_versions() -> dict[str, str]:
    """Take the installed versions into pipeline/versions.json; returns them."""
    installed = installed_versions(recorded_versions())
    records.write_json(paths.VERSIONS, installed)
    return installed


def environment(compute: Compute) -> dict[str, str]:
    """What the bits of this run depend on beside data and parameters; the same on equal machines."""
    versions = recorded_versions()
    return {
        **{package: versions[package] for package in _COMPUTING},
        "instruction_set": instruction_set(),
        "precision": compute.precision,
        "threads": str(compute.threads),
    }


def fingerprint(params: Params, features: dict[str, object]) -> str:
    """The name of a training result: equal fingerprints mean equal bits.

    Over the parameters of the network and its training, the digests of its inputs (`features`, the content of
    features.json) and the environment. Paths, tracking and wording are not part of it.
    """
    sections = {"images": {"scale", "augmentation"}, "backbone": True, "head": True, "train": True}
    network = params.hashed(include=sections, exclude={"backbone": {"path"}})
    return records.digest({**network, "features": features, "environment": environment(params.compute)})
