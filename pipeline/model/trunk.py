"""Where in a whole network its backbone ends and its classifier begins: the last place that still knows places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.model import graph
from pipeline.model.graph import Node

_MAP, _TOKENS, _VECTORS = 4, 3, 2  # ranks: (N, H, W, C), (N, T, D), (N, D)


@dataclass(frozen=True)
class Trunk:
    """`output`, a KerasTensor (N, H, W, C) or (N, T, D), in front of which is the backbone.

    `classifier`: the names of the layers with weights on top of it. `class_token`: the first of the tokens stands for
    the image.
    """

    output: Any
    classifier: tuple[str, ...]
    class_token: bool


def of(output: Any) -> Trunk:
    """The trunk of the network that ends in `output`, a KerasTensor.

    Raises ValueError if it has no map and no tokens, or if layers with weights would be left out that are no
    classifier: layers on vectors (N, D) that follow from the trunk.
    """
    nodes = graph.nodes(output)
    end = _end(nodes)
    kept, above = _below(nodes, end), _above(nodes, end)
    left_out = [p for p, node in enumerate(nodes) if graph.bears_weights(node) and p not in kept]
    foreign = [p for p in left_out if p not in above or any(_rank(nodes[i]) != _VECTORS for i in nodes[p].inputs)]
    if foreign:
        named = ", ".join(f"{nodes[p].name} ({type(nodes[p].operation).__name__})" for p in foreign)
        raise ValueError(
            f"its last map or tokens are those of {nodes[end].name}, and without a place in that or in a classifier"
            f" on it are layers with weights: {named}"
        )
    if left_out and not _with_weights(nodes, end):
        raise ValueError("all its layers with weights are a classifier: there is no backbone below")
    return Trunk(nodes[end].output, tuple(nodes[p].name for p in left_out), _class_token(nodes, kept, end))


def _end(nodes: list[Node]) -> int:
    """The position of the map or tokens with the most layers with weights below, the last of these.

    What is made of vectors is no map, whatever its shape.
    """
    spatial = {0}
    for p, node in enumerate(nodes):
        if _rank(node) in (_MAP, _TOKENS) and spatial.intersection(node.inputs):
            spatial.add(p)
    if len(spatial) == 1:
        raise ValueError("it has no feature map (N, H, W, C) and no tokens (N, T, D)")
    return max(spatial, key=lambda p: (len(_with_weights(nodes, p)), p))


def _below(nodes: list[Node], end: int) -> set[int]:
    """Positions of all that `end` depends on, itself included."""
    found, waiting = set(), [end]
    while waiting:
        p = waiting.pop()
        if p not in found:
            found.add(p)
            waiting += nodes[p].inputs
    return found


def _with_weights(nodes: list[Node], end: int) -> list[int]:
    return [p for p in _below(nodes, end) if graph.bears_weights(nodes[p])]


def _above(nodes: list[Node], end: int) -> set[int]:
    """Positions of all that depend on `end`, itself included."""
    found = {end}
    for p, node in enumerate(nodes):
        if found.intersection(node.inputs):
            found.add(p)
    return found


def _class_token(nodes: list[Node], kept: set[int], end: int) -> bool:
    """Whether one token was put in front of the others, and is still there."""
    return _rank(nodes[end]) == _TOKENS and any(
        type(nodes[p].operation).__name__ == "Concatenate"
        and nodes[p].output.shape[1:] == nodes[end].output.shape[1:]
        and nodes[nodes[p].inputs[0]].output.shape[1] == 1
        for p in kept
    )


def _rank(node: Node) -> int:
    return len(node.output.shape)
