"""A prepared process: its threads, its determinism and its precision, and that they stay."""

import keras
import pytest
import tensorflow as tf

from pipeline.identity import determinism
from pipeline.params.schema import Compute
from pipeline.process.errors import MachineError

from .conftest import THREADS


def compute(**changes) -> Compute:
    return Compute.model_validate({"precision": "float32", "threads": THREADS, "storage": "float32"} | changes)


def test_threads_are_those_asked_for():
    tf.ones(1).numpy()
    determinism.prepare(compute())
    assert tf.config.threading.get_intra_op_parallelism_threads() == THREADS
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1


def test_other_threads_need_another_process():
    tf.ones(1).numpy()
    with pytest.raises(MachineError, match=rf"threads: 5 asked for, but TensorFlow already runs with {THREADS}"):
        determinism.prepare(compute(threads=5))


def test_randomness_without_a_seed_is_an_error():
    determinism.prepare(compute())
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="When determinism is enabled, random ops must have a seed"
    ):
        tf.raw_ops.RandomUniform(shape=[1], dtype=tf.float32, seed=0, seed2=0)


def test_precision_is_the_policy_of_new_layers(monkeypatch):
    monkeypatch.setattr(determinism, "cpu_flags", lambda: frozenset({"avx512_bf16"}))
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    determinism.prepare(compute(precision="bfloat16"))
    assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.layers.Dense(1).variable_dtype == "float32"
    determinism.prepare(compute())
    assert keras.layers.Dense(1).compute_dtype == "float32"
