"""How many images go through a network in one call: as many as a bounded memory holds, on every machine the same."""

import math
from collections.abc import Iterable

from pipeline.model.graph import Node

MOST_IMAGES = 64
MOST_BYTES = 1 << 31
_VALUE_BYTES = 4


def images_at_once(nodes: Iterable[Node], most: int | None = None) -> int:
    """Such that what the hungriest of `nodes` reads and writes takes at most MOST_BYTES; at least 1, at most `most`
    (MOST_IMAGES)."""
    graph = list(nodes)
    taken = (sum(int(_values(graph[p])) for p in node.inputs) + _values(node) for node in graph)
    return max(1, min(most or MOST_IMAGES, MOST_BYTES // (_VALUE_BYTES * max(taken))))


def _values(node: Node) -> int:
    return math.prod(side or 1 for side in node.output.shape[1:])
