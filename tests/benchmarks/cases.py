"""The comparisons. Each returns rows: what was measured, both sides' seconds, their ratio, and what was aimed at."""

import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from pipeline.files import features_index, paths
from pipeline.model import assembly, costs, extraction, features, fit, heads, training
from pipeline.model.steps import Steps
from pipeline.params.schema import Params
from tests.benchmarks import plain
from tests.benchmarks.setting import CLASSES, VGG16, parameters, project

REPEATS = 3
PHOTOGRAPHS = {"train": 320, "validation": 40, "test": 40}
# As many as tf-flowers-vgg16 has. Its images are slow to make activations of and slower to train on in the plain way,
# so only what reads finished activations is measured on them.
RECIPE = {"train": 2936, "validation": 367, "test": 367}
RECIPE_SCALE = (RECIPE["train"] + RECIPE["validation"]) / (PHOTOGRAPHS["train"] + PHOTOGRAPHS["validation"])
_OF_FLOPS = "times the time of its FLOPs"
_plain_epochs: dict[str, float] = {}  # precision → seconds, as this process has measured them last

# By our precision and the plain side's: cold, cached.
AIMS = {
    ("float32", "float32"): ("≥ 12", "≥ 200"),
    ("bfloat16", "float32"): ("≥ 40 with AMX", "≥ 200"),
    ("bfloat16", "bfloat16"): ("", "≥ 200"),
}


@dataclass(frozen=True)
class Row:
    """`ratio` is plain seconds over ours or, with a `unit`, another figure; `aim` is the least (or most) wanted.

    `scaled`: of the plain side an epoch was measured, and multiplied by their number and that of the images.
    """

    name: str
    plain_seconds: float | None
    our_seconds: float | None
    ratio: float
    aim: str
    unit: str = ""
    scaled: bool = False


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def interleaved(*actions: Callable[[], object]) -> list[float]:
    """Median seconds of each action over REPEATS rounds, after one round that is not counted: it traces the graphs."""
    rounds = [[seconds(action) for action in actions] for _ in range(REPEATS + 1)][1:]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def matmul_rate(dtype: str) -> float:
    """Floating-point operations a second of a 4096² matrix product: what this machine reaches at best."""
    matrix = tf.cast(tf.random.stateless_uniform((4096, 4096), [1, 2]), dtype)
    times = [seconds(lambda: tf.matmul(matrix, matrix)[:1, :1].numpy()) for _ in range(5)]
    return 2 * 4096**3 / statistics.median(times)


def frozen_vgg16(precision: str) -> list[Row]:
    """A run of tf-flowers-vgg16: the plain side is one measured epoch × 20; ours is everything, tracing included.

    With stored activations the run has as many images as the recipe; the plain epoch's time is scaled to them.
    """
    params = parameters(VGG16, {"compute": {"precision": precision}})
    with project(params, PHOTOGRAPHS):

        def cold() -> None:
            shutil.rmtree(paths.FEATURES, ignore_errors=True)
            features_index.write(extraction.extract(params))
            training.run(params)

        plain_precisions = plain.precisions(precision)
        whole, *epochs = interleaved(cold, *(_one_epoch(of, params) for of in plain_precisions))
    _plain_epochs.update(zip(plain_precisions, epochs, strict=True))
    cached = _cached(params)
    rows = []
    for of, epoch in zip(plain_precisions, epochs, strict=True):
        naive, cold_aim, cached_aim = epoch * params.train.epochs, *AIMS[precision, of]
        name = f"20 epochs, {precision}{against(precision, of)}"
        few, many = f"frozen VGG16, 360 images, {name}, cold", f"frozen VGG16, 3,303 images, {name}, cached"
        rows.append(Row(few, naive, whole, naive / whole, cold_aim, scaled=True))
        naive *= RECIPE_SCALE
        rows.append(Row(many, naive, cached, naive / cached, cached_aim, scaled=True))
    return rows


def plain_epoch(precision: str) -> float:
    """Seconds of the plain way's epoch on PHOTOGRAPHS, as `frozen_vgg16` has measured them, or measured now."""
    if precision not in _plain_epochs:
        params = parameters(VGG16, {"compute": {"precision": precision}})
        with project(params, PHOTOGRAPHS):
            _plain_epochs[precision] = interleaved(_one_epoch(precision, params))[0]
    return _plain_epochs[precision]


def _one_epoch(precision: str, params: Params) -> Callable[[], None]:
    """Of the project in the working directory, in the plain way."""
    data = plain.scaled("train"), plain.scaled("validation")
    with plain.arithmetic(precision):
        model = plain.vgg16(0, keras.optimizers.Adam(params.train.learning_rate))
    return lambda: plain.fit(model, *data, params.train.batch_size, 1)


def against(ours: str, plain_precision: str) -> str:
    """What a row's name says of the plain side's arithmetic, if it is another than ours."""
    return "" if ours == plain_precision else f" (plain: {plain_precision}, as published)"


def _cached(params: Params) -> float:
    """Seconds of a training run whose activations are there."""
    with project(params, RECIPE):
        features_index.write(extraction.extract(params))
        return interleaved(lambda: training.run(params))[0]


def block5(precision: str) -> list[Row]:
    """One epoch of fine-tuning block5 (three convolutions), both sides compiled beforehand."""
    params = parameters(
        VGG16,
        {"backbone": {"max_unfrozen_layers": 3}, "train": {"unfrozen_layers": 3}, "compute": {"precision": precision}},
    )
    with project(params, PHOTOGRAPHS):
        features_index.write(extraction.extract(params))
        assembled = assembly.assemble(params, CLASSES)
        train, validation = (features.examples(split, assembled, params) for split in ("train", "validation"))
        steps = Steps.of(assembled.trained, params.train)
        steps.begin(params.train)
        model = plain.vgg16(3, keras.optimizers.Adam(params.train.learning_rate))
        data = plain.scaled("train"), plain.scaled("validation")

        def ours() -> None:
            fit.run_epoch(steps, train, params.train, 1, 1e-4)
            fit.evaluate(assembled.trained, validation)

        naive, cut = interleaved(lambda: plain.fit(model, *data, params.train.batch_size, 1), ours)
    aim = {"float32": "≥ 4", "bfloat16": "≥ 2.5"}[precision]
    return [Row(f"fine-tuning block5, one epoch, {precision}", naive, cut, naive / cut, aim)]


def head() -> list[Row]:
    """The head of tf-flowers-vgg16 on 3,232 pooled vectors, 20 epochs, against Keras' fit and the FLOPs."""
    images, values, epochs = 3232, 512, 20
    params = parameters(VGG16, {"train": {"batch_size": 32}})
    random = np.random.default_rng(1)
    inputs = random.random((images, values), dtype=np.float32)
    examples = fit.Examples(inputs, random.integers(0, CLASSES, images))
    few = fit.Examples(inputs[:32], examples.labels[:32])
    steps = epochs * images // params.train.batch_size

    def ours() -> None:
        tensor = keras.Input((values,))
        model = keras.Model(tensor, heads.classify(tensor, params.head, CLASSES, 0.0, 1))
        fit.fit(model, examples, few, params.train, fit.Phase(epochs, 1e-4, "constant", None))

    def naive() -> None:
        model = plain.dense_head(values, 512, 1e-4)
        plain.fit(model, (inputs, examples.labels), (few.inputs, few.labels), params.train.batch_size, epochs)

    keras_seconds, our_seconds = interleaved(naive, ours)
    needed = 6 * params.train.batch_size * (values * 512 + 512 * CLASSES) * steps / matmul_rate("float32")
    return [
        Row(f"head on cached features, {steps} steps", keras_seconds, our_seconds, keras_seconds / our_seconds, "≥ 5"),
        Row(f"head on cached features, {steps} steps", None, needed, our_seconds / needed, "≤ 10", _OF_FLOPS),
    ]


def extraction_rate(precision: str) -> list[Row]:
    """The rate of VGG16's multiply-adds while extracting, over that of a large matrix product."""
    params = parameters(VGG16, {"compute": {"precision": precision}})
    with project(params, PHOTOGRAPHS):
        (cost,) = costs.table(params, CLASSES)
        work = 2 * cost.below * sum(PHOTOGRAPHS.values())
        extracted = interleaved(lambda: extraction.extract(params))[0]
        product = statistics.median(matmul_rate(precision) for _ in range(REPEATS))
    rate = work / extracted
    name = f"extraction, {precision}: {rate / 1e9:.0f} of {product / 1e9:.0f} GFLOP/s"
    return [Row(name, None, extracted, rate / product, "≥ 0.85" if precision == "float32" else "", "of that rate")]


def at(precision: str, case: Callable[[str], list[Row]]) -> list[Row]:
    """The rows of `case` in arithmetic of `precision`, for the plain side too."""
    with plain.arithmetic(precision):
        return case(precision)
