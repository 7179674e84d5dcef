"""What decides the bits is set before TensorFlow starts, and what a machine cannot do is refused."""

import json
import subprocess
import sys

import keras
import pytest

from pipeline.identity import determinism
from pipeline.params.schema import Compute
from pipeline.process.errors import MachineError

from ..root import ROOT

WITH_BFLOAT16 = frozenset({"avx2", "avx512f", "avx512_bf16"})


def test_importing_the_room_does_not_import_tensorflow():
    code = "import json, sys; from pipeline.identity import determinism, fingerprint; print(json.dumps([*sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"tensorflow", "keras"}.isdisjoint(json.loads(ran.stdout))


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
        determinism.check_bfloat16(flags, gpus)
        return
    with pytest.raises(MachineError, match=rf"bfloat16 needs a CPU with .*; {reason}: set float32"):
        determinism.check_bfloat16(flags, gpus)


def test_preparing_again_leaves_the_kernels_of_the_graphs_before(monkeypatch):
    compute = Compute(precision="float32", threads=2, storage="float32")
    determinism.prepare(compute)
    monkeypatch.setattr(keras.utils, "set_random_seed", lambda _: pytest.fail("TensorFlow would forget them"))
    determinism.prepare(compute)
