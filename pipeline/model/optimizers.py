"""Optimizers with Keras' update rules and default constants, on TensorFlow's fused update kernels.

Keras updates op by op, which takes most of the time of a small head's step; one fused kernel per variable does not.
Constants: momentum 0.9, rho 0.9, beta 0.9 and 0.999, epsilon 1e-7, as in Keras 3.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

BETA_1, BETA_2, MOMENTUM, RHO, EPSILON = 0.9, 0.999, 0.9, 0.9, 1e-7

Apply = Callable[[Sequence[Any], Sequence[Any]], None]


@dataclass(frozen=True)
class Optimizer:
    """`apply(gradients, rates)` updates the variables, each at its learning rate; `state` is all it remembers of steps.

    `products` are those of the `state` that begin at 1; the others begin at 0.
    """

    state: list[tf.Variable]
    apply: Apply
    products: tuple[tf.Variable, ...] = ()

    def restart(self) -> None:
        """Forget all steps."""
        for variable in self.state:
            variable.assign(tf.zeros_like(variable))
        for product in self.products:
            product.assign(tf.ones_like(product))


def create(name: str, variables: Sequence[tf.Variable], weight_decay: Any = None) -> Optimizer:
    """An optimizer of `name` (see params.yaml, train.optimizer) for float32 `variables`, with fresh state.

    `weight_decay` is a number or a float32 scalar, None if there is none; only adamw has any.
    """
    if name in ("adam", "adamw"):
        return _adam(variables, weight_decay if name == "adamw" else None)
    return {"sgd": _sgd, "momentum": _momentum, "rmsprop": _rmsprop, "nadam": _nadam}[name](variables)


def _zeros(variables: Sequence[tf.Variable]) -> list[tf.Variable]:
    return [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]


def _sgd(variables: Sequence[tf.Variable]) -> Optimizer:
    def apply(gradients: Sequence[Any], rates: Sequence[Any]) -> None:
        for variable, gradient, rate in zip(variables, gradients, rates, strict=True):
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=rate, delta=gradient)

    return Optimizer([], apply)


def _momentum(variables: Sequence[tf.Variable]) -> Optimizer:
    velocities = _zeros(variables)

    def apply(gradients: Sequence[Any], rates: Sequence[Any]) -> None:
        for variable, velocity, gradient, rate in zip(variables, velocities, gradients, rates, strict=True):
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable.handle, accum=velocity.handle, lr=rate, grad=gradient, momentum=MOMENTUM
            )

    return Optimizer(velocities, apply)


def _rmsprop(variables: Sequence[tf.Variable]) -> Optimizer:
    squares, moments = _zeros(variables), _zeros(variables)

    def apply(gradients: Sequence[Any], rates: Sequence[Any]) -> None:
        for variable, square, moment, gradient, rate in zip(variables, squares, moments, gradients, rates, strict=True):
            tf.raw_ops.ResourceApplyRMSProp(
                var=variable.handle,
                ms=square.handle,
                mom=moment.handle,
                lr=rate,
                rho=RHO,
                momentum=0.0,
                epsilon=EPSILON,
                grad=gradient,
            )

    return Optimizer([*squares, *moments], apply)


def _adam(variables: Sequence[tf.Variable], weight_decay: Any) -> Optimizer:
    """Kingma & Ba 2015; with `weight_decay` AdamW (Loshchilov & Hutter 2019), decayed before the step as in Keras."""
    first, second = _zeros(variables), _zeros(variables)
    steps = tf.Variable(0.0, trainable=False)

    def apply(gradients: Sequence[Any], rates: Sequence[Any]) -> None:
        step = steps.assign_add(1.0)
        powers = {"beta1_power": tf.pow(BETA_1, step), "beta2_power": tf.pow(BETA_2, step)}
        for variable, m, v, gradient, rate in zip(variables, first, second, gradients, rates, strict=True):
            if weight_decay is not None:
                variable.assign_sub(variable * (rate * weight_decay))
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                lr=rate,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
                **powers,
            )

    return Optimizer([*first, *second, steps], apply)


def _nadam(variables: Sequence[tf.Variable]) -> Optimizer:
    """Dozat 2016, with the momentum schedule Keras uses; TensorFlow's Nesterov kernel has another one."""
    first, second = _zeros(variables), _zeros(variables)
    steps, product = tf.Variable(0.0, trainable=False), tf.Variable(1.0, trainable=False)

    def apply(gradients: Sequence[Any], rates: Sequence[Any]) -> None:
        step = steps.assign_add(1.0)
        now = BETA_1 * (1.0 - 0.5 * tf.pow(0.96, step))
        following = BETA_1 * (1.0 - 0.5 * tf.pow(0.96, step + 1.0))
        product_now = product.assign(product * now)
        for variable, m, v, gradient, rate in zip(variables, first, second, gradients, rates, strict=True):
            m_now = m.assign(BETA_1 * m + (1.0 - BETA_1) * gradient)
            v_now = v.assign(BETA_2 * v + (1.0 - BETA_2) * tf.square(gradient))
            m_hat = following * m_now / (1.0 - product_now * following) + (1.0 - now) * gradient / (1.0 - product_now)
            v_hat = v_now / (1.0 - tf.pow(BETA_2, step))
            variable.assign_sub(rate * m_hat / (tf.sqrt(v_hat) + EPSILON))

    return Optimizer([*first, *second, steps, product], apply, (product,))
