"""What a cut costs and saves: the table behind `herbarium cuts`."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from pipeline.files import paths, records
from pipeline.model import assembly, graph
from pipeline.model.cuts import Network
from pipeline.params.schema import Params
from pipeline.process import tables

_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
_CLASSES = 10  # as long as nobody knows
_TITLES = ("unfrozen", "cut above", "activations", "KB/image", "trained", "M below", "M above")
_FIGURES = (0, 3, 4, 5, 6)  # columns of those
_LEGEND = (
    "unfrozen counts weight-bearing layers from the top; batch normalization stays frozen and is not counted.\n"
    "trained: parameters, head included. M: million multiply-adds an image, below the cut once, above it every epoch."
)


@dataclass(frozen=True)
class Cost:
    """One choice of `unfrozen_layers`. Multiply-adds are one image's, forwards, in convolutions and dense layers."""

    unfrozen_layers: int
    cut: str
    shape: tuple[int, ...]
    bytes_per_image: int
    trainable: int
    below: int
    above: int


def table(params: Params, classes: int) -> list[Cost]:
    """The costs of every `unfrozen_layers` from 0 to backbone.max_unfrozen_layers, head included."""
    assembled = assembly.assemble(params, classes)
    network = assembled.network
    head_parameters = sum(int(v.shape.num_elements()) for v in assembled.head.trainable_variables)
    head_operations = sum(int(multiply_adds(layer, layer.output)) for layer in assembled.head.layers)
    return [
        _cost(network, count, assembled, params, head_parameters, head_operations)
        for count in range(params.backbone.max_unfrozen_layers + 1)
    ]


def _cost(network: Network, count: int, assembled: Any, params: Params, parameters: int, operations: int) -> Cost:
    cut = network.cut(count)
    shape = tuple(assembled.head.input.shape[1:]) if cut.at_output else cut.shape
    position = next(p for p, node in enumerate(network.nodes) if node.name == cut.layer)
    work = [multiply_adds(node.operation, node.output) for node in network.nodes]
    trained = sum(
        int(np.prod(w.shape)) for name in network.unfrozen(count) for w in network.model.get_layer(name).weights
    )
    width = 1 if cut.at_input else np.dtype(params.compute.storage).itemsize
    return Cost(
        unfrozen_layers=count,
        cut=cut.layer,
        shape=shape,
        bytes_per_image=int(np.prod(shape)) * width,
        trainable=parameters + trained,
        below=sum(int(one) for one in work[: position + 1]),
        above=sum(int(one) for one in work[position + 1 :]) + operations,
    )


def multiply_adds(layer: Any, output: Any) -> int:
    """Multiply-adds of one image in a convolution, a dense layer or a block of tokens with that output; 0 for others.

    What tokens have to say to each other is not counted: it has no weights. A network that is a layer has those of its
    own layers, as the downsampling of ConvNeXt.
    """
    if isinstance(layer, keras.Model):
        return sum(int(multiply_adds(node.operation, node.output)) for node in graph.nodes(layer.outputs[0]))
    if isinstance(layer, _CONVOLUTIONS):
        kernels = [weight for weight in layer.weights if len(weight.shape) == 4]  # a separable one has two
        return int(np.prod(output.shape[1:3]) * sum(int(np.prod(kernel.shape)) for kernel in kernels))
    if isinstance(layer, keras.layers.Dense):
        return int(np.prod(layer.kernel.shape) * np.prod(output.shape[1:-1]))
    if isinstance(layer, keras.layers.Layer) and len(output.shape) == 3:
        kernels = [weight for weight in layer.weights if weight.name == "kernel"]
        return int(output.shape[1] * sum(int(np.prod(kernel.shape)) for kernel in kernels))
    return 0


def _row(cost: Cost) -> tuple[str, ...]:
    shape = "×".join(map(str, cost.shape))
    counts = f"{cost.trainable:,}", f"{cost.below / 1e6:,.1f}", f"{cost.above / 1e6:,.1f}"
    return str(cost.unfrozen_layers), cost.cut, shape, f"{cost.bytes_per_image / 1e3:,.1f}", *counts


def print_table(params: Params) -> None:
    """Print the table; K is the data's number of classes, `_CLASSES` as long as there is no data, which is said.

    No weights are read: none are needed for it, and in a fresh clone there may be none.
    """
    known = paths.CLASSES.exists()
    classes = len(records.read_json(paths.CLASSES)) if known else _CLASSES
    if not paths.saved_backbone(params.backbone.name, params.backbone.path):
        params = params.model_copy(update={"backbone": params.backbone.model_copy(update={"weights": "none"})})
    rows = [_TITLES, *(_row(cost) for cost in table(params, classes))]
    print(f"{params.backbone.name}: where it can be cut", *tables.aligned(rows, right=_FIGURES), _LEGEND, sep="\n")
    if not known:
        print(
            f"There are no images here yet, so the head is that of {_CLASSES} classes. `dvc repro preprocess` brings"
            " them; then this table has their number of classes."
        )
