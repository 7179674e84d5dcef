"""The network that is read is the one that the parameters and the code here would train."""

from pathlib import Path

import pytest

from pipeline.files import features_index, paths, records
from pipeline.identity import agreement, fingerprint
from pipeline.identity.environment import environment
from pipeline.params import config
from pipeline.process.errors import DataError

from ..faults.bad_input import write_params
from .certified import in_cache, run

OF_SPLITS = {split: f"of {split}" for split in paths.SPLITS}
FEATURES = {"digests": OF_SPLITS, "images": OF_SPLITS, "sources": OF_SPLITS, "scale": "unit"}
MACHINE = {"instruction_set": "of another machine"}


@pytest.fixture
def trained(project: Path) -> Path:
    """What a training with the parameters here has left, on another machine, as DVC certifies it."""
    write_params({})
    records.write_json(paths.CLASSES, ["elm", "oak"])
    features_index.write(FEATURES)
    params = config.load()
    where = environment(params.compute) | MACHINE
    name = fingerprint.fingerprint(
        params, fingerprint.training_inputs(params), ["elm", "oak"], where, fingerprint.training_code()
    )
    content = {"fingerprint": name, "environment": where}
    params_of_lock = {"params.yaml": {"train": config.read_yaml(paths.PARAMS)["train"]}}
    run({"models/training.json": records.canonical(content)}, params=params_of_lock)
    return project


def refused() -> str:
    with pytest.raises(DataError) as caught:
        agreement.require_trained(config.load())
    return str(caught.value)


def test_the_same_parameters_agree_on_any_machine(trained):
    agreement.require_trained(config.load())
    write_params({"tracking.experiment": "other", "data.name": "other"})
    agreement.require_trained(config.load())


def test_test_images_are_no_part_of_a_training(trained):
    features_index.write({**FEATURES, "digests": {**OF_SPLITS, "test": "other"}})
    agreement.require_trained(config.load())


def test_parameters_changed_since_are_named_and_nothing_is_removed(trained):
    write_params({"train.learning_rate": 0.02})
    assert refused() == ("models/training.json: train.learning_rate was 0.001, is 0.02: run dvc repro to train again")
    assert paths.TRAINING.exists()


def certify_what_is_here_now() -> None:
    """As DVC does if it is changed between the end of the training and DVC's look at it."""
    content = {"params.yaml": {"train": config.read_yaml(paths.PARAMS)["train"]}}
    run({"models/training.json": paths.TRAINING.read_text()}, params=content)


CHANGES = {
    "train.learning_rate": 0.02,
    "compute.threads": 3,
    "compute.precision": "bfloat16",
    "images.scale": "symmetric",
    "backbone.layers": [8],
}


@pytest.mark.parametrize("key", CHANGES)
def test_a_certificate_of_other_parameters_than_were_used_is_withdrawn(trained, key):
    write_params({key: CHANGES[key]})
    certify_what_is_here_now()
    text = paths.TRAINING.read_text()
    assert "dvc.lock vouches for parameters, images or code that the network was not trained with" in refused()
    assert not paths.TRAINING.exists()  # so `dvc repro` trains again
    assert not in_cache(text).exists()


def test_other_code_and_other_images_are_other_trainings(trained, monkeypatch):
    certify_what_is_here_now()
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "training_code", lambda: "other")
        assert "dvc.lock vouches for" in refused()
    certify = records.canonical({"fingerprint": "x"})
    run({"models/training.json": certify})
    records.write_json(paths.CLASSES, ["oak", "elm"])
    assert "dvc.lock vouches for" in refused()


def test_a_model_without_activations_beside_it_is_taken_as_it_is(trained):
    write_params({"train.learning_rate": 0.02})
    paths.FEATURES_INDEX.unlink()
    agreement.require_trained(config.load())
