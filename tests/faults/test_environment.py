"""Environments of other projects: they decide no bit, or give the result another name."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.identity import variables
from pipeline.params.schema import Params

from ..sweep.conftest import params, small_features  # noqa: F401
from .test_test_split import trapped  # noqa: F401

Trained = tuple[str, str]


@pytest.fixture
def trained(trapped: dict[str, str], params: Params) -> Callable[..., Trained]:  # noqa: F811
    """Trains with other variables in the environment; returns fingerprint and digest of the model."""
    shell = {name: value for name, value in trapped.items() if name not in {*variables.SETTLED, *variables.on_record()}}

    def train(**others: str) -> Trained:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "train"], env=shell | others, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return records.read_json(paths.TRAINING)["fingerprint"], records.file_digest(paths.MODEL)

    return train


@pytest.mark.slow
def test_variables_and_a_keras_json_of_other_projects(
    trained: Callable[..., Trained], tmp_path: Path, outcome: Callable[..., None]
) -> None:
    home = tmp_path / "keras"
    home.mkdir()
    (home / "keras.json").write_text(json.dumps({"backend": "theano", "image_data_format": "channels_first"}))
    plain = trained()
    foreign = {"TF_ENABLE_ONEDNN_OPTS": "0", "KERAS_BACKEND": "jax", "TF_USE_LEGACY_KERAS": "1", "TF_XLA_FLAGS": "--x"}
    assert trained(KERAS_HOME=str(home), **foreign) == plain
    outcome("a shell and a keras.json of other projects", "train", "the same bits, the same fingerprint", shells=1)
