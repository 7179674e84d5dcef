"""A whole training run on stored activations: the same for every cut, exact, and blind to the test split."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import paths, records
from pipeline.identity import fingerprint
from pipeline.model import assembly, features, fit, training
from pipeline.params.schema import Params
from pipeline.process.errors import CombinationError, DataError
from pipeline.results.history import Epoch

from .conftest import changed


def with_cut(params: Params, deepest: int, unfrozen: int, **train) -> Params:
    return changed(
        params, backbone={"max_unfrozen_layers": deepest}, train={"unfrozen_layers": unfrozen, "epochs": 2} | train
    )


def from_the_images(params: Params) -> Params:
    """The same training with nothing computed beforehand: images that "change" by nothing every epoch."""
    return changed(params, images={"augmentation": params.images.augmentation.model_dump() | {"on_the_fly": True}})


def figures(epochs: list[Epoch]) -> list[tuple[float, float]]:
    return [(epoch.train_loss, epoch.validation_loss) for epoch in epochs]


@pytest.mark.parametrize("unfrozen", [0, 1, 2])
def test_training_above_the_cut_is_training_from_the_images(stored, extracted, params, unfrozen):
    params = with_cut(params, unfrozen, unfrozen, optimizer="momentum", learning_rate=0.01)
    extracted(params)
    above = training.run(params)
    extracted(from_the_images(params))
    whole = training.run(from_the_images(params))
    assert whole.assembled.cut.at_input
    assert above.assembled.cut.layer == ["pool4", "pool2", "images"][unfrozen]
    np.testing.assert_allclose(figures(above.epochs), figures(whole.epochs), rtol=1e-4)
    pixels = records.read_npy(paths.images("validation"))
    np.testing.assert_allclose(above.assembled.full(pixels), whole.assembled.full(pixels), rtol=1e-3, atol=1e-4)


def test_mixtures_and_noise_are_the_same_again_and_need_what_they_mix(stored, extracted, params):
    params = with_cut(params, 1, 1, mixup=0.4, cutmix=1.0, feature_noise=0.2, warmup_epochs=1)
    extracted(params)
    curve = figures(training.run(params).epochs)
    assert figures(training.run(params).epochs) == curve
    assert figures(training.run(changed(params, train={"cutmix": 0.0})).epochs)[:2] == curve[:2]  # after the warm-up
    assert figures(training.run(changed(params, train={"feature_noise": 0.0})).epochs)[1] != curve[1]
    with pytest.raises(CombinationError, match=r"train\.cutmix: found 1, and what is trained begins at 64 numbers an"):
        training.run(changed(params, train={"unfrozen_layers": 0}))


def test_what_else_is_stored_changes_nothing(stored, extracted, params):
    curves = []
    for deepest in (0, 1, 2):
        extracted(with_cut(params, deepest, 0))
        curves.append(figures(training.run(with_cut(params, deepest, 0)).epochs))
    np.testing.assert_allclose(curves[1:], [curves[0]] * 2, rtol=1e-4)


def test_a_warm_up_of_a_frozen_backbone_is_its_first_epochs(stored, extracted, params):
    curves = []
    for warmup, epochs in ((0, 3), (2, 1)):
        rates = {"learning_rate": 0.02, "warmup_learning_rate": 0.02}
        params = with_cut(params, 1, 0, warmup_epochs=warmup, epochs=epochs, **rates)
        extracted(params)
        curves.append(figures(training.run(params).epochs))
    assert len(curves[1]) == 4
    np.testing.assert_allclose(curves[0][:3], curves[1][:3], rtol=1e-6)  # then the optimizer starts anew


def test_a_warm_up_trains_the_head_alone(stored, extracted, params):
    params = with_cut(params, 1, 1, warmup_epochs=2, warmup_learning_rate=0.02, learning_rate=0.001)
    extracted(params)
    kernels: list[np.ndarray] = []
    assemble, built = assembly.assemble, []

    def remembering(params: Params, classes: int, root: Path) -> assembly.Assembled:
        built.append(assemble(params, classes, root))
        return built[-1]

    def on_epoch(_: Epoch) -> None:
        layers = built[0].network.model.get_layer("conv3"), built[0].head.get_layer("dense1")
        kernels.append([layer.kernel.numpy() for layer in layers])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "assemble", remembering)
        trained = training.run(params, on_epoch=on_epoch)
    assert [epoch.epoch for epoch in trained.epochs] == [0, 1, 2, 3, 4]
    assert [epoch.learning_rate for epoch in trained.epochs] == [0, 0.02, 0.02, 0.001, 0.001]
    upper, head = zip(*kernels, strict=True)
    np.testing.assert_array_equal(upper[2], upper[0])
    assert not np.array_equal(head[2], head[0])
    assert not np.array_equal(upper[4], upper[2])


def test_early_stopping_names_the_kept_epoch(stored, extracted, params):
    params = with_cut(params, 0, 0, early_stopping_patience=1, epochs=40, learning_rate=0.5)
    extracted(params)
    trained = training.run(params)
    kept = next(epoch for epoch in trained.epochs if epoch.epoch == trained.kept_epoch)
    validation = features.examples("validation", trained.assembled, params)
    assert fit.evaluate(trained.assembled.trained, validation) == (kept.validation_loss, kept.validation_accuracy)
    assert trained.kept_epoch < trained.epochs[-1].epoch < 40


def test_repeating_gives_the_same_bits_and_the_same_name(stored, extracted, params):
    params = with_cut(params, 1, 1)
    extracted(params)
    names: list[str] = []
    first, second = (training.run(params, on_start=names.append) for _ in range(2))
    assert first.epochs == second.epochs
    assert names == [first.fingerprint, second.fingerprint]
    assert len(set(names)) == 1
    for mine, theirs in zip(first.assembled.trained.variables, second.assembled.trained.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    assert training.run(changed(params, train={"seed": 2})).fingerprint not in names


@pytest.mark.parametrize("warmup", [0, 1])
def test_weights_of_classes_decide_what_is_learned_and_the_name(stored, extracted, params, warmup):
    params = with_cut(params, 1, 1, warmup_epochs=warmup, learning_rate=0.02, epochs=4)
    extracted(params)
    labels = records.read_npy(paths.labels("train"))
    classes = records.read_json(paths.CLASSES)

    def predicted(chosen) -> tuple[float, str]:
        trained = training.run(changed(params, train={"class_weights": chosen}))
        answers = fit.logits(trained.assembled.trained, features.examples("train", trained.assembled, params).inputs)
        return float((answers.argmax(axis=1) == 2).mean()), trained.fingerprint

    (heavy, first), (light, second) = predicted({classes[2]: 50.0}), predicted({classes[2]: 0.02})
    assert heavy > (labels == 2).mean() > light
    assert len({first, second, predicted("none")[1]}) == 3


def test_an_image_of_weight_0_teaches_nothing_and_weights_are_in_the_name(stored, extracted, params):
    params = with_cut(params, 1, 1, epochs=2)
    weights = np.ones(37, np.float32)
    weights[5] = 0

    def trained() -> tuple[list[np.ndarray], str]:
        extracted(params)
        found = training.run(params)
        return [variable.numpy() for variable in found.assembled.trained.variables], found.fingerprint

    plain = trained()
    for split, of_split in (("train", weights), ("validation", np.ones(18, np.float32))):
        records.write_npy(paths.weights(split), of_split)
    with pytest.raises(DataError, match=r"train/weights\.npy: extract-features has not seen it; run dvc repro"):
        training.run(params)
    first = trained()
    labels = np.array(records.read_npy(paths.labels("train")))
    records.write_npy(paths.labels("train"), np.where(np.arange(37) == 5, (labels + 1) % 3, labels))
    second = trained()
    assert all(np.array_equal(a, b) for a, b in zip(first[0], second[0], strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first[0], plain[0], strict=True))
    assert len({plain[1], first[1], second[1]}) == 3


def test_a_weight_of_no_class_stops_before_anything_is_read(stored, extracted, params):
    wrong = changed(params, train={"class_weights": {"drak": 2.0}})
    with pytest.raises(CombinationError, match=r"train\.class_weights: 'drak' is no class; did you mean dark"):
        training.run(wrong)


def test_random_layers_that_are_unfrozen_follow_the_training_seed_the_frozen_ones_do_not(params):
    def kernels(seed: int) -> list[np.ndarray]:
        random = changed(params, backbone={"weights": "none"}, train={"unfrozen_layers": 1, "seed": seed})
        model = assembly.assemble(random, 3).network.model
        return [model.get_layer(name).kernel.numpy() for name in ("conv1", "conv3")]

    (frozen, unfrozen), (frozen_too, unfrozen_otherwise) = kernels(1), kernels(2)
    np.testing.assert_array_equal(frozen, frozen_too)
    assert not np.array_equal(unfrozen, unfrozen_otherwise)


def test_the_test_split_is_never_read(stored, extracted, params):
    extracted(params)
    expected = training.run(params).epochs
    shutil.rmtree(paths.images("test").parent)
    shutil.rmtree(paths.FEATURES / "test")
    assert training.run(params).epochs == expected


@pytest.mark.parametrize("place", ["frozen weights", "activations", "head"])
def test_what_does_not_fit_the_full_network_is_not_saved(stored, extracted, params, place):
    params = with_cut(params, 1, 1)
    extracted(params)
    built = assembly.assemble(params, classes=3)
    validation = features.examples("validation", built, params)
    assert training.check_exact(built, validation, params) < 1e-5
    if place == "frozen weights":
        kernel = built.network.model.get_layer("conv1").kernel
        kernel.assign(kernel * 1.01)
    elif place == "activations":
        validation = fit.Examples(validation.inputs * np.float32(1.01), validation.labels)
    else:
        other = assembly.assemble(changed(params, train={"seed": 9}), classes=3)
        built = assembly.Assembled(built.network, built.cut, other.trained, other.head, built.full, built.logits)
    with pytest.raises(training.InexactCutError, match=r"cut at pool2 gives logits that differ .* allowed are 1e-04"):
        training.check_exact(built, validation, params)


def test_damaged_activations_are_not_trained_on(stored, extracted, params):
    extracted(params)
    path = next((paths.FEATURES / "validation").glob("*.npy"))
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    with pytest.raises(DataError, match="its bytes are not those extract-features saw"):
        training.run(params)


def test_a_killed_run_goes_on_and_its_checkpoints_stay_until_it_is_safe(stored, extracted, params, tmp_path):
    extracted(params)
    params = with_cut(params, 1, 1, warmup_epochs=1)

    class KilledError(Exception):
        pass

    def kill(epoch: Epoch) -> None:
        if epoch.epoch == 2:
            raise KilledError

    folder = tmp_path / "checkpoints"
    expected = training.run(params)
    with pytest.raises(KilledError):
        training.run(params, on_epoch=kill, checkpoints=folder)
    assert sorted(path.name for path in folder.rglob("*.npz")) == ["joint.npz", "warmup.npz"]
    resumed = training.run(params, checkpoints=folder)
    assert resumed.epochs == expected.epochs
    for mine, theirs in zip(resumed.assembled.trained.variables, expected.assembled.trained.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    assert list(folder.rglob("*.npz"))
    training.forget(folder, resumed.fingerprint)
    assert not list(folder.rglob("*.npz"))


def test_a_checkpoint_of_other_code_is_left_alone(stored, extracted, params, tmp_path, monkeypatch, outcome):
    extracted(params)
    training.run(params, checkpoints=tmp_path)
    trained: list[int] = []
    monkeypatch.setattr(fit, "run_epoch", lambda *args: trained.append(args[3]) or (0.5, 0.5))
    training.run(params, checkpoints=tmp_path)
    assert trained == []
    monkeypatch.setattr(fingerprint, "training_code", lambda: "other")
    training.run(params, checkpoints=tmp_path)
    assert trained == list(range(1, params.train.epochs + 1))
    outcome("the code that trains is changed", "a killed training", "trained from its first epoch", changes=1)
