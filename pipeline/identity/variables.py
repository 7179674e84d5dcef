"""Environment variables that decide bits: some get one value before the libraries start, the others are on record."""

import os
import re
import sys
from collections.abc import Mapping

from pipeline.process.errors import MachineError

# What TensorFlow and Keras find, whatever the shell says; None: no such variable. They read them when imported.
SETTLED: Mapping[str, str | None] = {
    "KERAS_BACKEND": "tensorflow",
    "NVIDIA_TF32_OVERRIDE": "0",  # float32 is float32
    "TF2_BEHAVIOR": "1",
    "TF_CUDNN_DETERMINISTIC": None,  # determinism is switched on by a call
    "TF_DETERMINISTIC_OPS": None,
    "TF_ENABLE_ONEDNN_OPTS": "1",  # by itself it depends on the CPU
    "TF_USE_LEGACY_KERAS": "0",
    "TF_USE_MODULAR_FILESYSTEM": None,  # asks for a package that is not installed
    "TF_XLA_FLAGS": None,  # XLA is never used; a wrong flag would end the process
    "XLA_FLAGS": None,
}
# Those of oneDNN, NumPy, BLAS and the C library, and of TensorFlow the families that choose kernels and precisions: not
# all that begins with TF_, as other programs' passwords do.
_DECIDING = re.compile(
    r"(ONEDNN|DNNL|ZENDNN|NPY|OPENBLAS|MKL|CUBLAS|CUBLASLT|CUDNN|MIOPEN)_"
    r"|TF_(AUTO_MIXED_PRECISION|CONV|CU|DISABLE|ENABLE|FP16|GPU|MATMUL|MKL|ONEDNN|ROCM|SET|USE)"
    r"|GLIBC_TUNABLES$"
)
# Of those, what only logs, or has to do with memory and threads, and changed no bit when it was tried.
_HARMLESS = re.compile(r"VERBOSE|_LOG|DUMP|PROFIL|CUPTI|ALLOC|MEM_|CACHE|THREAD|DEBUG|_(DIR|FILE|PATH)$")


def settle() -> None:
    """Give the deciding variables their one value. Call before TensorFlow and Keras are imported.

    Raises MachineError if TensorFlow has started with another value.
    """
    wrong = [name for name, value in SETTLED.items() if os.environ.get(name) != value]
    if wrong and "tensorflow" in sys.modules:
        found = ", ".join(f"{name}={os.environ.get(name, '')}" for name in wrong)
        raise MachineError(
            f"TensorFlow was imported with {found}, which decides bits: start a new process, and let it call"
            " pipeline.identity.libraries.start() before anything imports TensorFlow or Keras"
        )
    for name in wrong:
        value = SETTLED[name]
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def on_record() -> dict[str, str]:
    """The other variables that may decide bits and are set, under one name each; empty values count as not set."""
    found = {name: value for name, value in os.environ.items() if value and name not in SETTLED and _decides(name)}
    # oneDNN looks at its own name first, then at the one it had before.
    former = {_today(name): value for name, value in found.items() if name != _today(name)}
    return dict(sorted((former | {n: v for n, v in found.items() if n == _today(n)}).items()))


def cpu_limit() -> str:
    """The instruction set that oneDNN was told to keep within, e.g. "AVX2"; empty if none."""
    limit = on_record().get("ONEDNN_MAX_CPU_ISA", "").upper()
    return "" if limit in ("ALL", "DEFAULT") else limit


def _decides(name: str) -> bool:
    return bool(_DECIDING.match(name)) and not _HARMLESS.search(name)


def _today(name: str) -> str:
    return re.sub("^DNNL_", "ONEDNN_", name)
