"""Makes a process compute the same bits every time: threads, op determinism and precision, before TensorFlow starts.

On a CPU the bits depend on seeds, on the size of the thread pool (not on the number of cores), on the instruction set
oneDNN uses, on the precision and on the versions of a few packages.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pipeline.identity import libraries, variables, versions
from pipeline.identity.instruction_set import cpu_flags
from pipeline.process.errors import MachineError

if TYPE_CHECKING:
    from pipeline.params.schema import Compute

# Beginnings of the limits that oneDNN can be given and that allow it bfloat16.
_WITH_BFLOAT16 = ("AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10")


def prepare(compute: Compute) -> None:
    """Fix threads, op determinism and precision for this process. Call before any TensorFlow operation.

    Raises MachineError if the packages are not those the cache key names, if the CPU cannot do the precision, or if
    TensorFlow has already started with another thread pool.
    """
    versions.check()
    libraries.start()
    import keras
    import tensorflow as tf

    _set_threads(tf, compute.threads)
    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)  # GPUs would take it for float32
    if compute.precision == "bfloat16":
        check_bfloat16(cpu_flags(), gpus=len(tf.config.list_physical_devices("GPU")))
    keras.config.set_dtype_policy("mixed_bfloat16" if compute.precision == "bfloat16" else "float32")
    _set_global_seed()


@cache  # each time it is set TensorFlow forgets the kernels of all graphs: a tenth of a second for the next training
def _set_global_seed() -> None:
    """Op determinism asks for one; every layer and order has its own."""
    import keras

    keras.utils.set_random_seed(0)


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


def check_bfloat16(flags: frozenset[str], gpus: int) -> None:
    """Raise MachineError unless bfloat16 runs natively: emulated it is slow, and below AVX-512 oneDNN crashes."""
    limit = variables.cpu_limit()
    native = flags & {"avx512_bf16", "amx_bf16"} and (not limit or limit.startswith(_WITH_BFLOAT16))
    if not native and not gpus:
        why = f"ONEDNN_MAX_CPU_ISA={limit} forbids it" if limit else "this CPU has neither"
        raise MachineError(
            f"compute.precision: bfloat16 needs a CPU with avx512_bf16 or amx_bf16, or a GPU; {why}: set float32"
        )
