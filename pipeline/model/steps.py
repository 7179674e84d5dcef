"""Many training steps in one graph call: no Python per step, fused optimizer updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import keras
import tensorflow as tf

from pipeline.model import augmentation, losses, optimizers
from pipeline.model.adjustable import Adjustable
from pipeline.model.averaging import Average
from pipeline.model.compiled import compiled
from pipeline.model.optimizers import Optimizer
from pipeline.model.step import Step

if TYPE_CHECKING:
    from pipeline.params.train_section import Train

_READ = ("weight_decay", "clip_norm", "layer_decay", "ema", "feature_noise")


@dataclass(frozen=True)
class Read:
    """Settings that the graph reads as they are, and what of a label is kept, and given to each class, by smoothing."""

    settings: Mapping[str, tf.Variable]
    smoothing: tuple[tf.Variable, tf.Variable]

    @classmethod
    def unset(cls) -> Self:
        settings = {name: tf.Variable(0.0, trainable=False) for name in _READ}
        return cls(settings, (tf.Variable(0.0, trainable=False), tf.Variable(0.0, trainable=False)))

    def assign(self, settings: Train, outputs: int) -> None:
        for name, variable in self.settings.items():
            variable.assign(getattr(settings, name) or 0.0)
        values = losses.smoothed(settings.label_smoothing, outputs)
        for variable, value in zip(self.smoothing, values, strict=True):
            variable.assign(value)


@dataclass(frozen=True)
class Steps:
    """A model's training steps, compiled, and the optimizer whose state they change; `begin` before each training.

    `run(inputs (M, …), chosen int64 (B,), labels int64 (B,), drawn, learning_rate)` takes the steps of the B rows of
    `inputs` that are `chosen`, in that order; returns the sum of the losses, float64, and the number of right answers,
    int64. `drawn` are arrays of B rows each, by name: how images count, are augmented and mixed.
    """

    optimizer: Optimizer
    average: Average | None
    run: Any
    adjustable: Adjustable
    read: Read

    @classmethod
    def of(
        cls,
        model: keras.Model,
        settings: Train,
        class_weights: Any = None,
        depths: Sequence[int] | None = None,
        spread: Any = None,
    ) -> Self:
        """Steps for all trainings of `model` that have the same `key` as `settings`, and the same of the others.

        `class_weights` are float32 (K,), None if an image counts the same whatever its class. `depths`: of each
        trainable variable, how many times `layer_decay` counts for it; None = never. `spread` float32 (C,) is what
        `feature_noise` is relative to.
        """
        variables = [variable.value for variable in model.trainable_variables]
        adjustable, read = Adjustable(model), Read.unset()
        decay = read.settings["weight_decay"] if settings.weight_decay else None
        optimizer = optimizers.create(settings.optimizer, variables, decay)
        average = Average(model, read.settings["ema"]) if settings.ema else None
        step = Step(
            model=adjustable.model,
            variables=variables,
            optimizer=optimizer,
            average=average,
            smoothing=read.smoothing if settings.label_smoothing else None,
            clip_norm=read.settings["clip_norm"] if settings.clip_norm else None,
            layer_decay=read.settings["layer_decay"] if settings.layer_decay < 1 else None,
            depths=depths or [0] * len(variables),
            class_weights=class_weights,
            feature_noise=read.settings["feature_noise"],
            spread=spread,
        )
        return cls(optimizer, average, compiled(_loop(step, settings.batch_size)), adjustable, read)

    def begin(self, settings: Train) -> None:
        """Forget all steps, and read what `settings` say."""
        self.optimizer.restart()
        self.adjustable.read()
        self.read.assign(settings, self.adjustable.model.output.shape[-1])
        if self.average:
            self.average.restart()

    @property
    def state(self) -> list[tf.Variable]:
        """All that is remembered between steps, beside the model's variables."""
        return [*self.optimizer.state, *(self.average.state if self.average else [])]

    def averaged(self) -> AbstractContextManager[None]:
        """Within it the model has the weights that are to be evaluated and kept."""
        return self.average.in_place() if self.average else nullcontext()


def key(settings: Train) -> tuple[Any, ...]:
    """What decides the graph of a model's steps; all other settings are read by it."""
    decay, smoothing = settings.weight_decay > 0, settings.label_smoothing > 0
    adapted = (settings.clip_norm is not None, settings.layer_decay < 1, settings.ema > 0, settings.feature_noise > 0)
    return settings.optimizer, settings.batch_size, settings.optimizer == "adamw" and decay, smoothing, *adapted


def _loop(step: Step, batch: int) -> Any:
    def run(inputs: Any, chosen: Any, labels: Any, drawn: Mapping[str, Any], rate: Any) -> tuple[Any, Any]:
        images = tf.shape(labels)[0]

        def body(start: Any, loss_sum: Any, right: Any) -> tuple[Any, Any, Any]:
            rows, answers = tf.gather(inputs, chosen[start : start + batch]), labels[start : start + batch]
            now = {name: values[start : start + batch] for name, values in drawn.items()}
            if augmentation.MOVES in now:
                rows = augmentation.apply(rows, now)
            loss, hits = step(rows, answers, now, rate)
            count = tf.cast(tf.shape(answers)[0], tf.float64)
            return start + batch, loss_sum + tf.cast(loss, tf.float64) * count, right + hits

        zero = (tf.constant(0), tf.constant(0.0, tf.float64), tf.constant(0, tf.int64))
        _, loss_sum, right = tf.while_loop(lambda start, *_: start < images, body, zero, parallel_iterations=1)
        return loss_sum, right

    return run
