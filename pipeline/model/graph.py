"""The layer graph of a Keras network: what feeds what, and where all paths meet.

A tensor through which every path from input to output runs (an articulation point) is a place where a network can be
cut in two models with one array between them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from pipeline.process.compat.keras_internals import maker


@dataclass(frozen=True)
class Node:
    """One call of a layer or operation. `inputs` are positions of other nodes in the graph."""

    operation: Any
    output: Any
    inputs: tuple[int, ...]

    @property
    def name(self) -> str:
        return str(self.operation.name)

    @property
    def counted(self) -> bool:
        """Whether `unfrozen_layers` counts it: it has trainable weights and is no batch normalization."""
        layer = self.operation
        normalization = isinstance(layer, keras.layers.BatchNormalization)
        return isinstance(layer, keras.Layer) and not normalization and bool(layer.trainable_weights)

    @property
    def random(self) -> bool:
        """Whether it is dropout, noise or the like: it has a seed's state and no weights, and is no model of layers."""
        layer = self.operation
        alone = isinstance(layer, keras.Layer) and not isinstance(layer, keras.Model)
        return alone and bool(layer.variables) and not layer.weights

    @property
    def arguments(self) -> Any:
        """What the operation was called with, Keras' SymbolicArguments."""
        return maker(self.output)[1].arguments


def bears_weights(node: Node) -> bool:
    """Whether it holds what was trained, or frozen."""
    return isinstance(node.operation, keras.layers.Layer) and bool(node.operation.weights)


def nodes(output: Any) -> list[Node]:
    """All nodes that `output` (a KerasTensor) depends on, in a topological order: inputs first, `output`'s node last.

    Raises ValueError for a layer called twice, or one of which several outputs are used, or for several inputs: a cut
    would not be a single array.
    """
    ordered: list[Node] = []
    position: dict[int, int] = {}
    stack = [output]
    while stack:  # iterative: deep networks exceed Python's recursion limit
        tensor = stack[-1]
        if id(tensor) in position:
            stack.pop()
            continue
        operation, call = maker(tensor)
        waiting = [t for t in call.input_tensors if id(t) not in position]
        if waiting:
            stack += reversed(waiting)
            continue
        if any(n.operation is operation for n in ordered):  # of several outputs one may be used
            raise ValueError(f"layer {operation.name} is shared or has several outputs: such a network cannot be cut")
        position[id(tensor)] = len(ordered)
        ordered.append(Node(operation, tensor, tuple(position[id(t)] for t in call.input_tensors)))
        stack.pop()
    if sum(not node.inputs for node in ordered) != 1:
        raise ValueError("the network has several inputs: such a network cannot be cut")
    return ordered


def replay(
    output: Any, tensor: Any, take_apart: bool = False, random: Callable[..., Any] = lambda _, tensor, *others: tensor
) -> Any:
    """What `output` is when `tensor` takes the place of the graph's input; the operations and weights are shared.

    `random` gives what a random layer makes of its tensors. They are left out unless it does: outside of training they
    change nothing, and the part of a backbone that is computed once could not have them. `take_apart` puts the layers
    of models called as layers in their place.
    """
    replayed: dict[int, Any] = {}
    graph = nodes(output)
    for node in graph:
        if not node.inputs:
            result = tensor
        elif node.random:
            result = random(node.operation, *(replayed[id(graph[place].output)] for place in node.inputs))
        else:
            layer, (arguments, options) = node.operation, node.arguments.fill_in(replayed)
            if take_apart and isinstance(layer, keras.Model):
                result = replay(layer.outputs[0], arguments[0], take_apart, random)
            else:
                result = layer(*arguments, **options)
        replayed[id(node.output)] = _used(node, result)
    return replayed[id(output)]


def _used(node: Node, result: Any) -> Any:
    """Of all that a call gave what the graph uses."""
    tensors = maker(node.output)[1].output_tensors
    return keras.tree.flatten(result)[[tensor is node.output for tensor in tensors].index(True)]


def articulations(graph: list[Node]) -> list[int]:
    """Positions of the nodes that every path from the input to the output goes through, both ends included."""
    last_use = [max((i for i, node in enumerate(graph) if p in node.inputs), default=p) for p in range(len(graph))]
    places, reach = [], 0
    for p in range(len(graph)):
        if reach <= p:  # no edge jumps over p
            places.append(p)
        reach = max(reach, last_use[p])
    return places
