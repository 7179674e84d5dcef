"""Environment variables that decide bits have one value, or are on record; those that do not are in nobody's way."""

import os
import sys

import pytest

from pipeline.identity import variables
from pipeline.process.errors import MachineError


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the variables in question, and what a test settles is undone."""
    for name in [*variables.SETTLED, *variables.on_record()]:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TF_ENABLE_ONEDNN_OPTS", "0"),
        ("KERAS_BACKEND", "jax"),
        ("TF_USE_LEGACY_KERAS", "1"),
        ("TF2_BEHAVIOR", "0"),
        ("NVIDIA_TF32_OVERRIDE", "1"),
        ("TF_XLA_FLAGS", "--tf_xla_auto_jit=2"),
        ("TF_DETERMINISTIC_OPS", "0"),
    ],
)
def test_what_the_shell_says_is_overruled_before_the_libraries_start(monkeypatch, name, value):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setenv(name, value)
    variables.settle()
    assert {key: os.environ.get(key) for key in variables.SETTLED} == dict(variables.SETTLED)
    assert variables.on_record() == {}


def test_afterwards_it_is_too_late(monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    variables.settle()
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    variables.settle()
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    with pytest.raises(MachineError, match="TensorFlow was imported with TF_ENABLE_ONEDNN_OPTS=0, which decides bits"):
        variables.settle()


@pytest.mark.parametrize(
    "name",
    [
        *("ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "ONEDNN_CPU_ISA_HINTS", "TF_SET_ONEDNN_FPMATH_MODE"),
        *("OPENBLAS_CORETYPE", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "NPY_DISABLE_CPU_FEATURES", "GLIBC_TUNABLES"),
        *("TF_ENABLE_ZENDNN_OPTS", "TF_USE_DEEP_CONV2D", "TF_CUDNN_USE_AUTOTUNE", "CUBLAS_WORKSPACE_CONFIG"),
        *("TF_AUTO_MIXED_PRECISION_GRAPH_REWRITE_LEVEL", "TF_FP16_CONV_USE_FP32_COMPUTE"),
    ],
)
def test_the_others_are_on_record(monkeypatch, name):
    monkeypatch.setenv(name, "a value")
    assert variables.on_record() == {name: "a value"}
    monkeypatch.setenv(name, "")
    assert variables.on_record() == {}


def test_onednn_has_two_names_for_each_of_its_variables(monkeypatch):
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "AVX2")
    assert variables.on_record() == {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")  # what oneDNN itself takes then
    assert variables.on_record() == {"ONEDNN_MAX_CPU_ISA": "SSE41"}


@pytest.mark.parametrize(
    "name",
    [
        *("TF_CPP_MIN_LOG_LEVEL", "ONEDNN_VERBOSE", "DNNL_VERBOSE", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"),
        *(
            "TF_GPU_ALLOCATOR",
            "TF_FORCE_GPU_ALLOW_GROWTH",
            "KERAS_HOME",
            "TF_TOKEN_app_terraform_io",
            "TF_VAR_password",
        ),
        *("PATH", "HOME", "CUDA_VISIBLE_DEVICES", "ONEDNN_JIT_DUMP", "CUDNN_FRONTEND_LOG_FILE"),
    ],
)
def test_what_decides_nothing_or_is_another_programs_is_not(monkeypatch, name):
    monkeypatch.setenv(name, "a secret")
    assert variables.on_record() == {}


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("ONEDNN_MAX_CPU_ISA", "avx2", "AVX2"),
        ("DNNL_MAX_CPU_ISA", "AVX2", "AVX2"),
        ("ONEDNN_MAX_CPU_ISA", "ALL", ""),
        ("ONEDNN_MAX_CPU_ISA", "default", ""),
        ("OTHER", "AVX2", ""),
    ],
)
def test_the_limit_of_onednn(monkeypatch, name, value, limit):
    monkeypatch.setenv(name, value)
    assert variables.cpu_limit() == limit
