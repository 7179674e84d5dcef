"""The layer graph of a Keras network: what feeds what, and where all paths meet.

A tensor through which every path from input to output runs (an articulation point) is a place where a network can be
cut in two models with one array between them.
"""

from dataclasses import dataclass
from typing import Any

import keras


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


def nodes(output: Any) -> list[Node]:
    """All nodes that `output` (a KerasTensor) depends on, in a topological order: inputs first, `output`'s node last.

    Raises ValueError for a layer called twice, or one with several outputs: a cut would not be a single array.
    """
    ordered: list[Node] = []
    position: dict[int, int] = {}
    stack = [output]
    while stack:  # iterative: deep networks exceed Python's recursion limit
        tensor = stack[-1]
        if id(tensor) in position:
            stack.pop()
            continue
        operation, index, _ = tensor._keras_history
        call = operation._inbound_nodes[index]
        waiting = [t for t in call.input_tensors if id(t) not in position]
        if waiting:
            stack += reversed(waiting)
            continue
        if len(call.output_tensors) > 1 or any(n.operation is operation for n in ordered):
            raise ValueError(f"layer {operation.name} is shared or has several outputs: such a network cannot be cut")
        position[id(tensor)] = len(ordered)
        ordered.append(Node(operation, tensor, tuple(position[id(t)] for t in call.input_tensors)))
        stack.pop()
    return ordered


def articulations(graph: list[Node]) -> list[int]:
    """Positions of the nodes that every path from the input to the output goes through, both ends included."""
    last_use = [max((i for i, node in enumerate(graph) if p in node.inputs), default=p) for p in range(len(graph))]
    found, reach = [], 0
    for p in range(len(graph)):
        if reach <= p:  # no edge jumps over p
            found.append(p)
        reach = max(reach, last_use[p])
    return found
